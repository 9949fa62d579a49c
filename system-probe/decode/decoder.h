// SPDX-License-Identifier: Apache-2.0
//
// Record bytes become an event without its process: that and every name that must be looked up is the
// resolvers' work. Pure: no state, no clock, no file system; the fuzzer calls decode() with anything.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bpf/abi/process_records.h"
#include "bpf/abi/records.h"
#include "common/result.h"
#include "proto/event_memory.h"
#include "vedette/v1/event.pb.h"

namespace vedette::probe {

/// What FORK, EXEC and SNAPSHOT say of the process that appears. The views point into the record.
struct ProcessFacts {
    vdt_process process = {};
    vdt_file file = {};  ///< EXEC, SNAPSHOT
    std::string_view path;
    std::string_view filesystem;
    vdt_file interpreter = {};  ///< EXEC of a script, where the kernel program knows both
    std::string_view interpreter_path;
    std::string_view interpreter_filesystem;
    std::string_view script_path;  ///< EXEC of a script, tracepoint: the name that was executed
    std::string_view cwd;
    std::string_view argv;  ///< strings, each ended by NUL
    std::string_view envp;
    uint64_t args_size = 0;
    bool has_argv = false;  ///< argv was read, even if it is empty
};

/// Reused from record to record; valid while the record's bytes are.
struct Decoded {
    vdt_header header = {};
    v1::Event event;     ///< payload and origin; timestamp, process_key and names are still missing
    EventMemory memory;  ///< of `event`
    std::optional<ProcessFacts> process;
    std::optional<vdt_cred> credentials;       ///< SETUID, SETGID, CAPSET
    std::optional<vdt_namespaces> namespaces;  ///< NAMESPACES
    std::optional<std::string> comm;           ///< COMM: what the thread is called from now on
    std::optional<vdt_target> target;          ///< another process that the event names
    std::optional<std::string_view> cgroup;    ///< path, when the record has one
    uint64_t cgroup_id = 0;  ///< that of `process`, else the actor's; CGROUP: the new one
    uint64_t network = 0;    ///< network_id() of a packet; else ProcessResolver sets the process's
    uint32_t dns_ttl_s = 0;  ///< DNS: how long the answer holds
    unsigned unknown_items = 0;

    vdt_type type() const { return static_cast<vdt_type>(header.type); }
};

/// Names a network namespace for as long as the kernel runs.
constexpr uint64_t network_id(uint32_t inode, uint32_t cookie) {
    return uint64_t{cookie} << 32 | inode;
}

/// Errors: kInvalid, `out` is then unspecified.
Result<> decode(std::span<const std::byte> record, Decoded& out);

}  // namespace vedette::probe
