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
    TypeFilter open{.deny = true,
                    .names = {{VDT_NAME_IS, "shadow"},
                              {VDT_NAME_BEGINS, "id_"},
                              {VDT_NAME_ENDS, ".key"},
                              {VDT_NAME_PARENT, "cron.d"},
                              {VDT_PATH_BEGINS, "/var/lib/" + std::string(40, 'x')}}};
    open.numbers[VDT_OPEN_FLAGS].any = 0x41;
    const auto set = filled({{VDT_OPEN, open}});
    const vdt_type_filter& filter = set->type[VDT_OPEN];
    CHECK(filter.deny == 1);
    CHECK(filter.approvers ==
          (VDT_APPROVE_NAME | VDT_APPROVE_NAME_PREFIX | VDT_APPROVE_NAME_SUFFIX |
           VDT_APPROVE_PARENT | VDT_APPROVE_PATH | VDT_APPROVE_NUMBER(VDT_OPEN_FLAGS)));
    CHECK(filter.prefix_lengths == 1U << 2);
    CHECK(filter.suffix_lengths == 1U << 3);
    CHECK(filter.number[VDT_OPEN_FLAGS].any == 0x41);
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_IS, "shadow"));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_BEGINS, "id_"));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_ENDS, "yek."));
    CHECK(has_name(*set, VDT_OPEN, VDT_NAME_PARENT, "cron.d"));
    CHECK(has_name(*set, VDT_OPEN, VDT_PATH_BEGINS, "/var/lib/" + std::string(23, 'x')));
    CHECK(set->type[VDT_OPEN].path_lengths == 1U << 31);
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

TEST_CASE("filters: numbers as masks and ranges, neighbours joined") {
    TypeFilter socket{.deny = true};
    socket.numbers[VDT_SOCKET_DOMAIN].ranges = {{17, 17}, {2, 2}, {16, 16}, {2, 2}};
    socket.numbers[VDT_NUMBER_AUID].ranges = {{0, 4294967294}};
    const auto set = filled({{VDT_BIND, socket}});
    const vdt_type_filter& filter = set->type[VDT_BIND];
    CHECK(filter.approvers ==
          (VDT_APPROVE_NUMBER(VDT_SOCKET_DOMAIN) | VDT_APPROVE_NUMBER(VDT_NUMBER_AUID)));
    const vdt_number_filter& domain = filter.number[VDT_SOCKET_DOMAIN];
    REQUIRE(domain.ranges == 2);
    CHECK(domain.range[0].first == 2);
    CHECK(domain.range[0].last == 2);
    CHECK(domain.range[1].first == 16);
    CHECK(domain.range[1].last == 17);
    CHECK(filter.number[VDT_NUMBER_AUID].range[0].last == 4294967294);
}

TEST_CASE("filters: more numbers than there is room for let what is between the closest pass") {
    TypeFilter bpf{.deny = true};
    for (uint64_t i = 0; i < 2 * VDT_RANGES; ++i)
        bpf.numbers[0].ranges.emplace_back(i * i * 10, i * i * 10);
    const auto set = filled({{VDT_BIND, bpf}});
    const vdt_number_filter& filter = set->type[VDT_BIND].number[0];
    REQUIRE(filter.ranges == VDT_RANGES);
    for (const auto& [value, same] : bpf.numbers[0].ranges) {
        CHECK(std::any_of(std::begin(filter.range), std::end(filter.range),
                          [v = value](const vdt_range& r) { return r.first <= v && v <= r.last; }));
    }
}

namespace {

struct Understood {
    int event;
    vdt_type type;
    const char* field;
    v1::Approver::Kind kind;
    bool understood;
};

bool understands(const Understood& one) {
    v1::FilterPlan plan;
    auto& type = *plan.add_types();
    type.set_event_type(static_cast<uint32_t>(one.event));
    type.set_deny(true);
    auto& approver = *type.add_approvers();
    approver.set_kind(one.kind);
    approver.set_field(one.field);
    approver.set_text("name");
    approver.set_first(1);
    approver.set_last(2);
    return read_filter_plan(plan, true).at(one.type).deny;
}

}  // namespace

TEST_CASE("filters: which field of which type is understood") {
    using E = v1::Event;
    using A = v1::Approver;
    const Understood cases[] = {
        {E::kRenameFieldNumber, VDT_RENAME, "rename.file.destination.name", A::KIND_BASENAME, true},
        {E::kRenameFieldNumber, VDT_RENAME, "rename.file.path", A::KIND_PARENT, true},
        {E::kChmodFieldNumber, VDT_CHMOD, "chmod.file.path", A::KIND_BASENAME_SUFFIX, true},
        {E::kChmodFieldNumber, VDT_CHMOD, "chmod.file.path", A::KIND_PATH_PREFIX, true},
        {E::kChmodFieldNumber, VDT_CHMOD, "chmod.file.destination.name", A::KIND_BASENAME, false},
        {E::kChmodFieldNumber, VDT_CHMOD, "open.file.path", A::KIND_BASENAME, false},
        {E::kChmodFieldNumber, VDT_CHMOD, "chmod.file.path", A::KIND_TEXT, false},
        {E::kChmodFieldNumber, VDT_CHMOD, "process.auid", A::KIND_RANGE, true},
        {E::kMmapFieldNumber, VDT_MMAP, "mmap.flags", A::KIND_FLAGS_ANY, true},
        {E::kBpfFieldNumber, VDT_BPF, "bpf.cmd", A::KIND_VALUE, true},
        {E::kBpfFieldNumber, VDT_BPF, "bpf.prog.type", A::KIND_VALUE, false},
        {E::kSysctlFieldNumber, VDT_SYSCTL, "sysctl.name", A::KIND_TEXT, true},
        {E::kSysctlFieldNumber, VDT_SYSCTL, "sysctl.name", A::KIND_BASENAME, false},
        {E::kConnectFieldNumber, VDT_CONNECT, "connect.addr.family", A::KIND_VALUE, true},
        {E::kSignalFieldNumber, VDT_SIGNAL, "process.auid", A::KIND_VALUE, true},
        {E::kSignalFieldNumber, VDT_SIGNAL, "signal.type", A::KIND_VALUE, false},
        {E::kMountFieldNumber, VDT_MOUNT, "process.auid", A::KIND_VALUE, false},
        {E::kExecFieldNumber, VDT_EXEC, "process.auid", A::KIND_VALUE, false},
    };
    for (const Understood& one : cases) {
        INFO(one.field << " kind " << one.kind);
        CHECK(understands(one) == one.understood);
    }
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

TEST_CASE("filters: identities are followed unless all rules are about execs") {
    const auto plan_of = [](std::vector<vdt_type> types) {
        v1::FilterPlan plan;
        for (const vdt_type type : types)
            plan.add_types()->set_event_type(find_event_type(type)->payload_field);
        return read_filter_plan(plan, true);
    };
    for (const auto& plan : {plan_of({}), plan_of({VDT_EXEC})}) {
        CHECK(plan.contains(VDT_EXEC));
        CHECK(plan.contains(VDT_FORK));
        CHECK_FALSE(plan.contains(VDT_SETUID));
        CHECK_FALSE(plan.contains(VDT_NAMESPACES));
    }
    for (const auto& plan :
         {plan_of({VDT_EXEC, VDT_DNS}), plan_of({VDT_EXIT}), plan_of({VDT_SETUID})}) {
        CHECK(plan.contains(VDT_SETUID));
        CHECK(plan.contains(VDT_NAMESPACES));
    }
}

TEST_CASE("filters: nobody is woken for what only the process tree needs") {
    v1::FilterPlan message;
    message.add_types()->set_event_type(find_event_type(VDT_EXIT)->payload_field);
    const auto plan = read_filter_plan(message, true);
    CHECK(plan.at(VDT_FORK).can_wait);
    CHECK(plan.at(VDT_SETGID).can_wait);
    CHECK_FALSE(plan.at(VDT_EXIT).can_wait);
    CHECK_FALSE(plan.at(VDT_EXEC).can_wait);
    CHECK_FALSE(plan.at(VDT_CGROUP).can_wait);
    auto set = std::make_unique<vdt_filters>();
    fill_filter_set(plan, {{VDT_FORK, {VDT_WANTED, {}}}, {VDT_EXIT, {VDT_WANTED, {}}}}, *set);
    CHECK(set->type[VDT_FORK].wanted == (VDT_WANTED | VDT_CAN_WAIT));
    CHECK(set->type[VDT_EXIT].wanted == VDT_WANTED);
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
