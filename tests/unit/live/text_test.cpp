// SPDX-License-Identifier: Apache-2.0
//
// What tail, tree, top and doctor write.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "security-agent/cli/findings.h"
#include "security-agent/cli/json_read.h"
#include "security-agent/cli/tail_command.h"
#include "security-agent/cli/top_frame.h"
#include "security-agent/cli/tree_command.h"
#include "tests/unit/catch.h"

namespace vedette::cli {
namespace {

boost::json::object parsed(std::string_view text) {
    return boost::json::parse(text).as_object();
}

}  // namespace

TEST_CASE("a tree shows ancestors, the process and its branches") {
    const auto lineage = parsed(R"({"lineage":[
        {"pid":1,"comm":"init","user":"root","exec_time":"2026-11-20T08:00:00.5Z","argv0":"/sbin/init"},
        {"pid":20,"comm":"sh","uid":1000,"fork_time":"2026-11-22T09:00:00Z","argv0":"sh","args":["-c","a b"],
         "container":{"id":"0123456789abcdef"}}],
      "descendants":[
        {"depth":1,"pid":21,"comm":"cat","user":"root","exec_time":"2026-11-22T09:00:01Z","exit_time":"2026-11-22T09:00:02Z"},
        {"depth":2,"pid":22,"comm":"x"},{"depth":1,"pid":23,"comm":"y"}],"truncated":true})");
    CHECK(tree_text(lineage, Style{}, 0, "2026-11-22") ==
          "init(1)  root  since 2026-11-20 08:00:00  /sbin/init\n"
          "└─ sh(20)  uid 1000  since 09:00:00  container 0123456789ab  sh -c a b\n"
          "   ├─ cat(21)  root  since 09:00:01  exited 09:00:02  \n"
          "   │  └─ x(22)  uid 0  \n"
          "   └─ y(23)  uid 0  \n"
          "(more processes below are not shown)\n");
}

TEST_CASE("what a process chose does not reach the terminal as it is") {
    const auto lineage = parsed(
        R"({"lineage":[{"pid":1,"comm":"\u001b[2J","user":"\u009b31m","argv0":"a\nb","args":["\u001b]0;x\u0007"]}]})");
    const std::string text = tree_text(lineage, Style{}, 0, "");
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\xc2\x9b") == std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(harmless_json("{\"a\":\"\xc2\x9b \x7f\"}") == R"({"a":"\u009b \u007f"})");
}

TEST_CASE("answers that make no sense give no tree and no crash") {
    for (const char* text :
         {"{}", R"({"lineage":7})", R"({"lineage":[7,null,[]],"descendants":[{"depth":99},{}]})"})
        CHECK_NOTHROW(tree_text(parsed(text), Style{true}, 20, ""));
}

TEST_CASE("text is cut to the width of the window, whole characters") {
    CHECK(fitted("abc", 5) == "abc  ");
    CHECK(fitted("abcdef", 4) == "abc…");
    CHECK(fitted("äöüß", 3) == "äö…");
    CHECK(fitted("äöü", 3) == "äöü");
}

TEST_CASE("a picture of top is made of differences") {
    const auto before = parsed(R"({"timeNs":1000000000,"connected":true,"alerts":5,
        "probe":{"types":[{"type":"open","seen":100,"filtered":50,"discarded":0,"delivered":"50","lost":0}],
                 "costsCounted":true,"programs":[{"name":"p","type":"open","runs":10,"ns":1000}]},
        "rules":[{"id":"r","hits":1,"alerts":1,"costNs":100,"timed":1}],"timedEvery":256,
        "programs":[{"name":"/bin/a","events":1}]})");
    const auto after = parsed(R"({"timeNs":3000000000,"connected":true,"alerts":9,
        "probe":{"types":[{"type":"open","seen":300,"filtered":150,"discarded":20,"delivered":"120","lost":10}],
                 "costsCounted":true,"programs":[{"name":"p","type":"open","runs":30,"ns":41000}]},
        "rules":[{"id":"r","hits":5,"alerts":3,"costNs":100,"timed":11},{"id":"idle"}],"timedEvery":256,
        "programs":[{"name":"/bin/a","events":11},{"name":"/bin/\u001b[1m","events":4}]})");
    const auto frame = make_frame(before, after);
    CHECK(boost::json::serialize(frame.at("types")) ==
          R"([{"name":"open","seen":1E2,"filtered":6E1,"delivered":3.5E1,"lost":5E0}])");
    CHECK(frame.at("rules").as_array().size() == 1);
    CHECK(frame.at("rules").at(0).at("hits").as_double() == 2);
    CHECK(frame.at("hooks").at(0).at("ns").as_double() == 2000);
    CHECK(frame.at("totals").at("alerts").as_double() == 2);
    const std::string page = frame_text(frame, {30, 80}, Style{});
    CHECK(page.find("5/s lost (10 so far)") != std::string::npos);
    CHECK(page.find('\x1b') == std::string::npos);
    CHECK(static_cast<size_t>(std::count(page.begin(), page.end(), '\n')) < 30);
}

TEST_CASE("top says what is missing, and how to have it") {
    const auto silent = parsed(R"({"probe":{"error":"does not answer"}})");
    const std::string page = frame_text(make_frame(silent, silent), {0, 100}, Style{});
    CHECK(page.find("does not answer") != std::string::npos);
    const auto uncounted = parsed(R"({"probe":{"types":[]}})");
    const std::string other = frame_text(make_frame(uncounted, uncounted), {0, 100}, Style{});
    CHECK(other.find("kernel.bpf_stats_enabled=1") != std::string::npos);
}

TEST_CASE("a diagnosis ends with its worst finding") {
    Findings findings;
    findings.ok("a", "well");
    CHECK(findings.exit_code() == 0);
    findings.warn("a", "less \x1b[1m well", "mend");
    CHECK(findings.exit_code() == 4);
    findings.fail("b", "not at all", "");
    CHECK(findings.exit_code() == 1);
    CHECK(findings_text(findings, Style{}) ==
          "a\n  ok    well\n  warn  less \\x1b[1m well\n        -> mend\nb\n  fail  not at all\n\n"
          "1 ok, 1 warnings, 1 failures\n");
}

TEST_CASE("the stream is asked for what the options say") {
    TailOptions options;
    options.events = true;
    options.rule = "a b";
    options.pid = 7;
    CHECK(tail_target(options, true) == "/agent/events/stream?kind=all&newest=10&rule=a%20b&pid=7");
    CHECK(tail_target(options, false) == "/agent/events/stream?kind=all&rule=a%20b&pid=7");
}

}  // namespace vedette::cli
