// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/sse_reader.h"

#include <vector>

#include "tests/unit/catch.h"

namespace vedette::cli {
namespace {

const std::string kStream =
    "retry: 2000\nid: a-1\nevent: hello\ndata: {}\n\n: still here\n\n"
    "id: a-2\r\nevent: alert\r\ndata: one\r\n\r\ndata: first\ndata:second\n\nevent: empty\n\nid: "
    "a-3\nevent: al";

std::vector<std::string> read(size_t piece, SseReader& reader) {
    std::vector<std::string> out;
    for (size_t at = 0; at < kStream.size(); at += piece)
        CHECK(reader.feed(
            std::string_view(kStream).substr(at, piece),
            [&](const ServerEvent& event) { out.push_back(event.name + "=" + event.data); }));
    return out;
}

}  // namespace

TEST_CASE("events are the same however the stream is cut into pieces") {
    for (size_t piece = 1; piece < kStream.size(); ++piece) {
        SseReader reader;
        CHECK(read(piece, reader) ==
              std::vector<std::string>{"hello={}", "alert=one", "message=first\nsecond"});
        CHECK(reader.last_id() == "a-2");
    }
}

TEST_CASE("what a broken connection left unfinished is gone") {
    SseReader reader;
    read(7, reader);
    reader.restart();
    CHECK(reader.last_id() == "a-2");
    std::vector<std::string> out;
    CHECK(reader.feed("event: alert\ndata: x\n\n",
                      [&](const ServerEvent& event) { out.push_back(event.name); }));
    CHECK(out == std::vector<std::string>{"alert"});
    CHECK(reader.last_id() == "a-2");
}

TEST_CASE("a line without an end does not fill the memory") {
    SseReader reader;
    const std::string piece(1 << 20, 'x');
    bool sound = true;
    for (int i = 0; i < 16 && sound; ++i)
        sound = reader.feed(piece, [](const ServerEvent&) {});
    CHECK(!sound);
}

}  // namespace vedette::cli
