// SPDX-License-Identifier: Apache-2.0
//
// What both processes call the name of a file, and of the directory it is in.
#pragma once

#include <string_view>

namespace vedette {

/// "passwd" of "/etc/passwd"; all of a path without a slash.
inline std::string_view last_element(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 == 0
}

/// "etc" of "/etc/passwd"; empty where there is none.
inline std::string_view parent_element(std::string_view path) {
    const size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view()
                                           : last_element(path.substr(0, slash));
}

}  // namespace vedette
