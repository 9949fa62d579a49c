// SPDX-License-Identifier: Apache-2.0
//
// `runtime policy fields|constants|events`: what they find, as text and as JSON.
#include "security-agent/cli/language_commands.h"

#include <boost/json/parse.hpp>
#include <sstream>

#include "fields.gen.h"
#include "tests/unit/catch.h"

using namespace vedette;

namespace {

struct Outcome {
    int exit_code = 0;
    std::string text;

    boost::json::array json() const { return boost::json::parse(text).as_array(); }
    size_t lines() const { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }
};

Outcome fields(const std::string& pattern, bool json = false) {
    std::ostringstream out;
    const int code = cli::run_fields({pattern, json}, engine::field_table(), out);
    return {code, out.str()};
}

Outcome constants(const std::string& pattern, bool json = false) {
    std::ostringstream out;
    const int code = cli::run_constants({pattern, json}, out);
    return {code, out.str()};
}

Outcome events(const std::string& pattern, bool json = false) {
    std::ostringstream out;
    const int code = cli::run_events({pattern, json}, engine::field_table(), out);
    return {code, out.str()};
}

}  // namespace

TEST_CASE("fields: by part of a name, by pattern, by older name") {
    CHECK(fields("").lines() == 2314);
    const Outcome flags = fields("open.flags");
    CHECK(flags.exit_code == 0);
    CHECK(flags.text == "open.flags  int  Flags of the call. Constants: open_flags.\n");
    CHECK(fields("OPEN.FLAGS").text == flags.text);
    CHECK(fields("open.fl*").text == flags.text);
    CHECK_THAT(fields("open.filename").text, StartsWith("open.file.path  string"));
    CHECK_THAT(fields("event.signature").text,
               ContainsSubstring("Empty so far: events are not signed."));
    const Outcome nothing = fields("nonesuch");
    CHECK(nothing.exit_code == 1);
    CHECK(nothing.text.empty());
    CHECK(fields("[a-z]").exit_code == 1);  // '*' alone means something
    CHECK(fields("\\").exit_code == 1);
}

TEST_CASE("fields: as JSON") {
    const boost::json::array found = fields("network.source.ip", true).json();
    REQUIRE(found.size() == 1);
    CHECK(found[0].at("type") == "ip");
    CHECK(found[0].at("events") == boost::json::array{"dns", "imds", "packet"});
    const boost::json::array path = fields("open.file.path", true).json();
    REQUIRE(path.size() == 2);  // and its length
    CHECK(path[0].at("matching") == "path");
    CHECK(path[0].at("older_names") == boost::json::array{"open.filename"});
    CHECK(path[0].at("not_filled") == "");
    CHECK(fields("process.ancestors.comm", true).json()[0].at("iterated") == true);
    CHECK(fields("nonesuch", true).json().empty());
    CHECK(fields("nonesuch", true).exit_code == 1);
}

TEST_CASE("constants: by name and by family") {
    CHECK(constants("O_CREAT").text == "open_flags: Flags of open\n  O_CREAT = 64\n");
    CHECK_THAT(constants("EACCES").text, ContainsSubstring("EACCES = -13"));
    const Outcome family = constants("rlimit");
    CHECK(family.lines() == 17);
    CHECK_THAT(family.text, ContainsSubstring("  RLIMIT_NOFILE = 7\n"));
    CHECK(constants("NO_SUCH_NAME").exit_code == 1);
    const boost::json::array found = constants("CAP_SYS_ADMIN", true).json();
    REQUIRE(found.size() == 1);
    CHECK(found[0].at("value") == 1 << 21);
    CHECK(found[0].at("family") == "capabilities");
}

TEST_CASE("events: all 43") {
    CHECK(events("").lines() == 43);
    CHECK(events("open").text == "open  File Activity  A file was opened.\n");
    CHECK(events("fork").exit_code == 1);  // no rule can name it
    CHECK(events("", true).json().size() == 43);
    CHECK(events("exec", true).json()[0].at("category") == "Process Activity");
}
