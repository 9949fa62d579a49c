// SPDX-License-Identifier: Apache-2.0
//
// Which names the DNS answers that arrived gave for an address: what `connect.addr.hostname` says. An answer counts only
// in the network namespace it arrived in, so that a container can deceive nobody but itself.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::v1 {
class Dns;
}

namespace vedette::probe {

struct Decoded;

/// Pipeline thread.
class DnsNames {
   public:
    static constexpr size_t kNamesPerAddress = 16;
    /// Programs connect later than a short TTL allows, and never ask again for a very long one.
    static constexpr uint32_t kMinTtl = 60, kMaxTtl = 24 * 3600;

    explicit DnsNames(size_t max_bytes = 1u << 20) : max_bytes_(max_bytes) {}

    /// Learns from an answer that came in; names the peer of a connect or accept.
    void apply(Decoded& decoded);

    void learn(uint64_t network, const v1::Dns& dns, uint32_t ttl_s, uint64_t now_ns);
    /// Of 4 or 16 bytes; the oldest name first. IPv4 in IPv6 is the IPv4 address.
    std::vector<std::string> find(uint64_t network, std::string_view address, uint64_t now_ns);

    size_t bytes() const { return bytes_; }
    /// Addresses that were forgotten before their time, for want of room.
    uint64_t evicted() const { return evicted_; }

   private:
    struct Name {
        std::string text;
        uint64_t expires_ns;
    };
    struct Key {
        uint64_t network;
        std::array<char, 16> address;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        std::vector<Name> names;
        std::list<Key>::iterator use;  ///< in uses_
    };

    static bool make_key(uint64_t network, std::string_view address, Key& out);
    Entry& get(const Key& key);
    void add(Entry& entry, std::string_view text, uint64_t now_ns, uint64_t expires_ns);
    void forget_oldest();

    size_t max_bytes_;
    size_t bytes_ = 0;
    uint64_t evicted_ = 0;
    std::map<Key, Entry> entries_;
    std::list<Key> uses_;  ///< the last used first
};

}  // namespace vedette::probe
