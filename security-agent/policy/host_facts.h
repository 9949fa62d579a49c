// SPDX-License-Identifier: Apache-2.0
//
// What `filters` of a rule may ask about the host (reference section 3.2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "security-agent/secl/field.h"

namespace vedette::policy {

struct HostFacts {
    std::string os = "linux";
    std::string os_id;           ///< ID of os-release
    std::string os_platform_id;  ///< PLATFORM_ID
    std::string os_version_id;   ///< VERSION_ID
    std::string hostname;
    std::string origin = "ebpf";
    std::vector<std::string> envs;  ///< NAME=value of this process
    std::string kernel_flavor;      ///< "amd64" of 6.1.0-18-amd64
    int64_t kernel_major = 0;
    int64_t kernel_minor = 0;
    int64_t kernel_patch = 0;
    int64_t kernel_abi = 0;    ///< 18 of 6.1.0-18-amd64
    bool kernel_core = false;  ///< the kernel has BTF
};

/// Of the running host; what cannot be read stays empty.
HostFacts current_host_facts();

/// From the text of os-release and of uname -r; the rest as current_host_facts().
void parse_os_release(const std::string& text, HostFacts& facts);
void parse_kernel_release(const std::string& release, HostFacts& facts);

/// Fields of the filter language; the event pointer of a context is a HostFacts.
const secl::FieldTable& host_field_table();

}  // namespace vedette::policy
