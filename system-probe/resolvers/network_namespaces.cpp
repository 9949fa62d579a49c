// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/network_namespaces.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "common/os/fd.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxFile = 256 * 1024;
constexpr size_t kMaxInterfaces = 1024;
constexpr size_t kMaxAddresses = 1024;

/// The first word, taken off.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

template <typename T>
T number(std::string_view word, int base = 10) {
    T out = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out, base);
    return error == std::errc{} && end == word.data() + word.size() ? out : T{0};
}

/// "  eth0: RECEIVED-BYTES and seven more SENT-BYTES ..."; a name has no slash and no space, but perhaps a colon.
void parse_devices(std::string_view text, NetworkNamespace& out) {
    while (!text.empty() && out.interfaces.size() < kMaxInterfaces) {
        auto line = take_line(text);
        const size_t colon = line.rfind(':');
        if (colon == std::string_view::npos || line.find('|') < colon)
            continue;
        NetworkInterface one;
        auto name = line.substr(0, colon);
        one.name = std::string(take_word(name));
        line.remove_prefix(colon + 1);
        one.received_bytes = number<uint64_t>(take_word(line));
        for (int i = 0; i < 7; ++i)
            take_word(line);
        one.sent_bytes = number<uint64_t>(take_word(line));
        if (!one.name.empty())
            out.interfaces.push_back(std::move(one));
    }
}

std::string address_text(std::string_view hex) {
    in6_addr address{};
    for (size_t i = 0; i < sizeof address.s6_addr; ++i)
        address.s6_addr[i] = number<uint8_t>(hex.substr(2 * i, 2), 16);
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(AF_INET6, &address, text, sizeof text);
    return text;
}

/// "ADDRESS INDEX PREFIX SCOPE FLAGS NAME", all but the name hexadecimal.
void parse_addresses6(std::string_view text, NetworkNamespace& out) {
    while (!text.empty()) {
        auto line = take_line(text);
        const auto address = take_word(line);
        const auto index = number<uint32_t>(take_word(line), 16);
        const auto prefix = number<uint32_t>(take_word(line), 16);
        take_word(line);
        take_word(line);
        const auto name = take_word(line);
        const auto found = std::ranges::find(out.interfaces, name, &NetworkInterface::name);
        if (address.size() != 32 || found == out.interfaces.end() ||
            found->addresses.size() >= kMaxAddresses)
            continue;
        found->index = index;
        found->addresses.push_back(address_text(address) + "/" + std::to_string(prefix));
    }
}

/// A leaf is "|-- ADDRESS" and below it a line for each prefix: "/32 host LOCAL" is an address of this namespace.
void parse_trie(std::string_view text, NetworkNamespace& out) {
    constexpr std::string_view kLeaf = "|-- ";
    std::set<std::string, std::less<>> found;
    std::string_view leaf;
    while (!text.empty() && found.size() < kMaxAddresses) {
        auto line = take_line(text);
        if (const size_t at = line.find(kLeaf); at != std::string_view::npos)
            leaf = line.substr(at + kLeaf.size());
        else if (line.find("/32 host LOCAL") != std::string_view::npos)
            found.emplace(leaf);
    }
    out.addresses.assign(found.begin(), found.end());
}

bool is_in(const std::string& directory, uint32_t inode) {
    struct stat status{};
    return ::stat((directory + "/ns/net").c_str(), &status) == 0 && status.st_ino == inode;
}

}  // namespace

void NetworkNamespaces::add(const v1::ProcessNode& node) {
    if (node.netns() == 0 || node.exit_time() != 0)
        return;
    if (by_inode_.size() >= kMaxNamespaces && !by_inode_.contains(node.netns())) {
        ++left_out_;
        return;
    }
    NetworkNamespace& one = by_inode_[node.netns()];
    one.inode = node.netns();
    ++one.processes;
    if (one.pids.empty())
        one.comm = node.comm();
    if (one.pids.size() < kPidsPerNamespace)
        one.pids.push_back(node.pid());
}

std::vector<NetworkNamespace> NetworkNamespaces::take() {
    std::vector<NetworkNamespace> out;
    for (auto& [inode, one] : std::exchange(by_inode_, {}))
        out.push_back(std::move(one));
    return out;
}

Result<NetworkFiles> read_network_files(const std::string& proc, const NetworkNamespace& of) {
    for (const uint32_t pid : of.pids) {
        const std::string directory = proc + "/" + std::to_string(pid);
        auto devices = read_file(directory + "/net/dev", kMaxFile);
        auto addresses = read_file(directory + "/net/if_inet6", kMaxFile);
        auto trie = read_file(directory + "/net/fib_trie", kMaxFile);
        // Afterwards: a process that went elsewhere meanwhile has shown another namespace.
        if (devices && is_in(directory, of.inode))
            return NetworkFiles{std::move(*devices), addresses ? std::move(*addresses) : "",
                                trie ? std::move(*trie) : ""};
    }
    return fail(ErrorCode::kNotFound, "none of its processes that were asked is still in it");
}

void parse_network_files(const NetworkFiles& files, NetworkNamespace& out) {
    parse_devices(files.devices, out);
    parse_addresses6(files.addresses6, out);
    parse_trie(files.trie, out);
}

}  // namespace vedette::probe
