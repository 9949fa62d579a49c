// SPDX-License-Identifier: Apache-2.0
//
// The engine's small parts: scrubber, rate limiter, names.
#include <fcntl.h>

#include "security-agent/engine/names.h"
#include "security-agent/engine/rate_limiter.h"
#include "security-agent/engine/scrubber.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

using Strings = std::vector<std::string>;

Strings scrubbed(const std::vector<std::string_view>& arguments) {
    return scrub(arguments);
}

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

TEST_CASE("scrubber: values of secrets are hidden") {
    CHECK(scrubbed({"--password=hunter2"}) == Strings{"--password=********"});
    CHECK(scrubbed({"--password", "hunter2", "x"}) == Strings{"--password", "********", "x"});
    CHECK(scrubbed({"MYSQL_PWD=a b"}) == Strings{"MYSQL_PWD=********"});
    CHECK(scrubbed({"AWS_SECRET_ACCESS_KEY=abc"}) == Strings{"AWS_SECRET_ACCESS_KEY=********"});
    CHECK(scrubbed({"https://bob:pw@host/x?api_key=123&b=2"}) ==
          Strings{"https://bob:********@host/x?api_key=********&b=2"});
    CHECK(scrubbed({"postgres://u:p1@a/x postgres://u:p2@b/y"}) ==
          Strings{"postgres://u:********@a/x postgres://u:********@b/y"});
    CHECK(scrubbed({"-H", "Authorization: Bearer abc.def"}) ==
          Strings{"-H", "Authorization: Bearer ********"});
    CHECK(scrubbed({"-c", "A=1 PASSWORD=x run"}) == Strings{"-c", "A=1 PASSWORD=******** run"});
    CHECK(scrubbed({R"({"password":"x","user":"bob"})"}) ==
          Strings{R"({"password":"********","user":"bob"})"});
    CHECK(scrubbed({"--token", "t"}) == Strings{"--token", "********"});
}

TEST_CASE("scrubber: everything else is untouched") {
    const std::vector<std::string_view> plain = {"/etc/passwd",
                                                 "-p",
                                                 "8080",
                                                 "--tokenize",
                                                 "a",
                                                 "http://host:80/x",
                                                 "git@host:repo",
                                                 "",
                                                 "--password",
                                                 "--verbose",
                                                 "=",
                                                 "key=value",
                                                 ":",
                                                 "--",
                                                 "PASSWORD=",
                                                 "x=\xff",
                                                 "\"",
                                                 "user@host:/secret"};
    const Strings out = scrubbed(plain);
    for (size_t i = 0; i < plain.size(); ++i)
        CHECK(out[i] == plain[i]);
}

TEST_CASE("rate limiter: burst, then one a period") {
    RateLimiter limiter;
    const RateLimiter::Limit limit{3, kSecond};
    int64_t now = 5 * kSecond;
    for (int i = 0; i < 3; ++i)
        CHECK(limiter.allow("r", "", limit, now));
    CHECK_FALSE(limiter.allow("r", "", limit, now));
    now += kSecond - 1;
    CHECK_FALSE(limiter.allow("r", "", limit, now));
    now += 1;
    CHECK(limiter.allow("r", "", limit, now));
    CHECK_FALSE(limiter.allow("r", "", limit, now));
    now += 100 * kSecond;  // never more than the burst
    for (int i = 0; i < 3; ++i)
        CHECK(limiter.allow("r", "", limit, now));
    CHECK_FALSE(limiter.allow("r", "", limit, now));
    CHECK(limiter.allow("other", "", limit, now));
}

TEST_CASE("rate limiter: a steady stream at the rate is never held back") {
    RateLimiter limiter;
    const RateLimiter::Limit limit{1, kSecond};
    for (int64_t i = 0; i < 1000; ++i)
        CHECK(limiter.allow("r", "", limit, i * kSecond));
}

TEST_CASE("rate limiter: a bucket for each token, the oldest goes") {
    RateLimiter limiter;
    const RateLimiter::Limit limit{1, kSecond};
    CHECK(limiter.allow("r", "a", limit, 0));
    CHECK(limiter.allow("r", "b", limit, 0));
    CHECK_FALSE(limiter.allow("r", "a", limit, 0));
    for (size_t i = 0; i < RateLimiter::kMaxTokens - 1; ++i)
        CHECK(limiter.allow("r", "t" + std::to_string(i), limit, 0));
    CHECK_FALSE(limiter.allow("r", "a", limit, 0));  // used recently: still known
    CHECK(limiter.allow("r", "b", limit, 0));        // forgotten
}

TEST_CASE("rate limiter: another limit starts afresh") {
    RateLimiter limiter;
    CHECK(limiter.allow("r", "", {1, kSecond}, 0));
    CHECK_FALSE(limiter.allow("r", "", {1, kSecond}, 0));
    CHECK(limiter.allow("r", "", {2, kSecond}, 0));
}

TEST_CASE("names: open flags") {
    CHECK(open_flag_names(0) == Strings{"O_RDONLY"});
    CHECK(open_flag_names(O_WRONLY | O_CREAT) == Strings{"O_WRONLY", "O_CREAT"});
    CHECK(open_flag_names(O_RDONLY | O_CLOEXEC) == Strings{"O_CLOEXEC"});
    CHECK(open_flag_names(O_RDWR | O_SYNC) == Strings{"O_RDWR", "O_SYNC"});
    CHECK(open_flag_names(O_TMPFILE | O_RDWR) == Strings{"O_RDWR", "O_TMPFILE"});
    CHECK(open_flag_names(0x80000000U) == Strings{"O_RDONLY", "0x80000000"});
}

TEST_CASE("names: capabilities, families, protocols, causes") {
    CHECK(capability_names(0).empty());
    CHECK(capability_names(1ULL << 21 | 1) == Strings{"CAP_CHOWN", "CAP_SYS_ADMIN"});
    CHECK(capability_names(1ULL << 40) == Strings{"CAP_CHECKPOINT_RESTORE"});
    CHECK(capability_names(1ULL << 63) == Strings{"CAP_63"});
    CHECK(name_of("address_family", 2) == "AF_INET");
    CHECK(name_of("address_family", 999) == "999");
    CHECK(name_of("l4_protocol", 17) == "IP_PROTO_UDP");
    CHECK(name_of("exit_cause", 2) == "SIGNALED");
}

TEST_CASE("names: bits and numbers among them") {
    CHECK(flag_names("clone_flags", 0).empty());
    CHECK(flag_names("clone_flags", 0x10020000) == Strings{"CLONE_NEWNS", "CLONE_NEWUSER"});
    CHECK(flag_names("unlink_flags", 0x201) == Strings{"AT_REMOVEDIR", "0x1"});
    CHECK(flag_text("prot", 0) == "PROT_NONE");
    CHECK(flag_text("prot", 7) == "PROT_READ | PROT_WRITE | PROT_EXEC");
    CHECK(flag_text("pipe_buffer_flags", 0) == "0");
    CHECK(flag_text("vm_flags", 1ULL << 40 | 4) == "VM_EXEC | 0x10000000000");
    CHECK(map_flag_text(0) == "0");
    CHECK(map_flag_text(0x22) == "MAP_PRIVATE | MAP_ANONYMOUS");
    CHECK(map_flag_text(0x03) == "MAP_SHARED_VALIDATE");
    CHECK(map_flag_text(0x40000 | 21U << 26 | 1) == "MAP_SHARED | MAP_HUGETLB | MAP_HUGE_2MB");
}

TEST_CASE("names: what a number means depends on another") {
    CHECK(socket_option_name(1, 26) == "SO_ATTACH_FILTER");
    CHECK(socket_option_name(6, 1) == "TCP_NODELAY");
    CHECK(socket_option_name(0, 1) == "IP_TOS");
    CHECK(socket_option_name(41, 26) == "IPV6_V6ONLY");
    CHECK(socket_option_name(1, 9999) == "9999");
    CHECK(socket_option_name(17, 1) == "1");
    CHECK(icmp_type_name(1, 3) == "ICMP_DEST_UNREACH");
    CHECK(icmp_type_name(58, 3) == "ICMPV6_TIME_EXCEED");
    CHECK(icmp_type_name(6, 3).empty());
    CHECK(socket_protocol_name(2, 6) == "IP_PROTO_TCP");
    CHECK(socket_protocol_name(17, 768) == "768");
}
