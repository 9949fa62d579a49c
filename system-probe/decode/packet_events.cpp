// SPDX-License-Identifier: Apache-2.0
//
// Records of packets.
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <string>

#include "bpf/abi/network_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/record.h"
#include "system-probe/packets/dns_message.h"
#include "system-probe/packets/imds.h"

namespace vedette::probe {
namespace {

// As the names of SECL's network_direction have it.
constexpr uint32_t kEgress = 1, kIngress = 2;

vdt_packet decode_packet(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_packet>();
    auto& network = *out.event.mutable_network();
    const size_t address = fixed.l3_protocol == ETH_P_IP ? 4 : sizeof fixed.source;
    network.mutable_device()->set_ifname(
        std::string(fixed_text(fixed.interface, sizeof fixed.interface)));
    network.mutable_device()->set_netns(fixed.netns);
    network.set_l3_protocol(fixed.l3_protocol);
    network.set_l4_protocol(fixed.l4_protocol);
    network.mutable_source()->set_ip(fixed.source, address);
    network.mutable_source()->set_port(ntohs(fixed.source_port));
    network.mutable_destination()->set_ip(fixed.destination, address);
    network.mutable_destination()->set_port(ntohs(fixed.destination_port));
    network.set_network_direction(fixed.egress != 0 ? kEgress : kIngress);
    network.set_size(fixed.size);
    out.network = network_id(fixed.netns, fixed.net_cookie);
    return fixed;
}

void decode_dns(const Record& record, Decoded& out) {
    const auto fixed = decode_packet(record, out);
    auto& dns = *out.event.mutable_dns();
    auto message = parse_dns_message(record.item(VDT_ITEM_BYTES));
    if (!message)
        return;
    dns.set_id(message->id);
    auto& question = *dns.mutable_question();
    question.set_name(std::move(message->name));
    question.set_type(message->type);
    question.set_qclass(message->qclass);
    question.set_count(message->question_count);
    question.set_size(fixed.payload_size);
    if (!message->is_response)
        return;
    auto& response = *dns.mutable_response();
    response.set_code(message->code);
    for (auto& address : message->addresses)
        response.add_ips(std::move(address));
    for (auto& alias : message->aliases)
        response.add_cnames(std::move(alias));
    out.dns_ttl_s = message->ttl_s;
}

void decode_imds(const Record& record, Decoded& out) {
    decode_packet(record, out);
    fill_imds(*out.event.mutable_imds(), record.item(VDT_ITEM_BYTES));
}

constexpr EventType kEvents[] = {
    {VDT_DNS, "dns", v1::Event::kDnsFieldNumber, sizeof(vdt_packet), decode_dns},
    {VDT_IMDS, "imds", v1::Event::kImdsFieldNumber, sizeof(vdt_packet), decode_imds},
};

}  // namespace

std::span<const EventType> packet_events() {
    return kEvents;
}

}  // namespace vedette::probe
