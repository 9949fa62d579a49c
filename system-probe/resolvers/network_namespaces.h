// SPDX-License-Identifier: Apache-2.0
//
// Network namespaces as /proc shows them through a process that is in each: nobody has to enter one, for which
// CAP_SYS_ADMIN would be needed. Not seen that way: namespaces without a process, hardware addresses, ends of veth pairs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace vedette::v1 {
class ProcessNode;
}

namespace vedette::probe {

struct NetworkInterface {
    std::string name;    ///< bytes: whoever has the namespace chose them
    uint32_t index = 0;  ///< 0: not known, for want of an IPv6 address
    uint64_t received_bytes = 0;
    uint64_t sent_bytes = 0;
    std::vector<std::string> addresses;  ///< IPv6, with the length of the prefix
};

struct NetworkNamespace {
    uint32_t inode = 0;
    uint32_t processes = 0;
    std::vector<uint32_t> pids;  ///< some of them, oldest first
    std::string comm;            ///< of the first
    std::vector<NetworkInterface> interfaces;
    std::vector<std::string> addresses;  ///< IPv4, of whichever interface
    std::string problem;  ///< why there are no interfaces; empty: they were read, or not asked for
};

/// Collects namespaces from processes.
class NetworkNamespaces {
   public:
    static constexpr size_t kMaxNamespaces = 1024;
    static constexpr size_t kPidsPerNamespace = 4;

    void add(const v1::ProcessNode& node);
    /// By inode number.
    std::vector<NetworkNamespace> take();
    /// Of namespaces beyond kMaxNamespaces.
    uint64_t left_out() const { return left_out_; }

   private:
    std::map<uint32_t, NetworkNamespace> by_inode_;
    uint64_t left_out_ = 0;
};

/// The files of one namespace, unread.
struct NetworkFiles {
    std::string devices;     ///< net/dev
    std::string addresses6;  ///< net/if_inet6
    std::string trie;        ///< net/fib_trie
};

/// Reads them through the first of `pids` that is still in that namespace. `proc`: "/proc".
Result<NetworkFiles> read_network_files(const std::string& proc, const NetworkNamespace& of);
/// What the files say, as far as it makes sense.
void parse_network_files(const NetworkFiles& files, NetworkNamespace& out);

}  // namespace vedette::probe
