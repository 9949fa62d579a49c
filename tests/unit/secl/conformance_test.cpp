// SPDX-License-Identifier: Apache-2.0
//
// Runs tests/golden/secl/*.txt through the compiler and both evaluators. Their format is explained in basics.txt.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "security-agent/secl/compiler.h"
#include "security-agent/secl/ip.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/fake_fields.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

EventTypeId event_type(std::string_view name) {
    for (const EventTypeDef& event : fake_table().events()) {
        if (event.name == name) {
            return event.id;
        }
    }
    FAIL("no event " << name);
    return kAnyEvent;
}

// One "..." with \xNN and \n.
std::string unquote(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n') {
            out += '\n';
            ++i;
        } else if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::vector<std::string> quoted_strings(std::string_view text) {
    std::vector<std::string> out;
    for (size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at)) {
        const size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos) {
            FAIL("a string is not closed: " << text);
        }
        out.push_back(unquote(text.substr(at + 1, end - at - 1)));
        at = end + 1;
    }
    return out;
}

bool set_variable(FakeEvent& event, const std::string& name, const std::string& value) {
    VariableValue& out = event.variables[name];
    std::istringstream words(value);
    std::string word;
    if (value.starts_with('"')) {
        out.strings = quoted_strings(value);
    } else if (value.starts_with("ip ")) {
        for (words >> word; words >> word;) {
            const auto network = parse_network(word);
            out.strings.push_back(network ? bytes_of(*network) : "");
        }
    } else {
        while (words >> word) {
            out.ints.push_back(std::stoll(word));
        }
    }
    return fake_variables().find(name).has_value();
}

void set(FakeEvent& event, const std::string& line) {
    const size_t equals = line.find(" = ");
    const std::string field = line.substr(4, equals - 4);
    const std::string value = line.substr(equals + 3);
    std::istringstream words(value);
    std::string word;
    bool known = false;
    if (field.starts_with("${")) {
        known = set_variable(event, field.substr(2, field.size() - 3), value);
    } else if (value.starts_with('"')) {
        known = event.set_strings(field, quoted_strings(value));
    } else if (value.starts_with("ip ")) {
        std::vector<std::string> addresses;
        for (words >> word; words >> word;) {
            addresses.push_back(ip_bytes(word));
        }
        known = event.set_strings(field, std::move(addresses));
    } else if (value.starts_with("list ")) {
        std::vector<int64_t> numbers;
        for (words >> word; words >> word;) {
            numbers.push_back(std::stoll(word));
        }
        known = event.set_int_list(field, std::move(numbers));
    } else {
        known = event.set_int(field, std::stoll(value));
    }
    if (!known) {
        FAIL("no field " << field);
    }
}

void check(const FakeEvent& event, Truth expected, const std::string& expression) {
    INFO(expression);
    const Outcome outcome = evaluate(expression, event);
    INFO(outcome.diagnostics);
    CHECK(outcome.compiled);
    if (!outcome.compiled) {
        return;
    }
    CHECK(outcome.indexed == (expected == Truth::kTrue));
    CHECK(outcome.undecided == (expected == Truth::kUnknown));
    CHECK(static_cast<int>(outcome.naive) == static_cast<int>(expected));
    CHECK(static_cast<int>(outcome.walked) == static_cast<int>(expected));
}

void check_error(const std::string& message, const std::string& expression,
                 const FakeEvent& event) {
    INFO(expression);
    const Outcome outcome = evaluate(expression, event);
    CHECK_FALSE(outcome.compiled);
    CHECK_THAT(outcome.diagnostics, ContainsSubstring(message));
}

void check_warning(const std::string& message, const std::string& expression,
                   const FakeEvent& event) {
    INFO(expression);
    const Outcome outcome = evaluate(expression, event);
    CHECK(outcome.compiled);
    CHECK_THAT(outcome.diagnostics, ContainsSubstring(message));
}

size_t run_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file);
    FakeEvent event;
    size_t checks = 0;
    size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        INFO(path.filename().string() << ":" << number);
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        ++checks;
        if (line.starts_with("event ")) {
            event = {};
            event.type = event_type(line.substr(6));
        } else if (line == "ancestor") {
            event.ancestors.emplace_back();
        } else if (line == "flow") {
            event.flows.emplace_back();
        } else if (line.starts_with("pending ")) {
            (line == "pending process" ? event.process : event.ancestors.back()).pending = true;
        } else if (line.starts_with("other path ")) {
            event.process.other_paths = quoted_strings(line);
        } else if (line.starts_with("set ")) {
            set(event, line);
        } else if (line.starts_with("true: ")) {
            check(event, Truth::kTrue, line.substr(6));
        } else if (line.starts_with("false: ")) {
            check(event, Truth::kFalse, line.substr(7));
        } else if (line.starts_with("unknown: ")) {
            check(event, Truth::kUnknown, line.substr(9));
        } else if (line.starts_with("warning \"")) {
            const size_t end = line.find("\": ");
            check_warning(line.substr(9, end - 9), line.substr(end + 3), event);
        } else if (line.starts_with("error \"")) {
            const size_t end = line.find("\": ");
            check_error(line.substr(7, end - 7), line.substr(end + 3), event);
        } else {
            FAIL("cannot read: " << line);
        }
    }
    return checks;
}

}  // namespace

TEST_CASE("conformance files") {
    const std::filesystem::path folder =
        std::filesystem::path(VEDETTE_SOURCE_DIR) / "tests/golden/secl";
    CHECK(run_file(folder / "basics.txt") > 180);
    CHECK(run_file(folder / "network.txt") > 80);
    CHECK(run_file(folder / "variables.txt") > 80);
    CHECK(run_file(folder / "registers.txt") > 40);
    CHECK(run_file(folder / "unknown.txt") > 25);
    CHECK(run_file(folder / "special.txt") > 40);
    CHECK(run_file(folder / "sentences.txt") > 80);
}

}  // namespace vedette::secl::test
