// SPDX-License-Identifier: Apache-2.0
//
// Values of variables by scope: time to live, bounds, inheritance, reload.
#include <map>

#include "security-agent/engine/variable_store.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

using Strings = std::vector<std::string>;
using Reason = VariableStore::Reason;

struct Place final : ScopeSource {
    std::string process = "p1";
    std::string container;
    std::string cgroup = "/a.service";
    Strings ancestors;

    std::string_view scope_key(secl::Scope scope) const override {
        return scope == secl::Scope::kProcess     ? process
               : scope == secl::Scope::kContainer ? container
                                                  : cgroup;
    }
    std::string scope_label(secl::Scope scope) const override {
        return std::string(scope_key(scope));
    }
    std::string_view ancestor_key(size_t generation) const override {
        return generation <= ancestors.size() ? std::string_view(ancestors[generation - 1])
                                              : std::string_view();
    }
    uint32_t pid() const override { return 1; }
};

secl::Variable variable(const std::string& name, secl::Scope scope, bool list = false) {
    secl::Variable out;
    out.name = name;
    out.scope = scope;
    out.type = secl::ValueType::kString;
    out.is_list = list;
    if (!list)
        out.default_value.strings = {"none"};
    return out;
}

struct Store {
    explicit Store(std::vector<secl::Variable> variables, VariableStore::Limits limits = {})
        : store(limits, metrics) {
        use(std::move(variables));
    }
    void use(std::vector<secl::Variable> variables) {
        auto table = std::make_shared<secl::VariableTable>();
        numbers.clear();
        for (secl::Variable& each : variables) {
            const std::string name = each.name;
            numbers[name] = table->add(std::move(each));
        }
        binding = store.bind(std::move(table));
    }
    void set(const std::string& name, const Strings& values, int64_t now = 0) {
        secl::SlotValues slot;
        slot.strings.assign(values.begin(), values.end());
        store.set(*binding, numbers.at(name), place, slot, now);
    }
    Strings get(const std::string& name, int64_t now = 0) {
        secl::StringList strings;
        secl::IntList ints;
        store.read(*binding, numbers.at(name), place, now, strings, ints);
        return {strings.begin(), strings.end()};
    }
    uint64_t dropped(Reason reason) const { return store.dropped(reason); }

    Metrics metrics;
    VariableStore store;
    VariableStore::BindingPtr binding;
    std::map<std::string, uint32_t> numbers;
    Place place;
};

}  // namespace

TEST_CASE("variables: each scope has its own value") {
    Store store({variable("g", secl::Scope::kGlobal), variable("process.v", secl::Scope::kProcess),
                 variable("cgroup.v", secl::Scope::kCgroup),
                 variable("container.v", secl::Scope::kContainer)});
    store.set("g", {"global"});
    store.set("process.v", {"mine"});
    store.set("cgroup.v", {"ours"});
    store.set("container.v", {"nowhere"});
    CHECK(store.dropped(Reason::kNoScope) == 1);
    store.place.process = "p2";
    CHECK(store.get("g") == Strings{"global"});
    CHECK(store.get("process.v").empty());
    CHECK(store.get("cgroup.v") == Strings{"ours"});
    CHECK(store.get("container.v").empty());
    store.place.process = "p1";
    CHECK(store.get("process.v") == Strings{"mine"});
    store.store.end(secl::Scope::kProcess, "p1");
    CHECK(store.get("process.v").empty());
    CHECK(store.dropped(Reason::kScopeEnd) == 1);
    CHECK(store.store.scopes() == 2);
}

TEST_CASE("variables: numbers, and the last value of a scalar") {
    secl::Variable number = variable("n", secl::Scope::kGlobal);
    number.type = secl::ValueType::kInt;
    Store store({number});
    for (const int64_t value : {int64_t{5}, int64_t{-7}}) {
        secl::SlotValues values;
        values.ints.push_back(value);
        store.store.set(*store.binding, store.numbers.at("n"), store.place, values, 0);
    }
    secl::StringList strings;
    secl::IntList ints;
    CHECK(store.store.read(*store.binding, store.numbers.at("n"), store.place, 0, strings, ints));
    CHECK(std::vector<int64_t>(ints.begin(), ints.end()) == std::vector<int64_t>{-7});
}

TEST_CASE("variables: a scalar lives for its ttl from when it was last set") {
    secl::Variable short_lived = variable("v", secl::Scope::kGlobal);
    short_lived.ttl_ns = 100;
    Store store({short_lived});
    store.set("v", {"a"}, 0);
    CHECK(store.get("v", 99) == Strings{"a"});
    store.set("v", {"b"}, 99);
    CHECK(store.get("v", 198) == Strings{"b"});
    CHECK(store.get("v", 199).empty());
    CHECK(store.dropped(Reason::kExpired) == 1);
    CHECK(store.store.bytes() == 0);
}

TEST_CASE("variables: a list is a set; setting an element again makes it new") {
    secl::Variable list = variable("l", secl::Scope::kGlobal, true);
    list.size = 3;
    list.ttl_ns = 100;
    Store store({list});
    store.set("l", {"a", "b", "c"}, 0);
    store.set("l", {"a"}, 50);
    CHECK(store.get("l", 50) == Strings{"b", "c", "a"});
    store.set("l", {"d"}, 60);  // b was set longest ago
    CHECK(store.get("l", 60) == Strings{"c", "a", "d"});
    CHECK(store.dropped(Reason::kListFull) == 1);
    CHECK(store.get("l", 120) == Strings{"a", "d"});
    CHECK(store.get("l", 159) == Strings{"d"});
    CHECK(store.get("l", 160).empty());
    CHECK(store.dropped(Reason::kExpired) == 3);
}

TEST_CASE("variables: what a list holds can be set from itself") {
    secl::Variable list = variable("l", secl::Scope::kGlobal, true);
    Store store({list});
    store.set("l", {std::string(100, 'a'), std::string(100, 'b')});
    list.size = 1;  // a reload that makes it smaller
    store.use({list});
    secl::SlotValues own;
    store.store.read(*store.binding, store.numbers.at("l"), store.place, 0, own.strings, own.ints);
    REQUIRE(own.strings.size() == 2);
    store.store.set(*store.binding, store.numbers.at("l"), store.place, own, 0);
    CHECK(store.get("l") == Strings{std::string(100, 'b')});
}

TEST_CASE("variables: an inherited one is the nearest ancestor's") {
    secl::Variable inherited = variable("process.i", secl::Scope::kProcess);
    inherited.inherited = true;
    Store store({inherited, variable("process.own", secl::Scope::kProcess)});
    store.place.process = "grandparent";
    store.set("process.i", {"old"});
    store.set("process.own", {"old"});
    store.place.process = "child";
    store.place.ancestors = {"parent", "grandparent"};
    CHECK(store.get("process.i") == Strings{"old"});
    CHECK(store.get("process.own").empty());
    store.set("process.i", {"new"});
    CHECK(store.get("process.i") == Strings{"new"});
    store.place.process = "grandparent";
    store.place.ancestors.clear();
    CHECK(store.get("process.i") == Strings{"old"});
}

TEST_CASE("variables: values outlive a reload when name, scope and type are the same") {
    Store store(
        {variable("same", secl::Scope::kGlobal), variable("other_type", secl::Scope::kGlobal),
         variable("gone", secl::Scope::kGlobal), variable("cgroup.s", secl::Scope::kCgroup)});
    for (const char* name : {"same", "other_type", "gone", "cgroup.s"})
        store.set(name, {"x"});
    const auto before = store.binding;
    const uint32_t gone = store.numbers.at("gone");
    secl::Variable other_type = variable("other_type", secl::Scope::kGlobal, true);
    store.use({other_type, variable("cgroup.s", secl::Scope::kCgroup),
               variable("same", secl::Scope::kGlobal)});
    CHECK(store.get("same") == Strings{"x"});
    CHECK(store.get("cgroup.s") == Strings{"x"});
    CHECK(store.get("other_type").empty());
    CHECK(store.dropped(Reason::kReload) == 2);
    // A rule set that is no longer in force cannot bring it back.
    secl::SlotValues values;
    values.strings.push_back("y");
    store.store.set(*before, gone, store.place, values, 0);
    CHECK(store.store.values() == 2);
}

TEST_CASE("variables: memory is bounded; the flooded kind pays, longest unused first") {
    VariableStore::Limits limits;
    limits.max_bytes = 64 << 10;
    limits.max_text = 64;
    Store store({variable("process.v", secl::Scope::kProcess),
                 variable("cgroup.v", secl::Scope::kCgroup), variable("g", secl::Scope::kGlobal)},
                limits);
    store.set("cgroup.v", {"kept"});
    store.set("g", {"kept"});
    for (int i = 0; i < 2000; ++i) {
        store.place.process = "p" + std::to_string(i);
        store.set("process.v", {std::string(64, 'x')});
        CHECK(store.store.bytes() <= limits.max_bytes);
        store.place.process = "p0";
        store.get("process.v");  // used again and again
    }
    CHECK(store.get("process.v") == Strings{std::string(64, 'x')});
    store.place.process = "p1";
    CHECK(store.get("process.v").empty());
    store.place.process = "p1999";
    CHECK(store.get("process.v").size() == 1);
    CHECK(store.get("cgroup.v") == Strings{"kept"});
    CHECK(store.get("g") == Strings{"kept"});
    CHECK(store.dropped(Reason::kMemory) > 1000);
    CHECK(store.metrics.counter("vedette_agent_variables_dropped_total", "", {{"reason", "memory"}})
              .Value() == static_cast<double>(store.dropped(Reason::kMemory)));
}

TEST_CASE("variables: one list cannot take all the memory, one string not more than its bound") {
    VariableStore::Limits limits;
    limits.max_bytes = 64 << 10;
    limits.max_text = 100;
    secl::Variable list = variable("l", secl::Scope::kGlobal, true);
    list.size = 1'000'000;
    Store store({list, variable("s", secl::Scope::kGlobal)}, limits);
    for (int i = 0; i < 5000; ++i)
        store.set("l", {"element" + std::to_string(i)});
    CHECK(store.store.bytes() <= limits.max_bytes / 4);
    CHECK(store.get("l").back() == "element4999");
    store.set("s", {std::string(101, 's')});
    CHECK(store.get("s") == Strings{std::string(100, 's')});
    CHECK(store.dropped(Reason::kTextCut) == 1);
}

TEST_CASE("variables: a store too small for one value holds none and says so") {
    VariableStore::Limits limits;
    limits.max_bytes = 16;
    Store store({variable("process.v", secl::Scope::kProcess)}, limits);
    store.set("process.v", {"x"});
    CHECK(store.get("process.v").empty());
    CHECK(store.dropped(Reason::kMemory) == 1);
    CHECK(store.store.bytes() == 0);
    CHECK(store.store.scopes() == 0);
}
