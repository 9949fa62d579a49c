// SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>

#include <random>

#include "system-probe/packets/dns_message.h"
#include "system-probe/packets/http_head.h"
#include "system-probe/packets/imds.h"
#include "system-probe/packets/socket_filter.h"
#include "system-probe/packets/tls_version.h"
#include "tests/unit/catch.h"
#include "vedette/v1/event.pb.h"

namespace vedette::probe {
namespace {

using namespace std::string_literals;

/// Header with one question, then whatever is given.
std::string dns(uint16_t flags, uint16_t answers, const std::string& rest) {
    std::string out = "\x12\x34"s;
    for (const uint16_t word : {flags, uint16_t{1}, answers, uint16_t{0}, uint16_t{0}}) {
        out += static_cast<char>(word >> 8);
        out += static_cast<char>(word);
    }
    return out + rest;
}

const std::string kQuestion = "\3www\7example\3com\0\0\1\0\1"s;
constexpr uint16_t kResponse = 0x8180;

TEST_CASE("DNS: a question") {
    const auto message = parse_dns_message(dns(0x0100, 0, kQuestion));
    REQUIRE(message);
    CHECK(message->id == 0x1234);
    CHECK_FALSE(message->is_response);
    CHECK(message->question_count == 1);
    CHECK(message->name == "www.example.com");
    CHECK(message->type == 1);
    CHECK(message->qclass == 1);
}

TEST_CASE("DNS: an answer with an alias, compressed names and two families") {
    const auto answers =
        "\xc0\x0c\0\5\0\1\0\0\1\0\0\7\4real\xc0\x10"s  // CNAME real.example.com
        "\xc0\x2d\0\1\0\1\0\0\0\x0a\0\4\x0a\0\0\1"s    // A, TTL 10
        "\xc0\x2d\0\x1c\0\1\0\0\0\x14\0\x10"s +
        std::string(15, '\0') + "\1";
    const auto message = parse_dns_message(dns(kResponse, 3, kQuestion + answers));
    REQUIRE(message);
    CHECK(message->is_response);
    CHECK(message->code == 0);
    CHECK(message->aliases == std::vector<std::string>{"real.example.com"});
    CHECK(message->addresses ==
          std::vector<std::string>{"\x0a\0\0\1"s, std::string(15, '\0') + "\1"});
    CHECK(message->ttl_s == 10);
}

TEST_CASE("DNS: the result of a response") {
    CHECK(parse_dns_message(dns(0x8183, 0, kQuestion))->code == 3);
    CHECK(parse_dns_message(dns(0x0103, 0, kQuestion))->code == 0);
}

TEST_CASE("DNS: an EDNS record adds to the result") {
    const auto answer = "\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\x0a\0\0\1"s;
    const auto authority = "\xc0\x0c\0\2\0\1\0\0\0\x0a\0\2\xc0\x0c"s;
    const auto options = "\0\0\x29\x10\0\1\x23\0\0\0\2ab"s;  // extended code 1, version 0x23
    auto message = dns(0x8180, 1, kQuestion + answer + authority + options);
    message[9] = 1;
    message[11] = 1;
    CHECK(parse_dns_message(message)->code == 16);
    CHECK(parse_dns_message(message)->addresses.size() == 1);
    CHECK(parse_dns_message(message.substr(0, message.size() - 1))->code == 0);
    message[9] = 0;  // the record is not where the counts say
    CHECK(parse_dns_message(message)->code == 0);
    message[2] = 1;  // a question has no result
    CHECK(parse_dns_message(message)->code == 0);
}

/// A record of type `type` around a handshake message.
std::string tls(uint8_t type, const std::string& version, const std::string& body) {
    return std::string(1, static_cast<char>(type)) + version + std::string(1, '\0') +
           static_cast<char>(body.size()) + body;
}

/// `kind` 1: a client's hello; 2: a server's.
std::string hello(uint8_t kind, const std::string& legacy, const std::string& extensions) {
    const std::string suites = kind == 1 ? "\0\2\x13\1\1\0"s : "\x13\1\0"s;
    const std::string rest = legacy + std::string(32, 'r') + "\0"s + suites + "\0"s +
                             static_cast<char>(extensions.size()) + extensions;
    return std::string(1, static_cast<char>(kind)) + "\0\0"s + static_cast<char>(rest.size()) +
           rest;
}

TEST_CASE("TLS: a hello says which version") {
    const auto name = "\0\0\0\5\0\3\0\0x"s;  // another extension before it
    CHECK(tls_version(tls(22, "\3\1", hello(1, "\3\3", name + "\0\x2b\0\5\4\3\3\3\4"s))) == 0x304);
    CHECK(tls_version(tls(22, "\3\1", hello(1, "\3\3", "\0\x2b\0\5\4\x7a\x7a\3\2"s))) == 0x302);
    CHECK(tls_version(tls(22, "\3\3", hello(2, "\3\3", "\0\x2b\0\2\3\4"s))) == 0x304);
    CHECK(tls_version(tls(22, "\3\1", hello(1, "\3\2", ""))) == 0x302);
    CHECK(tls_version(tls(22, "\3\1", hello(1, "\x5a\2", ""))) == 0x301);
}

TEST_CASE("TLS: other records say what they say, and what is none has no version") {
    CHECK(tls_version(tls(23, "\3\3", "data")) == 0x303);
    CHECK(tls_version(tls(22, "\3\2", "\xb\0\0\0"s)) == 0x302);
    CHECK(tls_version("") == 0);
    CHECK(tls_version("GET / HTTP/1.1\r\n") == 0);
    CHECK(tls_version(tls(23, "\3\5", "data")) == 0);
    CHECK(tls_version(tls(23, "\3\3", "")) == 0);
    CHECK(tls_version("\x17\3\3\xff\xff"s) == 0);
    const std::string whole = tls(22, "\3\1", hello(1, "\3\3", "\0\x2b\0\3\2\3\4"s));
    for (size_t size = 0; size < whole.size(); ++size) {
        const uint16_t version = tls_version(whole.substr(0, size));
        CHECK((version == 0 || version == 0x301 || version == 0x303));
    }
}

TEST_CASE("DNS: what is sound before the damage is kept") {
    CHECK_FALSE(parse_dns_message(""));
    CHECK_FALSE(parse_dns_message(dns(0, 0, "").substr(0, 11)));
    CHECK(parse_dns_message(dns(0, 0, ""))->name.empty());
    const auto answer = "\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\x0a\0\0\1"s;
    const auto cut =
        parse_dns_message(dns(kResponse, 9, kQuestion + answer + answer.substr(0, 12)));
    CHECK(cut->name == "www.example.com");
    CHECK(cut->addresses.size() == 1);
}

TEST_CASE("DNS: compression that would never end") {
    const auto name = [](const std::string& rest) {
        return parse_dns_message(dns(0, 0, rest + "\0\1\0\1"s))->name;
    };
    CHECK(name("\xc0\x0c"s).empty());                    // to itself
    CHECK(name("\xc0\x0e\xc0\x0c"s).empty());            // forwards and back
    CHECK(name("\1a\xc0\x0c"s).empty());                 // to where this name begins
    CHECK(name("\xff\xff"s).empty());                    // beyond the end
    CHECK(name("\x40" + std::string(64, 'x')).empty());  // a kind of label that is none
    std::string longest;
    for (int i = 0; i < 5; ++i)
        longest += "\x3f" + std::string(63, 'x');
    CHECK(name(longest + "\0"s).empty());  // more than 255 bytes
}

TEST_CASE("DNS: a dot inside a label is no end of a label") {
    const auto message = parse_dns_message(dns(0, 0, "\4a.b\\\1c\0\0\1\0\1"s));
    CHECK(message->name == "a\\.b\\\\.c");
}

TEST_CASE("DNS: lists are short whatever the packet says") {
    std::string answers;
    for (int i = 0; i < 300; ++i)
        answers += "\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\x0a\0\0\1"s;
    for (int i = 0; i < 100; ++i)
        answers += "\xc0\x0c\0\5\0\1\0\0\0\x0a\0\2\xc0\x0c"s;
    const auto message = parse_dns_message(dns(kResponse, 0xffff, kQuestion + answers));
    CHECK(message->addresses.size() == DnsMessage::kMaxAddresses);
    CHECK(message->aliases.size() <= DnsMessage::kMaxAliases);
}

TEST_CASE("DNS: random damage never crashes") {
    const auto good = dns(kResponse, 2, kQuestion + "\xc0\x0c\0\5\0\1\0\0\1\0\0\7\4real\xc0\x10"s);
    std::mt19937 random(1);  // NOLINT: the same damage each time
    for (int i = 0; i < 20000; ++i) {
        auto damaged = good.substr(0, random() % (good.size() + 1));
        for (int n = 0; n < 3 && !damaged.empty(); ++n)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        if (const auto message = parse_dns_message(damaged))
            CHECK(message->name.size() <= 510);
    }
}

TEST_CASE("HTTP: request and response") {
    const auto request =
        parse_http_head("GET /a?b HTTP/1.1\r\nHost: h\r\nUSER-agent:  u v \r\n\r\nrest");
    REQUIRE(request);
    CHECK_FALSE(request->is_response);
    CHECK(request->method == "GET");
    CHECK(request->target == "/a?b");
    CHECK(request->header("host") == "h");
    CHECK(request->header("User-Agent") == "u v");
    CHECK_FALSE(request->header("Server"));
    CHECK(request->body == "rest");
    const auto response = parse_http_head("HTTP/1.0 200 OK\nServer:s\n\nx");
    REQUIRE(response);
    CHECK(response->is_response);
    CHECK(response->header("Server") == "s");
    CHECK(response->body == "x");
}

TEST_CASE("HTTP: cut and hostile heads") {
    CHECK(parse_http_head("GET /cut/he")->target == "/cut/he");
    CHECK(parse_http_head("GET /a b HTTP/1.1\r\n")->target == "/a b");
    CHECK(parse_http_head("GET / HTTP/1.1\r\nno colon\r\nA: b")->header("a") == "b");
    for (const char* none : {"", " ", "get / HTTP/1.1", "GET", "GET ", "\x16\x03\x01", "A/B /"})
        CHECK_FALSE(parse_http_head(none));
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 1000; ++i)
        many += "A: b\r\n";
    CHECK(parse_http_head(many)->headers.size() == HttpHead::kMaxHeaders);
}

v1::Imds imds(std::string_view payload) {
    v1::Imds out;
    fill_imds(out, payload);
    return out;
}

TEST_CASE("metadata service: the clouds are told apart") {
    const auto provider = [](const std::string& head) {
        return imds(head + "\r\n\r\n").cloud_provider();
    };
    CHECK(provider("GET /latest/meta-data/ HTTP/1.1") == "aws");
    CHECK(provider("GET http://169.254.169.254/latest/ HTTP/1.1") == "aws");
    CHECK(provider("GET /computeMetadata/v1/ HTTP/1.1") == "gcp");
    CHECK(provider("GET / HTTP/1.1\r\nMetadata-Flavor: Google") == "gcp");
    CHECK(provider("GET /metadata/instance?api-version=2021 HTTP/1.1\r\nMetadata: true") ==
          "azure");
    CHECK(provider("GET /instance_identity/v1/token HTTP/1.1\r\nMetadata-Flavor: ibm") == "ibm");
    CHECK(provider("GET /opc/v2/instance/ HTTP/1.1") == "oracle");
    CHECK(provider("GET / HTTP/1.1").empty());
    CHECK(provider("HTTP/1.1 200 OK\r\nServer: EC2ws") == "aws");
    CHECK(provider("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google") == "gcp");
    CHECK(provider("HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0") == "azure");
}

TEST_CASE("metadata service: version 2 and the type of credentials, never the credentials") {
    CHECK_FALSE(imds("GET /latest/ HTTP/1.1\r\n\r\n").aws().is_imds_v2());
    CHECK(imds("GET /latest/ HTTP/1.1\r\nx-aws-ec2-metadata-token: t\r\n\r\n").aws().is_imds_v2());
    const auto answer = imds(
        "HTTP/1.1 200 OK\r\nServer: EC2ws\r\n\r\n{\"Type\" : \"AWS-HMAC\", "
        "\"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"SECRET\"}");
    CHECK(answer.type() == "response");
    CHECK(answer.aws().security_credentials_type() == "AWS-HMAC");
    CHECK_THAT(answer.SerializeAsString(), !ContainsSubstring("SECRET"));
    CHECK_THAT(answer.SerializeAsString(), !ContainsSubstring("KEY"));
    for (const char* odd : {"\"AccessKeyId\" \"Type\"",
                            "\"AccessKeyId\" \"Type\":", "\"AccessKeyId\" \"Type\": \"cut"}) {
        CHECK(imds("HTTP/1.1 200 OK\r\n\r\n"s + odd).aws().security_credentials_type().empty());
    }
    CHECK(imds("\x16\x03 no HTTP").type().empty());
}

std::string code_of(const std::vector<sock_filter>& code) {
    return {reinterpret_cast<const char*>(code.data()), code.size() * sizeof(sock_filter)};
}

TEST_CASE("socket filter: as text, with the constants it uses") {
    const auto filter = read_socket_filter(code_of({
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 3),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x800),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_JMP | BPF_JA, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
    }));
    CHECK(filter.text ==
          "ldh [12]\njeq #0x800, 2, 5\nldxb 4*([14]&0xf)\nldh [x + 16]\nand #0x800\ntax\nja 7\n"
          "ret #0xffff");
    CHECK(filter.immediates == std::vector<uint32_t>{0x800});
    CHECK_FALSE(filter.is_text_cut);
}

TEST_CASE("socket filter: any bytes become text of a bounded length") {
    std::mt19937 random(1);  // NOLINT: the same code each time
    std::string code(8 * 2048 + 3, '\0');
    for (char& byte : code)
        byte = static_cast<char>(random());
    const auto filter = read_socket_filter(code);
    CHECK(filter.is_text_cut);
    CHECK(filter.text.size() <= SocketFilter::kMaxText);
    CHECK(read_socket_filter("short").text.empty());
}

TEST_CASE("socket filter: sha256") {
    CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace vedette::probe
