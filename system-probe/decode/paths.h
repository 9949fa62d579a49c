// SPDX-License-Identifier: Apache-2.0
//
// Path strings, by their letters alone: nothing here looks at a file system.
#pragma once

#include <string>
#include <string_view>

namespace vedette::probe {

/// "/a//b/./c/../d" -> "/a/b/d". Only for absolute paths; ".." at the root stays at the root.
std::string clean_path(std::string_view path);

/// `path` seen from directory `base`. Empty when `path` is relative and `base` is not absolute: it cannot be known.
std::string join_path(std::string_view base, std::string_view path);

/// "/memfd:x (deleted)" -> "memfd:x": the name of a file that never had a path.
std::string_view unnamed_file(std::string_view path);

/// Without the " (deleted)" that the kernel appends when it prints the path of an unlinked file.
std::string_view without_deleted_suffix(std::string_view path);

}  // namespace vedette::probe
