// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/hub.h"

#include <fmt/format.h>

#include "tests/unit/catch.h"

namespace vedette::live {
namespace {

struct Fixture {
    Metrics metrics;
    std::shared_ptr<Hub> hub = std::make_shared<Hub>(
        "run", HubLimits{.listeners = 2, .alerts = {4, 1000}, .events = {4, 1000}}, metrics);

    std::shared_ptr<Listener> listen(Filter filter = {}, const Start& start = {}) {
        auto listener = hub->listen(std::move(filter), start);
        REQUIRE(listener);
        return *listener;
    }
    void say(int number, const char* rule = "r", int pid = 1) {
        hub->write(fmt::format(
            R"({{"agent":{{"rule_id":"{}"}},"process":{{"pid":{}}},"container":{{"id":"c0ffee"}},"n":{}}})",
            rule, pid, number));
    }
};

/// "3 gap:2 event:..": what take() gives, as a line.
std::string taken(Listener& listener) {
    std::string out;
    bool more = true;
    while (more)
        for (const Listener::Item& item : listener.take(1 << 16, more)) {
            out += out.empty() ? "" : " ";
            if (item.gap)
                out += fmt::format("{}-gap:{}:{}", item.gap->events ? "event" : "alert",
                                   to_string(item.gap->reason), item.gap->missed);
            else if (item.event)
                out += "event:" + item.line->text;
            else
                out += item.line->text.substr(item.line->text.rfind(':') + 1, 1);
        }
    return out;
}

}  // namespace

TEST_CASE("a listener gets what comes after it, in order, once") {
    Fixture f;
    f.say(1);
    const auto listener = f.listen();
    CHECK(taken(*listener).empty());
    f.say(2);
    f.say(3);
    CHECK(taken(*listener) == "2 3");
    CHECK(taken(*listener).empty());
}

TEST_CASE("a slow listener is told how many it missed, and gets the newest") {
    Fixture f;
    const auto listener = f.listen();
    for (int i = 1; i <= 7; ++i)
        f.say(i);
    CHECK(taken(*listener) == "alert-gap:slow:3 4 5 6 7");
}

TEST_CASE("lines are kept within their bytes") {
    Fixture f;
    const auto listener = f.listen();
    f.hub->write(std::string(900, 'x'));
    f.hub->write(std::string(900, 'y'));
    bool more = false;
    const auto items = listener->take(1 << 16, more);
    REQUIRE(items.size() == 2);
    CHECK(items[0].gap->missed == 1);
    CHECK(items[1].line->text.front() == 'y');
}

TEST_CASE("who comes back with an id goes on behind it") {
    Fixture f;
    std::string id;
    {
        const auto listener = f.listen();
        f.say(1);
        CHECK(taken(*listener) == "1");
        id = listener->id();
    }
    f.say(2);
    f.say(3);
    CHECK(taken(*f.listen({}, {id, 0})) == "2 3");
    CHECK(taken(*f.listen({}, {"run-0", 0})) == "1 2 3");
    CHECK(taken(*f.listen({}, {"run-99", 0})) == "alert-gap:restart:0 1 2 3");
    CHECK(taken(*f.listen({}, {"other-2", 0})) == "alert-gap:restart:0 1 2 3");
    CHECK(taken(*f.listen({}, {"", 2})) == "2 3");
}

TEST_CASE("filters let pass what they name") {
    Fixture f;
    f.say(1, "a", 1);
    f.say(2, "b", 7);
    CHECK(taken(*f.listen({.rule = "a"}, {"", 9})) == "1");
    CHECK(taken(*f.listen({.pid = 7}, {"", 9})) == "2");
    CHECK(taken(*f.listen({.container = "c0f"}, {"", 9})) == "1 2");
    CHECK(taken(*f.listen({.container = "beef"}, {"", 9})).empty());
}

TEST_CASE("no more than the limit may listen, and one that goes makes room") {
    Fixture f;
    auto first = f.listen();
    const auto second = f.listen();
    const auto third = f.hub->listen({}, {});
    REQUIRE(!third);
    CHECK(third.error().code == ErrorCode::kLimit);
    first.reset();
    CHECK(f.hub->listen({}, {}));
}

TEST_CASE("events are wanted only while somebody wants them") {
    Fixture f;
    CHECK(!f.hub->wants_events());
    const auto alerts_only = f.listen();
    CHECK(!f.hub->wants_events());
    auto listener = f.listen({.alerts = false, .events = true, .pid = 7});
    CHECK(f.hub->wants_events());
    CHECK(!f.hub->wants_event(8, ""));
    CHECK(f.hub->wants_event(7, ""));
    f.hub->add_event(R"({"process":{"pid":7}})");
    f.hub->skip_event();
    f.hub->skip_event();
    CHECK(taken(*listener) == R"(event-gap:rate:2 event:{"process":{"pid":7}})");
    f.hub->skip_event();
    CHECK(taken(*listener).empty());  // told once a second
    CHECK(taken(*alerts_only).empty());
    listener.reset();
    CHECK(!f.hub->wants_events());
}

TEST_CASE("alerts and events come in the order in which they were") {
    Fixture f;
    const auto listener = f.listen({.alerts = true, .events = true});
    f.say(1);
    f.hub->add_event("e");
    f.say(2);
    CHECK(taken(*listener) == "1 event:e 2");
}

TEST_CASE("a listener is woken, and no longer once it has gone") {
    Fixture f;
    int woken = 0;
    auto listener = f.listen();
    listener->on_news([&woken] { ++woken; });
    f.say(1);
    CHECK(woken == 1);
    listener.reset();
    f.say(2);
    CHECK(woken == 1);
}

TEST_CASE("lines that are no alerts pass no filter, and harm nobody") {
    Fixture f;
    const auto all = f.listen();
    const auto one = f.listen({.rule = "a"});
    for (const char* line :
         {"", "[]", "{", R"({"agent":7})", R"({"agent":{"rule_id":[1]},"process":{"pid":1e300}})"})
        f.hub->write(line);
    CHECK(taken(*one) == "alert-gap:slow:1");
    bool more = false;
    CHECK(all->take(1 << 16, more).size() == 5);
}

TEST_CASE("hub: who listens to events looks at them, who listens to alerts does not") {
    Metrics metrics;
    int looking = 0;
    const auto hub = std::make_shared<Hub>("run", HubLimits{.listeners = 2}, metrics,
                                           [&](bool begins) { looking += begins ? 1 : -1; });
    const auto alerts = hub->listen({}, {});
    CHECK(looking == 0);
    {
        const auto events = hub->listen({.events = true}, {});
        REQUIRE(events);
        CHECK(looking == 1);
        CHECK_FALSE(hub->listen({.events = true}, {}));  // one too many
        CHECK(looking == 1);
    }
    CHECK(looking == 0);
}

}  // namespace vedette::live
