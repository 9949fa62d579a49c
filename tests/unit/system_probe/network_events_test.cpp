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
