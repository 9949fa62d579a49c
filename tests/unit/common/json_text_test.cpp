// SPDX-License-Identifier: Apache-2.0
#include "common/json_text.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "tests/unit/catch.h"

using vedette::bytes_of;
using vedette::json_text;

namespace {

/// True when a strict parser takes it as a JSON string and gives it back.
bool survives_json(const std::string& text) {
    boost::json::error_code error;
    const auto value = boost::json::parse(boost::json::serialize(boost::json::string(text)), error);
    return !error && value.as_string() == text;
}

}  // namespace

TEST_CASE("json_text: valid UTF-8 stays as it is") {
    for (const std::string text : {"", "/etc/passwd", "naïve ☃ 😀", "a\nb\t\"\\", "\x7f", "\\x2d"})
        CHECK(json_text(text) == text);
    CHECK(json_text(std::string("a\0b", 3)) == std::string("a\0b", 3));
}

TEST_CASE("json_text: a byte that is no text becomes U+F7NN") {
    CHECK(json_text("\xff") == "\xef\x9f\xbf");
    CHECK(json_text("\x80") == "\xef\x9e\x80");
    CHECK(json_text("a\xc3(") == "a\xef\x9f\x83(");                         // second byte missing
    CHECK(json_text("\xc0\xaf") == json_text("\xc0") + json_text("\xaf"));  // overlong '/'
    CHECK(json_text("\xed\xa0\x80").size() == 9);                           // a surrogate
    CHECK(json_text("\xf4\x90\x80\x80").size() == 12);                      // beyond U+10FFFF
    CHECK(json_text("\xe2\x98") == json_text("\xe2") + json_text("\x98"));  // cut short
}

TEST_CASE("json_text: its own escape characters in the input are told apart") {
    const std::string fake = "\xef\x9f\xbf";
    CHECK(json_text(fake) != fake);
    CHECK(bytes_of(json_text(fake)) == fake);
}

TEST_CASE("json_text: any bytes give valid JSON and come back") {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        std::string bytes(random() % 12, '\0');
        // Mostly from the bytes that make up long sequences, so that near misses are common.
        static constexpr unsigned char kInteresting[] = {0x00, 0x41, 0x7f, 0x80, 0x9e, 0x9f, 0xa0,
                                                         0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4};
        for (char& byte : bytes)
            byte = static_cast<char>(random() % 2 ? kInteresting[random() % sizeof(kInteresting)]
                                                  : random() % 256);
        const std::string text = json_text(bytes);
        REQUIRE(survives_json(text));
        REQUIRE(bytes_of(text) == bytes);
    }
}
