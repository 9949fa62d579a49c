// SPDX-License-Identifier: Apache-2.0
//
// JSON as text says the same as the library's tree, byte for byte.
#include "security-agent/engine/json_object.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <limits>
#include <random>

#include "common/json_text.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

std::string text_of(std::string_view bytes) {
    std::string out;
    append_json_string(out, bytes);
    return out;
}

std::string by_library(std::string_view bytes) {
    return boost::json::serialize(boost::json::string(json_text(bytes)));
}

}  // namespace

TEST_CASE("JSON strings: each byte, alone and among others") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string alone(1, static_cast<char>(byte));
        INFO(byte);
        CHECK(text_of(alone) == by_library(alone));
        CHECK(text_of("a" + alone + "\xc3\xa9" + alone) ==
              by_library("a" + alone + "\xc3\xa9" + alone));
    }
    CHECK(text_of("") == "\"\"");
}

TEST_CASE("JSON strings: any bytes") {
    std::mt19937 random(20261122);
    for (int i = 0; i < 20000; ++i) {
        std::string bytes(random() % 12, '\0');
        for (char& byte : bytes)
            byte = static_cast<char>(random());
        CHECK(text_of(bytes) == by_library(bytes));
    }
}

TEST_CASE("JSON objects: members of all kinds, in their order") {
    JsonObject object;
    CHECK(object.empty());
    CHECK(object.text() == "{}");
    object["text"] = "a \"b\"";
    object["yes"] = true;
    object["least"] = std::numeric_limits<int64_t>::min();
    object["most"] = std::numeric_limits<uint64_t>::max();
    object["inner"] = JsonObject{{"port", 443}, {"ip", std::string("::1")}};
    JsonArray list;
    list.push_back("one");
    list.push_back(2);
    object["list"] = list;
    object["nothing"] = JsonArray();
    CHECK(object.text() == R"({"text":"a \"b\"","yes":true,"least":-9223372036854775808,)"
                           R"("most":18446744073709551615,"inner":{"port":443,"ip":"::1"},)"
                           R"("list":["one",2],"nothing":[]})");
}

TEST_CASE("JSON objects: members are put into an inner one, whatever stands before it") {
    JsonObject object;
    object["trap"] = "\"file\":{ \\";
    object["list"] = JsonText{R"([{"file":{"path":"/wrong"}},-1,[]])"};
    object["number"] = 12;
    object["file"] = JsonObject{{"path", "/x}\""}, {"destination", JsonObject{}}};
    object["last"] = true;
    const auto inserted = [&](std::vector<std::string_view> path, std::string_view members) {
        JsonObject copy = object;
        copy.insert(path, members);
        return boost::json::parse(copy.text()).as_object();
    };
    CHECK(inserted({"file"}, R"("a":1,"b":2)").at("file").at("b").as_int64() == 2);
    CHECK(inserted({"file", "destination"}, R"("a":1)").at("file").at("destination").at("a") == 1);
    CHECK(inserted({}, R"("a":1)").at("a") == 1);
    for (const std::string_view nowhere : {"path", "number", "last", "list", "trap", "none"}) {
        INFO(nowhere);
        CHECK(inserted({nowhere}, R"("a":1)") == boost::json::parse(object.text()));
        CHECK(inserted({"file", nowhere}, R"("a":1)") == boost::json::parse(object.text()));
    }
    CHECK(inserted({"file"}, "") == boost::json::parse(object.text()));
}
