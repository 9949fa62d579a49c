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
inline constexpr std::string_view kPathOfCall =
    "not resolved by the kernel: this is the argument of the call";
inline constexpr std::string_view kPathRelativeUnknown =
    "not resolved by the kernel: relative argument, its directory is unknown";
inline constexpr std::string_view kPathOfScript =
    "not resolved by the kernel: the name that was executed";

/// Fills everything but the owner's names. `path` and `filesystem` are as the record has them.
void fill_file(v1::File& out, const vdt_file& file, std::string_view path,
               std::string_view filesystem);

/// A file of which there is no kernel object, because the call failed or there is only the name it was given:
/// argument `path`, seen from `directory` where that is known.
void fill_named_file(v1::File& out, const vdt_file& file, std::string_view directory,
                     std::string_view path, bool succeeded);

/// Items of the first or the second file of a record.
struct FileItems {
    vdt_item_kind path, filesystem, argument, directory;
};
inline constexpr FileItems kFirstFile = {VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM, VDT_ITEM_SYSCALL_PATH,
                                         VDT_ITEM_CWD};
inline constexpr FileItems kSecondFile = {VDT_ITEM_PATH2, VDT_ITEM_FILESYSTEM2,
                                          VDT_ITEM_SYSCALL_PATH2, VDT_ITEM_CWD2};

/// The bytes up to the first NUL of a fixed array that need not end in one.
std::string_view fixed_text(const char* text, size_t size);

/// proto3 `string` must be UTF-8: bytes outside printable ASCII become '?'. For names that the kernel chooses.
std::string ascii(std::string_view text);
/// The same into memory that is there already.
void assign_ascii(std::string& out, std::string_view text);

}  // namespace vedette::probe
