// SPDX-License-Identifier: Apache-2.0
//
// Records of sockets and packets.
#include <arpa/inet.h>
#include <sys/socket.h>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

void decode_connect(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_connect>();
    auto& connect = *out.event.mutable_connect();
    connect.set_retval(fixed.retval);
    connect.set_protocol(fixed.protocol);
    auto& address = *connect.mutable_addr();
    address.set_family(fixed.family);
    if (fixed.family != AF_INET && fixed.family != AF_INET6)
        return;
    address.set_port(ntohs(fixed.port));
    address.set_ip(fixed.addr, fixed.family == AF_INET ? 4 : sizeof fixed.addr);
}

constexpr EventType kEvents[] = {
    {VDT_CONNECT, "connect", v1::Event::kConnectFieldNumber, sizeof(vdt_connect), decode_connect},
};

}  // namespace

std::span<const EventType> network_events() {
    return kEvents;
}

}  // namespace vedette::probe
