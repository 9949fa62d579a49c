// SPDX-License-Identifier: Apache-2.0
//
// Records of sockets and packets through the decoder, and what is kept of DNS answers.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include "bpf/abi/network_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/resolvers/dns_names.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;
using namespace std::string_literals;

v1::Event event_of(const Bytes& record) {
    Decoded out;
    REQUIRE(decode(as_record(record), out));
    return out.event;
}

vdt_connect inet_address() {
    vdt_connect out = {};
    out.family = AF_INET;
    out.port = htons(80);
    out.protocol = IPPROTO_TCP;
    std::memcpy(out.addr, "\x7f\0\0\1", 4);
    return out;
}

TEST_CASE("bind and accept: result and address") {
    auto bind = builder<vdt_connect>(VDT_BIND, image(5), 1);
    bind.fixed = inet_address();
    bind.fixed.retval = -98;
    const auto bound = event_of(bytes_of(bind)).bind();
    CHECK(bound.retval() == -98);
    CHECK(bound.addr().ip() == "\x7f\0\0\1"s);
    CHECK(bound.addr().port() == 80);
    CHECK(bound.protocol() == IPPROTO_TCP);

    auto accept = builder<vdt_connect>(VDT_ACCEPT, image(5), 1);
    accept.fixed = inet_address();
    accept.fixed.family = AF_UNIX;
    accept.fixed.retval = 7;
    const auto accepted = event_of(bytes_of(accept)).accept();
    CHECK(accepted.retval() == 7);
    CHECK(accepted.addr().family() == AF_UNIX);
    CHECK(accepted.addr().ip().empty());
}

TEST_CASE("socket: the type is told from the flags") {
    auto record = builder<vdt_socket>(VDT_SOCKET, image(5), 1);
    record.fixed = {.retval = 3,
                    .domain = AF_INET6,
                    .type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    .protocol = IPPROTO_UDP,
                    .pad = 0};
    const auto socket = event_of(bytes_of(record)).socket();
    CHECK(socket.domain() == AF_INET6);
    CHECK(socket.type() == SOCK_DGRAM);
    CHECK(socket.protocol() == IPPROTO_UDP);
}

TEST_CASE("setsockopt: a filter that is whole has a hash, a cut one says so") {
    const std::string code(16, '\0');
    auto record = builder<vdt_setsockopt>(VDT_SETSOCKOPT, image(5), 1);
    record.fixed.level = SOL_SOCKET;
    record.fixed.optname = SO_ATTACH_FILTER;
    record.fixed.filter_len = 2;
    record.item(VDT_ITEM_BYTES, code);
    auto option = event_of(bytes_of(record)).setsockopt();
    CHECK(option.filter_len() == 2);
    CHECK_FALSE(option.is_filter_truncated());
    CHECK(option.filter_hash().size() == 64);
    CHECK(option.filter_instructions() == "ld #0x0\nld #0x0");

    record.fixed.filter_len = 4000;
    option = event_of(bytes_of(record)).setsockopt();
    CHECK(option.is_filter_truncated());
    CHECK(option.filter_hash().empty());

    record.fixed.filter_len = 0;  // the bytes are nobody's
    option = event_of(bytes_of(record)).setsockopt();
    CHECK(option.filter_instructions().empty());
    CHECK_FALSE(option.is_filter_truncated());
}

RecordBuilder<vdt_packet> packet(vdt_type type, bool egress) {
    auto record = builder<vdt_packet>(type, image(5), 9);
    record.fixed.l3_protocol = 0x0800;
    record.fixed.l4_protocol = IPPROTO_UDP;
    std::memcpy(record.fixed.source, "\x0a\0\0\1", 4);
    std::memcpy(record.fixed.destination, "\x0a\0\0\2", 4);
    record.fixed.source_port = htons(4000);
    record.fixed.destination_port = htons(53);
    record.fixed.egress = egress;
    record.fixed.size = 60;
    record.fixed.payload_size = 32;
    record.fixed.netns = 4711;
    std::memcpy(record.fixed.interface, "a-very-long-nam\xff", VDT_INTERFACE_LEN);
    return record;
}

/// www.test A, answered with 10.0.0.9.
const std::string kAnswer =
    "\1\2\x81\x80\0\1\0\1\0\0\0\0\3www\4test\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\0\0\x09"s;

TEST_CASE("dns: the packet and what it says") {
    auto record = packet(VDT_DNS, false);
    record.item(VDT_ITEM_BYTES, kAnswer);
    const auto event = event_of(bytes_of(record));
    CHECK(event.dns().id() == 0x102);
    CHECK(event.dns().question().name() == "www.test");
    CHECK(event.dns().question().size() == 32);
    CHECK(event.dns().response().ips(0) == "\x0a\0\0\x09"s);
    const auto& network = event.network();
    CHECK(network.source().ip() == "\x0a\0\0\1"s);
    CHECK(network.destination().port() == 53);
    CHECK(network.network_direction() == 2);
    CHECK(network.size() == 60);
    CHECK(network.device().netns() == 4711);
    CHECK(network.device().ifname() == "a-very-long-nam\xff");
    record.fixed.egress = 1;
    record.fixed.l3_protocol = 0x86dd;
    const auto six = event_of(bytes_of(record)).network();
    CHECK(six.network_direction() == 1);
    CHECK(six.source().ip().size() == 16);
}

TEST_CASE("dns and imds: a payload that is nonsense or missing still is an event") {
    for (const auto type : {VDT_DNS, VDT_IMDS}) {
        for (const char* payload : {"", "x", "nonsense nonsense"}) {
            auto record = packet(type, true);
            record.item(VDT_ITEM_BYTES, payload);
            CHECK(event_of(bytes_of(record)).network().size() == 60);
        }
        auto bare = packet(type, true);
        CHECK(event_of(bytes_of(bare)).payload_case() != v1::Event::PAYLOAD_NOT_SET);
    }
}

TEST_CASE("packet: the filter, the message's type and the version of TLS") {
    auto record = builder<vdt_packet_match>(VDT_PACKET, image(5), 9);
    record.fixed.packet = packet(VDT_DNS, true).fixed;
    record.fixed.icmp_type = 8;
    record.item(VDT_ITEM_NAME, "icmp");
    record.item(VDT_ITEM_BYTES, "\x17\3\3\0\1x"s);
    const auto event = event_of(bytes_of(record));
    CHECK(event.packet().filter() == "icmp");
    CHECK(event.packet().tls_version() == 0x303);
    CHECK(event.network().type() == 8);
    CHECK(event.network().source().port() == 4000);
    auto bare = builder<vdt_packet_match>(VDT_PACKET, image(5), 9);
    CHECK(event_of(bytes_of(bare)).packet().filter().empty());
}

TEST_CASE("flows: as many as there are whole ones") {
    vdt_flow flow{};
    flow.l3_protocol = 0x0800;
    flow.l4_protocol = IPPROTO_TCP;
    flow.source_port = htons(4000);
    std::memcpy(flow.destination, "\x0a\0\0\2", 4);
    flow.in_bytes = 1;
    flow.in_packets = 2;
    flow.out_bytes = 3;
    flow.out_packets = 4;
    const std::string one(reinterpret_cast<const char*>(&flow), sizeof flow);
    auto record = builder<vdt_flow_report>(VDT_NETWORK_FLOW_MONITOR, image(5), 9);
    record.fixed.netns = 4711;
    std::memcpy(record.fixed.interface, "eth0", 4);
    record.item(VDT_ITEM_BYTES, one + one + one.substr(1));
    const auto monitor = event_of(bytes_of(record)).network_flow_monitor();
    REQUIRE(monitor.flows_size() == 2);
    CHECK(monitor.device().ifname() == "eth0");
    CHECK(monitor.device().netns() == 4711);
    const auto& first = monitor.flows(0);
    CHECK(first.l4_protocol() == IPPROTO_TCP);
    CHECK(first.source().port() == 4000);
    CHECK(first.destination().ip() == "\x0a\0\0\2"s);
    CHECK(first.ingress().data_size() == 1);
    CHECK(first.ingress().packet_count() == 2);
    CHECK(first.egress().data_size() == 3);
    CHECK(first.egress().packet_count() == 4);
}

TEST_CASE("the names of an answer are given to a connect, in its network only, while they hold") {
    DnsNames names;
    auto record = packet(VDT_DNS, false);
    record.item(VDT_ITEM_BYTES, kAnswer);
    Decoded decoded;
    REQUIRE(decode(as_record(bytes_of(record)), decoded));
    names.apply(decoded);

    const auto hostnames = [&names](uint64_t network, uint64_t time_ns) {
        auto connect = builder<vdt_connect>(VDT_CONNECT, image(5), time_ns);
        connect.fixed = inet_address();
        std::memcpy(connect.fixed.addr, "\x0a\0\0\x09", 4);
        Decoded out;
        REQUIRE(decode(as_record(bytes_of(connect)), out));
        out.network = network;
        names.apply(out);
        return std::vector<std::string>(out.event.connect().hostnames().begin(),
                                        out.event.connect().hostnames().end());
    };
    CHECK(hostnames(4711, 10) == std::vector<std::string>{"www.test"});
    CHECK(hostnames(4712, 10).empty());
    CHECK(hostnames(4711, 59 * kSecond) == std::vector<std::string>{"www.test"});
    CHECK(hostnames(4711, 61 * kSecond).empty());
    CHECK(names.find(4711, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x09"s, 10).size() == 1);
}

TEST_CASE("what a process sends out teaches nothing") {
    DnsNames names;
    auto record = packet(VDT_DNS, true);
    record.item(VDT_ITEM_BYTES, kAnswer);
    Decoded decoded;
    REQUIRE(decode(as_record(bytes_of(record)), decoded));
    names.apply(decoded);
    CHECK(names.bytes() == 0);
}

TEST_CASE("names of addresses stay within their bounds") {
    DnsNames names(10'000);
    v1::Dns dns;
    for (uint32_t i = 0; i < 1000; ++i) {
        dns.mutable_question()->set_name(std::to_string(i) + std::string(200, 'x'));
        dns.mutable_response()->clear_ips();
        dns.mutable_response()->add_ips(std::string(reinterpret_cast<const char*>(&i), 4));
        dns.mutable_response()->add_ips("same");
        names.learn(1, dns, 1, i);
    }
    CHECK(names.bytes() <= 10'000);
    CHECK(names.evicted() > 900);
    const auto kept = names.find(1, "same", 1000);
    CHECK(kept.size() == DnsNames::kNamesPerAddress);
    CHECK(kept.back().starts_with("999"));
    for (uint32_t i = 0; i < 1000; ++i)
        names.learn(1, dns, 1, (100 + i) * kSecond);
    CHECK(names.find(1, "same", 101 * kSecond).size() == 1);
}

}  // namespace
}  // namespace vedette::probe
