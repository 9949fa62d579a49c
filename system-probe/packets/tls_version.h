// SPDX-License-Identifier: Apache-2.0
//
// Which version of TLS a segment speaks (RFC 8446, RFC 5246), if it begins with a TLS record. Anybody may have written it.
#pragma once

#include <cstdint>
#include <string_view>

namespace vedette::probe {

/// 0x0301 to 0x0304 of a hello (the version that a server chose, the newest that a client offers), else that of the record,
/// where 1.3 calls itself 1.2. 0: this is no TLS record, or one of SSL 3.0's predecessors.
uint16_t tls_version(std::string_view payload);

}  // namespace vedette::probe
