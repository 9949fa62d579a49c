// SPDX-License-Identifier: Apache-2.0
//
// Records of sockets.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>

#include "bpf/abi/network_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"
#include "system-probe/packets/socket_filter.h"

namespace vedette::probe {
namespace {

constexpr uint32_t kSocketTypeMask =
    0xf;  // SOCK_TYPE_MASK: above are SOCK_CLOEXEC and SOCK_NONBLOCK

void fill_address(v1::Address& out, const vdt_connect& fixed) {
    out.set_family(fixed.family);
    if (fixed.family != AF_INET && fixed.family != AF_INET6)
        return;
    out.set_port(ntohs(fixed.port));
    out.mutable_ip()->assign(reinterpret_cast<const char*>(fixed.addr),
                             fixed.family == AF_INET ? 4 : sizeof fixed.addr);
}

void decode_connect(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_connect>();
    auto& connect = *out.event.mutable_connect();
    connect.set_retval(fixed.retval);
    connect.set_protocol(fixed.protocol);
    fill_address(*connect.mutable_addr(), fixed);
}

void decode_bind(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_connect>();
    auto& bind = *out.event.mutable_bind();
    bind.set_retval(fixed.retval);
    bind.set_protocol(fixed.protocol);
    fill_address(*bind.mutable_addr(), fixed);
}

void decode_accept(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_connect>();
    auto& accept = *out.event.mutable_accept();
    accept.set_retval(fixed.retval);
    fill_address(*accept.mutable_addr(), fixed);
}

void decode_socket(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_socket>();
    auto& socket = *out.event.mutable_socket();
    socket.set_retval(fixed.retval);
    socket.set_domain(fixed.domain);
    socket.set_type(fixed.type & kSocketTypeMask);
    socket.set_protocol(fixed.protocol);
}

void decode_setsockopt(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_setsockopt>();
    auto& option = *out.event.mutable_setsockopt();
    option.set_retval(fixed.retval);
    option.set_socket_type(fixed.socket_type);
    option.set_socket_family(fixed.family);
    option.set_socket_protocol(fixed.protocol);
    option.set_level(fixed.level);
    option.set_optname(fixed.optname);
    if (fixed.filter_len == 0)
        return;
    constexpr size_t kInstruction = 8;  // sizeof(struct sock_filter), for ever
    const auto code = record.item(VDT_ITEM_BYTES);
    const bool is_whole = code.size() == fixed.filter_len * kInstruction;
    auto filter = read_socket_filter(code);
    option.set_filter_len(fixed.filter_len);
    option.set_is_filter_truncated(!is_whole || filter.is_text_cut);
    option.set_filter_instructions(std::move(filter.text));
    option.mutable_used_immediates()->Assign(filter.immediates.begin(), filter.immediates.end());
    // Of a part it would be the hash of something that is nowhere.
    if (is_whole)
        option.set_filter_hash(sha256_of(code));
}

constexpr EventType kEvents[] = {
    {VDT_CONNECT, "connect", v1::Event::kConnectFieldNumber, sizeof(vdt_connect), decode_connect},
    {VDT_BIND, "bind", v1::Event::kBindFieldNumber, sizeof(vdt_connect), decode_bind},
    {VDT_ACCEPT, "accept", v1::Event::kAcceptFieldNumber, sizeof(vdt_connect), decode_accept},
    {VDT_SOCKET, "socket", v1::Event::kSocketFieldNumber, sizeof(vdt_socket), decode_socket},
    {VDT_SETSOCKOPT, "setsockopt", v1::Event::kSetsockoptFieldNumber, sizeof(vdt_setsockopt),
     decode_setsockopt},
};

}  // namespace

std::span<const EventType> network_events() {
    return kEvents;
}

}  // namespace vedette::probe
