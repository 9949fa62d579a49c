// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/filter_set.h"

#include <sys/syscall.h>

#include <memory>

#include "system-probe/decode/event_type.h"
#include "system-probe/ebpf/syscall_names.h"
#include "tests/unit/catch.h"
#include "vedette/v1/event.pb.h"
#include "vedette/v1/event_stream.pb.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

constexpr vdt_call kOpen[] = {VDT_CALL_OPENAT};
constexpr vdt_call kBind[] = {VDT_CALL_BIND};
const std::map<vdt_type, AttachedType> kAttached = {
    {VDT_OPEN, {VDT_WANTED | VDT_WANTED_IO_URING, kOpen}}, {VDT_BIND, {VDT_WANTED, kBind}}};

std::unique_ptr<vdt_filters> filled(const FilterPlan& plan) {
    auto out = std::make_unique<vdt_filters>();
    fill_filter_set(plan, kAttached, *out);
    return out;
}

/// As bpf/lib/filter.h does it.
bool has_name(const vdt_filters& filters, vdt_type type, vdt_name_kind kind,
              std::string_view text) {
    const uint64_t key = vdt_name_key(name_hash(text), type, kind);
    for (uint32_t i = 0; i < VDT_NAME_PROBES; ++i) {
        const uint64_t slot = filters.names[(key + i) & (VDT_NAME_SLOTS - 1)];
        if (slot == key)
            return true;
        if (slot == 0)
            return false;
    }
    return true;
}

v1::FilterPlan message(bool deny) {
    v1::FilterPlan out;
    auto& open = *out.add_types();
    open.set_event_type(v1::Event::kOpenFieldNumber);
    open.set_deny(deny);
    auto& name = *open.add_approvers();
    name.set_kind(v1::Approver::KIND_BASENAME);
    name.set_field("open.file.path");
    name.set_text("shadow");
    return out;
}

}  // namespace

TEST_CASE("filters: only types that somebody needs are wanted, with their system calls") {
    const auto set = filled({{VDT_OPEN, {}}});
    CHECK(set->type[VDT_OPEN].wanted == (VDT_WANTED | VDT_WANTED_IO_URING));
    CHECK(set->type[VDT_BIND].wanted == 0);
    CHECK(set->calls[SYS_openat].native == VDT_CALL_OPENAT);
    CHECK(set->calls[SYS_bind].native == VDT_CALL_NONE);
    CHECK(set->type[VDT_OPEN].deny == 0);
}

TEST_CASE("filters: a type that nothing is attached for stays off") {
    const auto set = filled({{VDT_CHMOD, {}}});
    CHECK(set->type[VDT_CHMOD].wanted == 0);
}

TEST_CASE("filters: names by kind and type, prefixes by length") {
    TypeFilter open{
        .deny = true,
        .names = {{VDT_NAME_IS, "shadow"}, {VDT_NAME_BEGINS, "id_"}, {VDT_NAME_PARENT, "cron.d"}},
        .flags_any = 0x41};
    const auto set = filled({{VDT_OPEN, open}});
    const vdt_type_filter& filter = set->type[VDT_OPEN];
    CHECK(filter.deny == 1);
    CHECK(filter.approvers == (VDT_APPROVE_NAME | VDT_APPROVE_NAME_PREFIX | VDT_APPROVE_PARENT |
                               VDT_APPROVE_FLAGS_ANY));
    CHECK(filter.prefix_lengths == 1U << 2);
    CHECK(filter.flags_any == 0x41);
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_IS, "shadow"));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_BEGINS, "id_"));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_PARENT, "cron.d"));
    CHECK_FALSE(has_name(*set, VDT_OPEN, VDT_NAME_IS, "passwd"));
    CHECK_FALSE(has_name(*set, VDT_OPEN, VDT_NAME_PARENT, "shadow"));
    CHECK_FALSE(has_name(*set, VDT_BIND, VDT_NAME_IS, "shadow"));
}

TEST_CASE("filters: a long prefix is cut and lets more pass") {
    const std::string text(50, 'x');
    const auto set = filled({{VDT_OPEN, {.deny = true, .names = {{VDT_NAME_BEGINS, text}}}}});
    CHECK(set->type[VDT_OPEN].prefix_lengths == 1U << (VDT_PREFIX_MAX - 1));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_BEGINS, text.substr(0, VDT_PREFIX_MAX)));
}

TEST_CASE("filters: more names than there is room for let everything pass") {
    TypeFilter open{.deny = true};
    for (int i = 0; i < VDT_NAME_SLOTS + 1; ++i)
        open.names.push_back({VDT_NAME_IS, std::to_string(i)});
    CHECK(filled({{VDT_OPEN, open}})->type[VDT_OPEN].deny == 0);
}

TEST_CASE("filters: as many names as the plan may have are all found") {
    TypeFilter open{.deny = true};
    for (int i = 0; i < 4096; ++i)
        open.names.push_back({VDT_NAME_IS, "name" + std::to_string(i)});
    const auto set = filled({{VDT_OPEN, open}});
    REQUIRE(set->type[VDT_OPEN].deny == 1);
    for (const NameApprover& name : open.names)
        CHECK(has_name(*set, VDT_OPEN, VDT_NAME_IS, name.text));
}

TEST_CASE("filters: the plan of an agent") {
    const auto plan = read_filter_plan(message(true), true);
    CHECK(plan.at(VDT_OPEN).deny);
    REQUIRE(plan.at(VDT_OPEN).names.size() == 1);
    CHECK(plan.at(VDT_OPEN).names[0].text == "shadow");
    CHECK_FALSE(plan.contains(VDT_CONNECT));
    for (const vdt_type type : {VDT_FORK, VDT_EXEC, VDT_EXIT, VDT_SETUID})
        CHECK(plan.contains(type));
}

TEST_CASE("filters: what is not understood, or not to be filtered, passes") {
    auto unknown = message(true);
    unknown.mutable_types(0)->add_approvers()->set_kind(v1::Approver::KIND_TEXT);
    CHECK_FALSE(read_filter_plan(unknown, true).at(VDT_OPEN).deny);

    auto other = message(true);
    other.mutable_types(0)->mutable_approvers(0)->set_field("process.file.name");
    CHECK_FALSE(read_filter_plan(other, true).at(VDT_OPEN).deny);

    auto empty = message(true);
    empty.mutable_types(0)->mutable_approvers(0)->set_text("");
    CHECK_FALSE(read_filter_plan(empty, true).at(VDT_OPEN).deny);

    CHECK_FALSE(read_filter_plan(message(false), true).at(VDT_OPEN).deny);
    CHECK_FALSE(read_filter_plan(message(true), false).at(VDT_OPEN).deny);

    auto strange = message(true);
    strange.add_types()->set_event_type(999999);
    CHECK(read_filter_plan(strange, true).contains(VDT_OPEN));
}

TEST_CASE("filters: connects and accepts need the DNS answers that name their peers") {
    for (const vdt_type type : {VDT_CONNECT, VDT_ACCEPT, VDT_BIND}) {
        v1::FilterPlan plan;
        plan.add_types()->set_event_type(find_event_type(type)->payload_field);
        CHECK(read_filter_plan(plan, true).contains(VDT_DNS) == (type != VDT_BIND));
    }
}

TEST_CASE("filters: before an agent has spoken, what it most likely asks for is kept") {
    const auto plan = plan_before_agent();
    CHECK(plan.contains(VDT_EXEC));
    CHECK(plan.contains(VDT_OPEN));
    CHECK_FALSE(plan.contains(VDT_SNAPSHOT));
    CHECK_FALSE(plan.at(VDT_OPEN).deny);
}

TEST_CASE("filters: system calls that rules name, each by its numbers; others are left out") {
    std::vector<OnDemandPoint> points = {{"do_mkdirat", 0},
                                         {"syscall:mkdirat", 2},
                                         {"syscall:no_such_call", 0},
                                         {"syscall:exit_group", 0}};
    auto set = std::make_unique<vdt_filters>();
    fill_points(points, *set);
    CHECK(set->ondemand[SYS_mkdirat].native == 1);
    CHECK(std::string_view(set->points[0].name) == "syscall:mkdirat");
    CHECK(set->points[0].strings == 2);
    CHECK(set->ondemand[SYS_exit_group].native == 2);
    CHECK(set->points[2].name[0] == 0);
#if defined(__x86_64__)
    CHECK(set->ondemand[296].compat == 1);
    CHECK(set->ondemand[296].native == 0);
#endif
    CHECK_FALSE(find_system_call("").known());
    CHECK(system_call_of({"syscall:", 0}).empty());

    points.assign(VDT_ONDEMAND_MAX + 1, {"syscall:mkdirat", 0});
    points.back().name = "syscall:exit_group";
    set = std::make_unique<vdt_filters>();
    fill_points(points, *set);
    CHECK(set->ondemand[SYS_mkdirat].native == VDT_ONDEMAND_MAX);
    CHECK(set->ondemand[SYS_exit_group].native == 0);
}
