// SPDX-License-Identifier: Apache-2.0
#include "common/packet_filter.h"

#include <string>

#include "tests/unit/catch.h"

using namespace vedette;

namespace {

std::string problem(const std::string& text) {
    const auto program = compile_packet_filter(text);
    return program ? "" : program.error().message;
}

}  // namespace

TEST_CASE("packet filters: what people write compiles") {
    for (const char* text : {"",
                             "tcp",
                             "port 53 or 5353",
                             "tcp dst port http",
                             "port (http or https)",
                             "udp and not port domain",
                             "host 10.0.0.1",
                             "net 10.0.0.0/8",
                             "net 192.168.1",
                             "src host fe80::1 or dst net 2001:db8::/32",
                             "tcp[tcpflags] & tcp-syn != 0 && tcp[tcpflags] & tcp-ack == 0",
                             "icmp[icmptype] == icmp-unreach",
                             "portrange 6000-6008",
                             "ip proto \\icmp",
                             "ip[0] & 0xf != 5",
                             "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
                             "ip6 proto 58",
                             "proto 47",
                             "len > 100",
                             "icmp6[icmp6type] == icmp6-echo",
                             "dst net 10 and (port 80 or port 81)"}) {
        INFO(text);
        CHECK(problem(text).empty());
    }
}

TEST_CASE("packet filters: what libpcap refuses is refused in its words") {
    CHECK_THAT(problem("tcp and and"), ContainsSubstring("syntax error"));
    CHECK_THAT(problem("port 99999"), ContainsSubstring("99999"));
    CHECK_THAT(problem("ether src 00:11:22:33:44:55"), ContainsSubstring("ethernet addresses"));
    CHECK_THAT(problem("ip6 protochain 58"), ContainsSubstring("a loop"));
    CHECK_FALSE(problem("vlan 3").empty());
    CHECK_FALSE(problem("arp").empty());
    CHECK_THAT(problem(std::string("tcp\0udp", 7)), ContainsSubstring("zero byte"));
    CHECK_THAT(problem(std::string(kMaxFilterText + 1, ' ')), ContainsSubstring("1024"));
}

TEST_CASE("packet filters: no name server is asked") {
    for (const char* text :
         {"host www.example.com", "www.example.com", "tcp or www.example.com", "net example",
          "3com.example", "port 80 or host example", "port http or tcp and example",
          "gateway example", "\\tcp", "ether host example", "dst 10.0.0.1 or example",
          "10.0.0.1 or 10a", "on eth0", "fe80::1 or a", "dst 11.006.", "0x", "1.2.3.4.5",
          "host 1.2345"}) {
        INFO(text);
        CHECK_THAT(problem(text), ContainsSubstring("not looked up"));
    }
}

TEST_CASE("packet filters: a long one is refused, not truncated") {
    std::string text = "tcp[0] = 1";
    for (int i = 0; i < 80; ++i)
        text += " or ip[" + std::to_string(i) + "]=1";
    INFO(problem(text));
    CHECK(text.size() < kMaxFilterText);
    const auto program = compile_packet_filter(text);
    CHECK((program ? program->size() <= kMaxFilterInstructions
                   : program.error().code == ErrorCode::kLimit));
}
