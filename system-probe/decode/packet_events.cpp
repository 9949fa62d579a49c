// SPDX-License-Identifier: Apache-2.0
//
// Records of packets.
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <cstring>
#include <string>

#include "bpf/abi/network_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/record.h"
#include "system-probe/packets/dns_message.h"
#include "system-probe/packets/imds.h"
#include "system-probe/packets/tls_version.h"

namespace vedette::probe {
namespace {

// As the names of SECL's network_direction have it.
constexpr uint32_t kEgress = 1, kIngress = 2;

void fill_network(const vdt_packet& fixed, Decoded& out) {
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
}

void decode_dns(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_packet>();
    fill_network(fixed, out);
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
    fill_network(record.fixed<vdt_packet>(), out);
    fill_imds(*out.event.mutable_imds(), record.item(VDT_ITEM_BYTES));
}

void decode_match(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_packet_match>();
    fill_network(fixed.packet, out);
    out.event.mutable_network()->set_type(fixed.icmp_type);
    auto& packet = *out.event.mutable_packet();
    packet.set_filter(std::string(record.item(VDT_ITEM_NAME)));
    packet.set_tls_version(tls_version(record.item(VDT_ITEM_BYTES)));
}

void fill_end(const __u8 (&ip)[16], uint16_t l3_protocol, __u16 port, v1::IpPort& out) {
    out.set_ip(ip, l3_protocol == ETH_P_IP ? 4 : sizeof ip);
    out.set_port(ntohs(port));
}

void decode_flows(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_flow_report>();
    auto& monitor = *out.event.mutable_network_flow_monitor();
    monitor.mutable_device()->set_ifname(
        std::string(fixed_text(fixed.interface, sizeof fixed.interface)));
    monitor.mutable_device()->set_netns(fixed.netns);
    out.network = network_id(fixed.netns, fixed.net_cookie);
    const auto bytes = record.item(VDT_ITEM_BYTES);
    for (size_t at = 0; at + sizeof(vdt_flow) <= bytes.size(); at += sizeof(vdt_flow)) {
        vdt_flow flow{};
        std::memcpy(&flow, bytes.data() + at, sizeof flow);
        auto& one = *monitor.add_flows();
        one.set_l3_protocol(flow.l3_protocol);
        one.set_l4_protocol(flow.l4_protocol);
        fill_end(flow.source, flow.l3_protocol, flow.source_port, *one.mutable_source());
        fill_end(flow.destination, flow.l3_protocol, flow.destination_port,
                 *one.mutable_destination());
        one.mutable_ingress()->set_data_size(flow.in_bytes);
        one.mutable_ingress()->set_packet_count(flow.in_packets);
        one.mutable_egress()->set_data_size(flow.out_bytes);
        one.mutable_egress()->set_packet_count(flow.out_packets);
    }
}

constexpr EventType kEvents[] = {
    {VDT_DNS, "dns", v1::Event::kDnsFieldNumber, sizeof(vdt_packet), decode_dns},
    {VDT_IMDS, "imds", v1::Event::kImdsFieldNumber, sizeof(vdt_packet), decode_imds},
    {VDT_PACKET, "packet", v1::Event::kPacketFieldNumber, sizeof(vdt_packet_match), decode_match},
    {VDT_NETWORK_FLOW_MONITOR, "network_flow_monitor", v1::Event::kNetworkFlowMonitorFieldNumber,
     sizeof(vdt_flow_report), decode_flows},
};

}  // namespace

std::span<const EventType> packet_events() {
    return kEvents;
}

}  // namespace vedette::probe
