// SPDX-License-Identifier: Apache-2.0
#include "system-probe/cli/check.h"

#include <boost/json.hpp>

#include "common/os/fd.h"
#include "system-probe/app/host_facts.h"
#include "system-probe/stream/log_limit.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

TEST_CASE("the check says what is picked, what is weaker and what is missing") {
    CheckReport report{
        .kernel = "6.1", .arch = "x86_64", .lockdown = "none", .btf = true, .root = true};
    CHECK_FALSE(report.ok());  // nothing at all
    report.hooks = {{"exec", "trampoline", {"a", "b"}, "full", "", {{"64-bit", true, ""}}},
                    {"open",
                     "tracepoint",
                     {"c"},
                     "partial",
                     "a reason",
                     {{"64-bit", true, ""}, {"io_uring", false, "blind"}}}};
    report.lsm = {"lockdown", "yama"};
    CHECK(report.ok());
    const auto text = to_text(report);
    CHECK_THAT(text, ContainsSubstring("exec           full     trampoline  a b\n"));
    CHECK_THAT(text, ContainsSubstring("a reason"));
    const auto json = boost::json::parse(to_json(report)).as_object();
    CHECK(json.at("ok").as_bool());
    CHECK(json.at("events").at(1).at("reason").as_string() == "a reason");
    CHECK(json.at("events").at(1).at("status").as_string() == "partial");
    CHECK(json.at("backend").as_string() == "trampoline");
    CHECK(json.at("lsm").at(1).as_string() == "yama");
    const auto& last = json.at("coverage").as_array().back().as_object();
    CHECK(last.at("operation").as_string() == "open");
    CHECK(last.at("entry").as_string() == "io_uring");
    CHECK_FALSE(last.at("seen").as_bool());
    CHECK_THAT(text, ContainsSubstring("open           seen     -        UNSEEN   -"));
    report.hooks.push_back({"fork", "", {}, "missing", "no", {}});
    CHECK_FALSE(report.ok());
}

TEST_CASE("the check of a host without BPF names the problem") {
    const CheckReport report{.kernel = "4.4", .problem = "no BTF"};
    CHECK_FALSE(report.ok());
    CHECK_THAT(to_text(report), ContainsSubstring("Nothing can be loaded: no BTF"));
}

TEST_CASE("the security modules") {
    const test::TempDir dir;
    const auto path = dir / "lsm";
    CHECK(kernel_lsms(path).empty());
    REQUIRE(write_file_atomic(path, "lockdown,capability,bpf\n", 0444));
    CHECK(kernel_lsms(path) == std::vector<std::string>{"lockdown", "capability", "bpf"});
}

TEST_CASE("the lockdown state") {
    const test::TempDir dir;
    const auto path = dir / "lockdown";
    CHECK(kernel_lockdown(path) == "unknown");
    REQUIRE(write_file_atomic(path, "none [integrity] confidentiality\n", 0444));
    CHECK(kernel_lockdown(path) == "integrity");
    REQUIRE(write_file_atomic(path, "]x[\n", 0444));
    CHECK(kernel_lockdown(path) == "unknown");
}

TEST_CASE(
    "a log line that an attacker can cause comes once in a while, with the count of the others") {
    LogLimit limit(std::chrono::seconds(10));
    const auto start = std::chrono::steady_clock::now();
    CHECK(limit.allow(start));
    CHECK(limit.suffix().empty());
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(limit.allow(start + std::chrono::seconds(i)));
    CHECK(limit.allow(start + std::chrono::seconds(10)));
    CHECK(limit.suffix() == " (5 more like this)");
}

}  // namespace
}  // namespace vedette::probe
