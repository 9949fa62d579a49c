// SPDX-License-Identifier: Apache-2.0
#include "common/packet_filter.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string>

namespace vedette {
namespace {

constexpr int kWholePacket = 262144;

/// Words of the language that are no names, as far as they mean something to packets that begin with an IP header, and
/// of the link layer what people try.
constexpr std::string_view kWords[] = {
    "aarp",     "ah",       "and",     "arp",        "atalk",   "broadcast", "byte",
    "carp",     "decnet",   "dst",     "esp",        "ether",   "fddi",      "gateway",
    "geneve",   "greater",  "host",    "icmp",       "icmp6",   "icmp6code", "icmp6type",
    "icmpcode", "icmptype", "ifindex", "igmp",       "igrp",    "inbound",   "ip",
    "ip6",      "ipx",      "iso",     "lat",        "len",     "length",    "less",
    "link",     "llc",      "mask",    "moprc",      "mpls",    "multicast", "net",
    "netbeui",  "not",      "or",      "outbound",   "pim",     "port",      "portrange",
    "pppoed",   "pppoes",   "proto",   "protochain", "rarp",    "sctp",      "src",
    "stp",      "tcp",      "tcp-ack", "tcp-cwr",    "tcp-ece", "tcp-fin",   "tcp-push",
    "tcp-rst",  "tcp-syn",  "tcp-urg", "tcpflags",   "tr",      "udp",       "vlan",
    "vrrp",     "wlan"};

/// Types of ICMP messages begin with these; a host of such a name is none to libpcap either, or it is refused here.
constexpr std::string_view kMessageTypes[] = {"icmp-echo",
                                              "icmp-echoreply",
                                              "icmp-ireq",
                                              "icmp-ireqreply",
                                              "icmp-maskreply",
                                              "icmp-maskreq",
                                              "icmp-paramprob",
                                              "icmp-redirect",
                                              "icmp-routeradvert",
                                              "icmp-routersolicit",
                                              "icmp-sourcequench",
                                              "icmp-timxceed",
                                              "icmp-tstamp",
                                              "icmp-tstampreply",
                                              "icmp-unreach",
                                              "icmp6-destinationunreach",
                                              "icmp6-echo",
                                              "icmp6-echoreply",
                                              "icmp6-packettoobig",
                                              "icmp6-parameterproblem",
                                              "icmp6-timeexceeded",
                                              "icmp6-routersolicit",
                                              "icmp6-routeradvert",
                                              "icmp6-neighborsolicit",
                                              "icmp6-neighboradvert",
                                              "icmp6-redirect",
                                              "icmp6-multicastlistenerquery",
                                              "icmp6-multicastlistenerreportv1",
                                              "icmp6-multicastlistenerdone"};

/// What follows these may be a name: of a port or of a protocol.
constexpr std::string_view kBeforeNames[] = {"port", "portrange", "proto", "protochain"};
constexpr std::string_view kBetweenNames[] = {"and", "or", "not"};

template <size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool is_word_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

bool is_digits(std::string_view text, std::string_view digits) {
    return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// A number, or up to four of at most three digits with dots between; of "1.2." libpcap would ask.
bool is_number(std::string_view word) {
    constexpr std::string_view kDigits = "0123456789";
    if (word.starts_with("0x") || word.starts_with("0X"))
        return is_digits(word.substr(2), "0123456789abcdefABCDEF");
    if (is_digits(word, kDigits))
        return true;
    for (int part = 1; part <= 4; ++part) {
        const size_t dot = word.find('.');
        if (!is_digits(word.substr(0, dot), kDigits) || std::min(dot, word.size()) > 3)
            return false;
        if (dot == std::string_view::npos)
            return true;
        word.remove_prefix(dot + 1);
    }
    return false;
}

/// Length of the IPv6 address that `text` begins with; 0: none.
size_t address_length(std::string_view text) {
    const size_t size = std::min(text.find_first_not_of("0123456789abcdefABCDEF:."), text.size());
    const std::string candidate(text.substr(0, size));
    in6_addr address{};
    return inet_pton(AF_INET6, candidate.c_str(), &address) == 1 ? size : 0;
}

/// The first word that libpcap would ask a name server about: it has no business with one. A name is left in peace only
/// in "port NAME", "port NAME or NAME ..." and "port (NAME or NAME ...)"; what else may take over the "port" of something
/// before it only libpcap's grammar knows.
std::optional<std::string_view> find_host_name(std::string_view text) {
    bool may_be_name = false;  ///< in such a list
    bool item = false;         ///< the last word was one of it, or a number
    bool opened = false;       ///< the last word was "port" or the like
    for (size_t at = 0; at < text.size();) {
        if (const size_t size = address_length(text.substr(at)); size > 0) {
            at += size;
            may_be_name = may_be_name && !item;
            item = true;
            opened = false;
            continue;
        }
        size_t end = at;
        while (end < text.size() && is_word_byte(text[end]))
            ++end;
        // As libpcap reads it: a word ends in a letter, a digit or a dot.
        while (end > at && (text[end - 1] == '-' || text[end - 1] == '_'))
            --end;
        if (end == at) {
            const char symbol = text[at++];
            // libpcap takes whatever follows for a name; no symbol or number needs it.
            if (symbol == '\\' &&
                (at == text.size() || std::isalpha(static_cast<unsigned char>(text[at])) == 0))
                return text.substr(at - 1, 2);
            const bool blank = std::isspace(static_cast<unsigned char>(symbol)) != 0;
            if (!blank && symbol != '\\' && !(symbol == '(' && opened))
                may_be_name = false;
            continue;
        }
        const std::string_view word = text.substr(at, end - at);
        const bool escaped = at > 0 && text[at - 1] == '\\';
        at = end;
        const bool known = !escaped && (contains(kWords, word) || contains(kMessageTypes, word));
        if (known) {
            opened = contains(kBeforeNames, word);
            may_be_name = opened || (may_be_name && contains(kBetweenNames, word));
            item = false;
            continue;
        }
        if (!is_number(word) && (!may_be_name || item))
            return word;
        may_be_name = may_be_name && !item;
        item = true;
        opened = false;
    }
    return std::nullopt;
}

struct CloseHandle {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
};

struct CompiledProgram {
    bpf_program program{};
    CompiledProgram() = default;
    ~CompiledProgram() { pcap_freecode(&program); }
    CompiledProgram(const CompiledProgram&) = delete;
    CompiledProgram& operator=(const CompiledProgram&) = delete;
};

}  // namespace

Result<std::vector<ClassicInstruction>> compile_packet_filter(std::string_view expression) {
    if (expression.size() > kMaxFilterText)
        return fail(ErrorCode::kLimit, "a packet filter of more than {} bytes", kMaxFilterText);
    if (expression.find('\0') != std::string_view::npos)
        return fail(ErrorCode::kInvalid, "a zero byte in a packet filter");
    if (const auto name = find_host_name(expression))
        return fail(ErrorCode::kInvalid,
                    "'{}' is no word of packet filters, and names of hosts and "
                    "networks are not looked up",
                    *name);
    const std::unique_ptr<pcap_t, CloseHandle> handle(pcap_open_dead(DLT_RAW, kWholePacket));
    if (!handle)
        return fail(ErrorCode::kIo, "libpcap gives no handle");
    CompiledProgram compiled;
    if (pcap_compile(handle.get(), &compiled.program, std::string(expression).c_str(), 1,
                     PCAP_NETMASK_UNKNOWN) != 0)
        return fail(ErrorCode::kInvalid, "{}", pcap_geterr(handle.get()));
    if (compiled.program.bf_len > kMaxFilterInstructions)
        return fail(ErrorCode::kLimit, "a packet filter of {} instructions; the limit is {}",
                    compiled.program.bf_len, kMaxFilterInstructions);
    std::vector<ClassicInstruction> out;
    for (unsigned i = 0; i < compiled.program.bf_len; ++i) {
        const bpf_insn& one = compiled.program.bf_insns[i];
        // Such a jump goes back: the kernel takes no loops, and libpcap makes one of this word alone.
        if (one.code == (BPF_JMP | BPF_JA) && one.k >= compiled.program.bf_len)
            return fail(ErrorCode::kInvalid,
                        "protochain is a loop, which cannot be run in the kernel");
        out.push_back({one.code, one.jt, one.jf, one.k});
    }
    return out;
}

}  // namespace vedette
