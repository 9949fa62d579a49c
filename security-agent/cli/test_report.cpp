// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/test_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "common/log.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::cli {
namespace {

using replay::TestFailure;
using replay::TestResult;
using replay::Untested;

std::string place_of(const TestFailure& failure) {
    return fmt::format("{}:{}", failure.file, failure.line);
}

std::string what_is_missing(const Untested& rule) {
    return rule.positive   ? "no test that it does not match (excludes)"
           : rule.negative ? "no test that it matches (expect, includes)"
                           : "no test";
}

/// '#' begins a directive in TAP.
std::string tap_text(std::string_view text) {
    std::string out = printable(text);
    std::replace(out.begin(), out.end(), '#', ' ');
    return out;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

std::string xml(std::string_view text) {
    std::string out;
    for (const char c : secl::valid_utf8(printable(text))) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string junit_case(const TestResult& result) {
    std::string out = fmt::format(R"(    <testcase classname="{}" name="{}" time="0")",
                                  xml(result.file), xml(result.name));
    if (result.ok())
        return out + "/>\n";
    out += ">\n";
    for (const TestFailure& failure : result.failures)
        out += fmt::format("      <failure message=\"{}\">{}: event {}</failure>\n",
                           xml(failure.message), xml(place_of(failure)), failure.step);
    return out + "    </testcase>\n";
}

}  // namespace

size_t TestReport::failures() const {
    return static_cast<size_t>(std::count_if(
        results.begin(), results.end(), [](const TestResult& result) { return !result.ok(); }));
}

std::string to_tap(const TestReport& report) {
    const size_t total = report.results.size() + report.untested.size();
    std::string out = fmt::format("TAP version 13\n1..{}\n", total);
    size_t number = 0;
    for (const TestResult& result : report.results) {
        out += fmt::format("{} {} - {}\n", result.ok() ? "ok" : "not ok", ++number,
                           tap_text(result.name));
        if (result.ok())
            continue;
        out += "  ---\n  failures:\n";
        for (const TestFailure& failure : result.failures)
            out += fmt::format("    - {{at: {}, event: {}, message: {}}}\n",
                               quoted(place_of(failure)), failure.step, quoted(failure.message));
        out += "  ...\n";
    }
    for (const Untested& rule : report.untested)
        out += fmt::format("not ok {} - rule {}: {}\n", ++number, tap_text(rule.rule),
                           what_is_missing(rule));
    out += fmt::format("# {} passed, {} failed", report.results.size() - report.failures(),
                       report.failures());
    if (report.coverage)
        out += fmt::format(", {} rules without their tests", report.untested.size());
    return out + "\n";
}

std::string to_junit(const TestReport& report) {
    std::map<std::string, std::vector<const TestResult*>> by_file;
    for (const TestResult& result : report.results)
        by_file[result.file].push_back(&result);
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out += fmt::format("<testsuites tests=\"{}\" failures=\"{}\">\n",
                       report.results.size() + report.untested.size(),
                       report.failures() + report.untested.size());
    for (const auto& [file, results] : by_file) {
        const auto failed = std::count_if(results.begin(), results.end(),
                                          [](const TestResult* result) { return !result->ok(); });
        out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", xml(file),
                           results.size(), failed);
        for (const TestResult* result : results)
            out += junit_case(*result);
        out += "  </testsuite>\n";
    }
    if (!report.untested.empty()) {
        out += fmt::format("  <testsuite name=\"coverage\" tests=\"{0}\" failures=\"{0}\">\n",
                           report.untested.size());
        for (const Untested& rule : report.untested)
            out += fmt::format(
                "    <testcase classname=\"coverage\" name=\"{}\" time=\"0\">\n"
                "      <failure message=\"{}\"/>\n    </testcase>\n",
                xml(rule.rule), what_is_missing(rule));
        out += "  </testsuite>\n";
    }
    return out + "</testsuites>\n";
}

std::string to_json_text(const TestReport& report) {
    boost::json::array tests;
    for (const TestResult& result : report.results) {
        boost::json::array failures;
        for (const TestFailure& failure : result.failures)
            failures.push_back({{"event", failure.step},
                                {"line", failure.line},
                                {"message", secl::valid_utf8(failure.message)}});
        tests.push_back({{"name", secl::valid_utf8(result.name)},
                         {"file", secl::valid_utf8(result.file)},
                         {"line", result.line},
                         {"ok", result.ok()},
                         {"failures", std::move(failures)}});
    }
    boost::json::object out;
    out["tests"] = std::move(tests);
    out["passed"] = report.results.size() - report.failures();
    out["failed"] = report.failures();
    if (report.coverage) {
        boost::json::array untested;
        for (const Untested& rule : report.untested)
            untested.push_back({{"rule", secl::valid_utf8(rule.rule)},
                                {"positive", rule.positive},
                                {"negative", rule.negative}});
        out["untested"] = std::move(untested);
    }
    return boost::json::serialize(out) + "\n";
}

}  // namespace vedette::cli
