// SPDX-License-Identifier: Apache-2.0
//
// The version, said once: in the top meson.build.
#pragma once

#include <string_view>

namespace vedette {

struct Version {
    int major = 0;
    int minor = 0;
    int patch = 0;
    std::string_view pre;     ///< "rc.1", mostly empty
    std::string_view text;    ///< "0.1.0"
    std::string_view commit;  ///< short hash, empty when not built from git
};
const Version& version();

}  // namespace vedette
