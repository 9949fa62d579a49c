// SPDX-License-Identifier: Apache-2.0
//
// vdt_file and its path become a v1::File, and say what is unsound about the path.
#pragma once

#include <string>
#include <string_view>

#include "bpf/abi/records.h"

namespace vedette::v1 {
class File;
}

namespace vedette::probe {

// What path_error may say.
inline constexpr std::string_view kPathMissing = "the kernel program could not read it";
inline constexpr std::string_view kPathTruncated = "too long: only its end is kept";
inline constexpr std::string_view kPathUnreachable = "outside the root directory of the process";
inline constexpr std::string_view kPathDetached = "its mount is attached nowhere";
inline constexpr std::string_view kPathOfFailedCall =
    "not resolved by the kernel: the call failed, this is its argument";
inline constexpr std::string_view kPathRelativeUnknown =
    "not resolved by the kernel: relative argument of a failed call, directory unknown";
inline constexpr std::string_view kPathOfScript =
    "not resolved by the kernel: the name that was executed";

/// Fills everything but the owner's names. `path` and `filesystem` are as the record has them.
void fill_file(v1::File& out, const vdt_file& file, std::string_view path,
               std::string_view filesystem);

/// The file of a call that failed before there was one: argument `path`, seen from `directory` where that is known.
void fill_failed_file(v1::File& out, const vdt_file& file, std::string_view directory,
                      std::string_view path);

/// The bytes up to the first NUL of a fixed array that need not end in one.
std::string_view fixed_text(const char* text, size_t size);

/// proto3 `string` must be UTF-8: bytes outside printable ASCII become '?'. For names that the kernel chooses.
std::string ascii(std::string_view text);

}  // namespace vedette::probe
