// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/engine/golden.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "tests/unit/catch.h"

namespace vedette::engine::test {
namespace {

/// One member a line, in the order they were written.
void pretty(const boost::json::value& value, const std::string& indent, std::string& out) {
    const auto members = [&](const auto& items, char open, char close, auto print) {
        out += open;
        bool first = true;
        for (const auto& item : items) {
            out += first ? "\n" : ",\n";
            first = false;
            out += indent + "  ";
            print(item);
        }
        if (!first)
            out += "\n" + indent;
        out += close;
    };
    if (value.is_object())
        members(value.get_object(), '{', '}', [&](const auto& member) {
            out += boost::json::serialize(boost::json::string(member.key())) + ": ";
            pretty(member.value(), indent + "  ", out);
        });
    else if (value.is_array())
        members(value.get_array(), '[', ']',
                [&](const auto& item) { pretty(item, indent + "  ", out); });
    else
        out += boost::json::serialize(value);
}

}  // namespace

void check_golden(const std::string& name, const std::string& line) {
    std::string actual;
    pretty(boost::json::parse(line), "", actual);
    actual += "\n";
    std::ifstream in(VEDETTE_SOURCE_DIR "/tests/golden/engine/" + name + ".json");
    std::stringstream golden;
    golden << in.rdbuf();
    if (golden.str() != actual)
        std::ofstream(name.substr(name.rfind('/') + 1) + ".actual.json") << actual;
    CHECK(golden.str() == actual);
}

}  // namespace vedette::engine::test
