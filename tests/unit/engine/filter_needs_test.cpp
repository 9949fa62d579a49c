// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/filter_needs.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fields.gen.h"
#include "security-agent/engine/filter_message.h"
#include "security-agent/policy/loader.h"
#include "tests/unit/catch.h"
#include "vedette/v1/event.pb.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

v1::FilterPlan plan_of(const std::string& rules) {
    std::vector<std::pair<std::string, std::string>> files = {{"needs.policy", "rules:\n" + rules}};
    const auto compiled =
        policy::compile_policies(policy::load_policy_texts(std::move(files), {}), field_table());
    REQUIRE(compiled.ok());
    return filter_message(compiled);
}

bool wants(const v1::FilterPlan& plan, uint32_t event_type) {
    return std::ranges::any_of(
        plan.types(), [event_type](const auto& type) { return type.event_type() == event_type; });
}

}  // namespace

TEST_CASE("needs: a rule that asks what a process used has the capabilities collected") {
    const auto asks = plan_of(
        "  - {id: a, expression: 'open.file.name == \"x\" && process.parent.caps_used > 0'}\n");
    CHECK(wants(asks, v1::Event::kCapabilitiesFieldNumber));
    CHECK(wants(asks, v1::Event::kOpenFieldNumber));
    const auto other = plan_of("  - {id: a, expression: 'open.file.name == \"x\"'}\n");
    CHECK_FALSE(wants(other, v1::Event::kCapabilitiesFieldNumber));
}

TEST_CASE("needs: a rule that asks who others are has identities followed") {
    for (const char* condition : {"process.parent.uid == 0", "process.ancestors.comm == \"x\"",
                                  "process.parent.user == \"x\""})
        CHECK(wants(plan_of(std::string("  - {id: a, expression: 'exec.file.name == \"x\" && ") +
                            condition + "'}\n"),
                    v1::Event::kSetuidFieldNumber));
    for (const char* condition :
         {"exec.uid == 0", "process.uid == 0", "process.parent.file.name == \"x\""})
        CHECK_FALSE(
            wants(plan_of(std::string("  - {id: a, expression: 'exec.file.name == \"x\" && ") +
                          condition + "'}\n"),
                  v1::Event::kSetuidFieldNumber));
}

TEST_CASE("needs: names of ondemand once each, with the strings that any rule reads") {
    const auto plan = plan_of(
        "  - {id: a, expression: 'ondemand.name == \"syscall:mkdir\" && ondemand.arg1.str == "
        "\"x\"'}\n"
        "  - {id: b, expression: 'ondemand.name == \"syscall:mkdir\" && ondemand.arg6.str != "
        "\"\"'}\n"
        "  - {id: c, expression: 'ondemand.name == \"do_exit\" && ondemand.arg1.uint == 3'}\n");
    REQUIRE(plan.points_size() == 2);
    CHECK(plan.points(0).name() == "syscall:mkdir");
    CHECK(plan.points(0).strings() == (1u << 0 | 1u << 5));
    CHECK(plan.points(1).name() == "do_exit");
    CHECK(plan.points(1).strings() == 0);
    CHECK(wants(plan, v1::Event::kOndemandFieldNumber));

    const auto both =
        either(plan, plan_of("  - {id: d, expression: 'ondemand.name == \"do_exit\" && "
                             "ondemand.arg2.str == \"y\"'}\n"));
    REQUIRE(both.points_size() == 2);
    CHECK(both.points(1).strings() == 2);
}

TEST_CASE("needs: response codes that no rule can match, also with the bits that EDNS adds") {
    const auto rcodes = [](const std::string& rules) {
        const auto plan = plan_of(rules);
        const auto dns = std::ranges::find(plan.types(), uint32_t{v1::Event::kDnsFieldNumber},
                                           &v1::TypeFilter::event_type);
        return dns == plan.types().end() ? 0 : dns->discarded_rcodes();
    };
    const std::string missing =
        "  - {id: a, expression: 'dns.response.code == NXDOMAIN && dns.question.type == A'}\n";
    CHECK(rcodes(missing) == (0xffffU & ~(1U << 3)));
    const std::string badvers = "  - {id: b, expression: 'dns.response.code in [16, 19]'}\n";
    CHECK(rcodes(badvers) == (0xffffU & ~(1U << 0) & ~(1U << 3)));
    CHECK(rcodes(missing + "  - {id: c, expression: 'dns.question.name == \"x.test\"'}\n") == 0);
    CHECK(rcodes("  - {id: d, expression: 'dns.response.code != NXDOMAIN'}\n") == 0);
    CHECK(rcodes("  - {id: e, expression: 'open.file.name == \"x\"'}\n") == 0);

    const auto both = either(plan_of(missing), plan_of(badvers));
    CHECK(both.types(0).discarded_rcodes() == (0xffffU & ~(1U << 0) & ~(1U << 3)));
}

TEST_CASE("needs: who keeps state with a container or a cgroup hears of all processes") {
    const auto sets = [](const std::string& scope) {
        return plan_of(
            "  - id: a\n    expression: 'open.file.name == \"x\"'\n    actions:\n      - set: "
            "{name: v, value: 1" +
            scope + "}\n");
    };
    CHECK(sets(", scope: cgroup").all_processes());
    CHECK(sets(", scope: container").all_processes());
    CHECK_FALSE(sets(", scope: process").all_processes());
    CHECK_FALSE(sets("").all_processes());
    CHECK(either(sets(""), sets(", scope: cgroup")).all_processes());
}

TEST_CASE("needs: what must hold of an exec goes to the probe, piece by piece") {
    const auto plan = plan_of("  - {id: a, expression: 'exec.args =~ \"*stratum+tcp://*\"'}\n");
    REQUIRE(plan.types_size() == 1);
    CHECK(plan.types(0).deny());
    REQUIRE(plan.types(0).approvers_size() == 1);
    CHECK(plan.types(0).approvers(0).kind() == v1::Approver::KIND_CONTAINS);
    CHECK(plan.types(0).approvers(0).field() == "exec.args");
    CHECK(plan.types(0).approvers(0).text() == "stratum+tcp://");
    const auto all = either(plan, whole_lifecycle());
    CHECK(all.types_size() == 3);
    for (const auto& type : all.types())
        CHECK_FALSE(type.deny());
}
