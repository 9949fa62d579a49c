// SPDX-License-Identifier: Apache-2.0
//
// Messages as they come from the probe: what is said is what protobuf says of the same bytes.
#include "security-agent/engine/stream_message.h"

#include <random>

#include "security-agent/engine/event_parser.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

/// As the probe writes it: changes between the events, numbers at the end.
std::string mixed_batch() {
    const auto part = [](const auto& fill) {
        v1::Batch batch;
        fill(batch);
        return batch.SerializeAsString();
    };
    std::string bytes;
    for (const uint64_t key : {kSystemd, kBash}) {
        bytes +=
            part([&](v1::Batch& batch) { *batch.add_processes()->mutable_node() = node(key); });
        bytes += part([](v1::Batch& batch) { add_open(batch, "/etc/passwd"); });
        bytes += part(
            [](v1::Batch& batch) { add_event(batch, kCat).mutable_connect()->set_retval(-1); });
    }
    bytes += part([](v1::Batch& batch) {
        batch.add_workloads()->set_gone(true);
        batch.add_lost()->set_count(7);
        batch.set_first_sequence(40);
        batch.set_filter_revision(3);
    });
    v1::SubscribeResponse response;
    REQUIRE(response.mutable_batch()->ParseFromString(bytes));
    std::string out(1, '\x12');  // field 2, with a length
    for (size_t size = bytes.size(); size > 0; size >>= 7)
        out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    return out + bytes;
}

/// All of it again in one message; nothing when the bytes are refused.
std::optional<std::string> read_whole(std::string_view bytes) {
    StreamMessage message;
    if (!message.read(bytes))
        return std::nullopt;
    v1::SubscribeResponse whole = message.response();
    EventParser parser;
    for (const std::string_view event : message.events()) {
        const v1::Event* parsed = parser.parse(event);
        if (!parsed)
            return std::nullopt;
        *whole.mutable_batch()->add_events() = *parsed;
    }
    return whole.SerializeAsString();
}

}  // namespace

TEST_CASE("stream message: a batch comes as the probe wrote it, its events in their order") {
    const std::string bytes = mixed_batch();
    v1::SubscribeResponse expected;
    REQUIRE(expected.ParseFromString(bytes));
    REQUIRE(expected.batch().events_size() == 4);
    CHECK(read_whole(bytes) == expected.SerializeAsString());
    StreamMessage message;
    REQUIRE(message.read(bytes));
    CHECK(message.response().batch().events_size() == 0);
    CHECK(message.response().batch().processes_size() == 2);
    CHECK(message.bytes() == bytes);
    CHECK(EventParser::payload_of(message.events()[1]) == v1::Event::kConnectFieldNumber);
}

TEST_CASE("stream message: nothing of one is in the next") {
    const std::string bytes = mixed_batch();
    v1::SubscribeResponse welcome;
    welcome.mutable_welcome()->set_next_sequence(5);
    const std::string other = welcome.SerializeAsString();
    StreamMessage message;
    REQUIRE(message.read(bytes));
    REQUIRE(message.read(other));
    CHECK(message.events().empty());
    CHECK(message.response().SerializeAsString() == other);
}

TEST_CASE(
    "stream message: of damaged bytes nothing is taken that protobuf refuses, nor another thing") {
    const std::string whole = mixed_batch();
    std::mt19937 random(7);
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = whole;
        for (unsigned damage = 0; damage <= random() % 3; ++damage)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (random() % 4 == 0)
            bytes.resize(random() % bytes.size());
        const std::optional<std::string> read = read_whole(bytes);
        if (!read)
            continue;
        ++taken;
        v1::SubscribeResponse expected;
        REQUIRE(expected.ParseFromString(bytes));
        v1::SubscribeResponse found;
        REQUIRE(found.ParseFromString(*read));
        // Unknown fields may stand elsewhere: what is known must be the same.
        found.DiscardUnknownFields();
        expected.DiscardUnknownFields();
        REQUIRE(found.SerializeAsString() == expected.SerializeAsString());
    }
    CHECK(taken > 100);
}

TEST_CASE("engine: an event that cannot be read is a loss, and its neighbours are evaluated") {
    World world;
    world.set_rules("rules: [{id: any, expression: 'open.file.path == \"/x\"'}]");
    v1::Batch batch = batch_with_tree();
    add_open(batch, "/x");
    v1::SubscribeResponse response;
    *response.mutable_batch() = batch;
    std::string bytes = response.SerializeAsString();
    StreamMessage message;
    REQUIRE(message.read(bytes));
    const std::string good(message.events()[0]);
    const std::string broken = good.substr(0, good.size() - 1) + "\xff";
    v1::Batch others = message.response().batch();
    std::string body = others.SerializeAsString();
    for (const std::string* event : {&good, &broken, &good})
        body += std::string("\x1a") + static_cast<char>(event->size()) + *event;
    REQUIRE(good.size() < 128);
    REQUIRE(body.size() > 127);
    bytes = std::string("\x12") + static_cast<char>((body.size() & 0x7f) | 0x80) +
            static_cast<char>(body.size() >> 7) + body;
    REQUIRE(message.read(bytes));
    REQUIRE(message.events().size() == 3);
    world.engine->batch(message);
    CHECK(world.alerted() == std::vector<std::string>{"any", "any"});
    CHECK(world.metric("vedette_agent_events_lost_total",
                       {{"type", "open"}, {"reason", "decode"}}) == 1);
    CHECK(world.engine->position().last_sequence == 3);
}
