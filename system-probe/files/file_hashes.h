// SPDX-License-Identifier: Apache-2.0
//
// Hashes of a file's content, in one pass over it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette::probe {

enum class HashAlgorithm : uint8_t { kMd5, kSha1, kSha256, kSsdeep };

/// "md5", "sha1", "sha256", "ssdeep". Errors: kInvalid, the message names them.
Result<HashAlgorithm> parse_hash_algorithm(std::string_view name);

/// "sha256:HEX" for each of `algorithms`, in their order. Reads from the start of `fd` whatever its position is.
/// Errors: kLimit (it has more than `max_bytes`), kIo.
Result<std::vector<std::string>> hash_content(int fd, std::span<const HashAlgorithm> algorithms,
                                              uint64_t max_bytes);

}  // namespace vedette::probe
