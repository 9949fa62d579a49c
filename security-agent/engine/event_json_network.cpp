// SPDX-License-Identifier: Apache-2.0
//
// Events about sockets and packets. Everything in a packet was written by anybody.

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

object address_json(const v1::Address& addr) {
    return {{"family", name_of("address_family", addr.family())},
            {"ip", ip_text(addr.ip())},
            {"port", addr.port()}};
}

object ip_port_json(const v1::IpPort& end) {
    return {{"ip", ip_text(end.ip())}, {"port", end.port()}};
}

object device_json(const v1::Device& device) {
    object out;
    put_number(out, "netns", device.netns());
    put_text(out, "ifname", device.ifname());
    return out;
}

void put_connect(object& alert, const v1::Connect& connect) {
    object out;
    out["addr"] = address_json(connect.addr());
    out["protocol"] = name_of("l4_protocol", connect.protocol());
    put_list(out, "hostnames", connect.hostnames());
    alert["connect"] = out;
}

void put_bind(object& alert, const v1::Bind& bind) {
    alert["bind"] = object{{"addr", address_json(bind.addr())},
                           {"protocol", name_of("l4_protocol", bind.protocol())}};
}

void put_accept(object& alert, const v1::Accept& accept) {
    object out;
    out["addr"] = address_json(accept.addr());
    put_list(out, "hostnames", accept.hostnames());
    alert["accept"] = out;
}

void put_socket(object& alert, const v1::Socket& socket) {
    alert["socket"] =
        object{{"domain", name_of("address_family", socket.domain())},
               {"type", name_of("socket_type", socket.type())},
               {"protocol", socket_protocol_name(socket.domain(), socket.protocol())}};
}

void put_setsockopt(object& alert, const v1::SetSockOpt& set) {
    object out;
    out["socket_type"] = name_of("socket_type", set.socket_type());
    out["socket_family"] = name_of("address_family", set.socket_family());
    out["socket_protocol"] = socket_protocol_name(set.socket_family(), set.socket_protocol());
    out["level"] = name_of("socket_level", set.level());
    out["optname"] = socket_option_name(set.level(), set.optname());
    put_number(out, "filter_len", set.filter_len());
    put_true(out, "is_filter_truncated", set.is_filter_truncated());
    put_text(out, "filter_instructions", set.filter_instructions());
    put_text(out, "filter_hash", set.filter_hash());
    put_list(out, "used_immediates", set.used_immediates());
    alert["setsockopt"] = out;
}

void put_network(object& alert, const v1::NetworkContext& network) {
    object out;
    put_object(out, "device", device_json(network.device()));
    out["l3_protocol"] = name_of("l3_protocol", network.l3_protocol());
    out["l4_protocol"] = name_of("l4_protocol", network.l4_protocol());
    out["source"] = ip_port_json(network.source());
    out["destination"] = ip_port_json(network.destination());
    out["size"] = network.size();
    if (network.network_direction())
        out["network_direction"] = name_of("network_direction", network.network_direction());
    put_text(out, "type", icmp_type_name(network.l4_protocol(), network.type()));
    alert["network"] = out;
}

object question_json(const v1::DnsQuestion& question) {
    return {{"class", name_of("dns_qclass", question.qclass())},
            {"type", name_of("dns_qtype", question.type())},
            {"name", question.name()},
            {"size", question.size()},
            {"count", question.count()}};
}

void put_dns(object& alert, const v1::Dns& dns) {
    object out;
    out["id"] = dns.id();
    out["question"] = question_json(dns.question());
    if (dns.has_response()) {
        object response;
        response["code"] = name_of("dns_rcode", dns.response().code());
        std::vector<std::string> ips;
        for (const std::string& ip : dns.response().ips())
            if (std::string text = ip_text(ip); !text.empty())
                ips.push_back(text);
        put_list(response, "ips", ips);
        put_list(response, "cnames", dns.response().cnames());
        out["response"] = response;
    }
    alert["dns"] = out;
}

void put_imds(object& alert, const v1::Imds& imds) {
    object out;
    put_text(out, "type", imds.type());
    put_text(out, "cloud_provider", imds.cloud_provider());
    put_text(out, "url", imds.url());
    put_text(out, "host", imds.host());
    put_text(out, "user_agent", imds.user_agent());
    put_text(out, "server", imds.server());
    if (imds.has_aws()) {
        object credentials;
        put_text(credentials, "type", imds.aws().security_credentials_type());
        object aws;
        aws["is_imds_v2"] = imds.aws().is_imds_v2();
        put_object(aws, "security_credentials", credentials);
        out["aws"] = aws;
    }
    alert["imds"] = out;
}

void put_packet(object& alert, const v1::Packet& packet) {
    object out;
    put_text(out, "filter", packet.filter());
    if (packet.tls_version())
        out["tls"] = object{{"version", name_of("tls_version", packet.tls_version())}};
    alert["packet"] = out;
}

object traffic_json(const v1::FlowTraffic& traffic) {
    return {{"data_size", traffic.data_size()}, {"packet_count", traffic.packet_count()}};
}

object flow_json(const v1::Flow& flow) {
    return {{"l3_protocol", name_of("l3_protocol", flow.l3_protocol())},
            {"l4_protocol", name_of("l4_protocol", flow.l4_protocol())},
            {"source", ip_port_json(flow.source())},
            {"destination", ip_port_json(flow.destination())},
            {"ingress", traffic_json(flow.ingress())},
            {"egress", traffic_json(flow.egress())}};
}

void put_network_flow_monitor(object& alert, const v1::NetworkFlowMonitor& monitor) {
    object out;
    put_object(out, "device", device_json(monitor.device()));
    JsonArray flows;
    for (const v1::Flow& flow : monitor.flows())
        flows.push_back(flow_json(flow));
    out["flows"] = flows;
    alert["network_flow_monitor"] = out;
}

}  // namespace

void put_network_event(object& alert, const v1::Event& event) {
    if (event.has_network())
        put_network(alert, event.network());
    switch (event.payload_case()) {
        case v1::Event::kConnect:
            return put_connect(alert, event.connect());
        case v1::Event::kBind:
            return put_bind(alert, event.bind());
        case v1::Event::kAccept:
            return put_accept(alert, event.accept());
        case v1::Event::kSocket:
            return put_socket(alert, event.socket());
        case v1::Event::kSetsockopt:
            return put_setsockopt(alert, event.setsockopt());
        case v1::Event::kDns:
            return put_dns(alert, event.dns());
        case v1::Event::kImds:
            return put_imds(alert, event.imds());
        case v1::Event::kPacket:
            return put_packet(alert, event.packet());
        case v1::Event::kNetworkFlowMonitor:
            return put_network_flow_monitor(alert, event.network_flow_monitor());
        default:
            return;
    }
}

}  // namespace vedette::engine
