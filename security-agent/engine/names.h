// SPDX-License-Identifier: Apache-2.0
//
// Kernel numbers as the names of the Linux headers, for alerts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::engine {

/// {"O_WRONLY", "O_CREAT"}; unknown bits as one hexadecimal entry at the end.
std::vector<std::string> open_flag_names(uint32_t flags);
/// {"CAP_SYS_ADMIN"}; bits beyond the last known capability as "CAP_63".
std::vector<std::string> capability_names(uint64_t mask);
/// "AF_INET"; decimal digits when it is not known. The same for those below.
std::string address_family_name(uint32_t family);
std::string l4_protocol_name(uint32_t protocol);  ///< "IP_PROTO_TCP"
std::string exit_cause_name(int cause);           ///< "EXITED"

}  // namespace vedette::engine
