// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/dns_names.h"

#include <algorithm>

#include "system-probe/decode/decoder.h"

namespace vedette::probe {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr size_t kEntryBytes =
    192;  // of an address without names, about: two list nodes and the vector
constexpr size_t kNameBytes = 48;
constexpr uint32_t kIngress = 2;
constexpr std::string_view kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

size_t bytes_of(std::string_view name) {
    return kNameBytes + name.size();
}

}  // namespace

void DnsNames::apply(Decoded& decoded) {
    auto& event = decoded.event;
    const uint64_t now = decoded.header.time_ns;
    const auto name_peer = [&](const v1::Address& address, auto& out) {
        for (auto& name : find(decoded.network, address.ip(), now))
            *out.Add() = std::move(name);
    };
    switch (decoded.type()) {
        case VDT_DNS:
            // What a process sends out it may have made up.
            if (event.network().network_direction() == kIngress)
                learn(decoded.network, event.dns(), decoded.dns_ttl_s, now);
            break;
        case VDT_CONNECT:
            name_peer(event.connect().addr(), *event.mutable_connect()->mutable_hostnames());
            break;
        case VDT_ACCEPT:
            name_peer(event.accept().addr(), *event.mutable_accept()->mutable_hostnames());
            break;
        default:
            break;
    }
}

void DnsNames::learn(uint64_t network, const v1::Dns& dns, uint32_t ttl_s, uint64_t now_ns) {
    if (dns.question().name().empty())
        return;
    const uint64_t expires = now_ns + std::clamp(ttl_s, kMinTtl, kMaxTtl) * kNsPerSecond;
    for (const std::string& address : dns.response().ips()) {
        Key key;
        if (!make_key(network, address, key))
            continue;
        Entry& entry = get(key);
        add(entry, dns.question().name(), now_ns, expires);
        for (const std::string& alias : dns.response().cnames())
            add(entry, alias, now_ns, expires);
    }
    while (bytes_ > max_bytes_)
        forget_oldest();
}

std::vector<std::string> DnsNames::find(uint64_t network, std::string_view address,
                                        uint64_t now_ns) {
    Key key;
    if (entries_.empty() || !make_key(network, address, key))
        return {};
    const auto found = entries_.find(key);
    if (found == entries_.end())
        return {};
    uses_.splice(uses_.begin(), uses_, found->second.use);
    std::vector<std::string> names;
    for (const Name& name : found->second.names) {
        if (name.expires_ns > now_ns)
            names.push_back(name.text);
    }
    return names;
}

bool DnsNames::make_key(uint64_t network, std::string_view address, Key& out) {
    if (address.size() == 4) {
        std::ranges::copy(kMappedPrefix, out.address.begin());
        std::ranges::copy(address, out.address.begin() + kMappedPrefix.size());
    } else if (address.size() == out.address.size()) {
        std::ranges::copy(address, out.address.begin());
    } else {
        return false;
    }
    out.network = network;
    return true;
}

DnsNames::Entry& DnsNames::get(const Key& key) {
    const auto [found, is_new] = entries_.try_emplace(key);
    if (is_new) {
        uses_.push_front(key);
        found->second.use = uses_.begin();
        bytes_ += kEntryBytes;
    } else {
        uses_.splice(uses_.begin(), uses_, found->second.use);
    }
    return found->second;
}

void DnsNames::add(Entry& entry, std::string_view text, uint64_t now_ns, uint64_t expires_ns) {
    auto& names = entry.names;
    const auto known = std::ranges::find(names, text, &Name::text);
    if (known != names.end()) {
        known->expires_ns = std::max(known->expires_ns, expires_ns);
        return;
    }
    std::erase_if(names, [&](const Name& name) {
        const bool is_over = name.expires_ns <= now_ns;
        if (is_over)
            bytes_ -= bytes_of(name.text);
        return is_over;
    });
    if (names.size() == kNamesPerAddress) {
        bytes_ -= bytes_of(names.front().text);
        names.erase(names.begin());
    }
    names.push_back({std::string(text), expires_ns});
    bytes_ += bytes_of(text);
}

void DnsNames::forget_oldest() {
    const auto oldest = entries_.find(uses_.back());
    for (const Name& name : oldest->second.names)
        bytes_ -= bytes_of(name.text);
    bytes_ -= kEntryBytes;
    ++evicted_;
    entries_.erase(oldest);
    uses_.pop_back();
}

}  // namespace vedette::probe
