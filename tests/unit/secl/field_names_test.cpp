// SPDX-License-Identifier: Apache-2.0
//
// Names as rules write them: registers, indexes, lengths, older names; and fields that exist for several event types.
#include "security-agent/secl/field_names.h"

#include <array>

#include "security-agent/secl/compiler.h"
#include "tests/unit/catch.h"

using namespace vedette::secl;

namespace {

constexpr EventTypeId kDns = 1;
constexpr EventTypeId kPacket = 2;
constexpr EventTypeId kOpen = 3;
constexpr EventTypeId kOfPackets[] = {kDns, kPacket};

FieldDef field(std::string_view name, ValueType type, Subject subject, EventTypeId event) {
    FieldDef out;
    out.name = name;
    out.type = type;
    out.subject = subject;
    out.event = event;
    if (type == ValueType::kString)
        out.get = StringGetter([](const void*, Scratch&) { return std::string_view(); });
    else
        out.get = IntGetter([](const void*) { return int64_t{0}; });
    return out;
}

class Table final : public FieldTable {
   public:
    Table() {
        fields_.back().events = kOfPackets;
        fields_[2].is_list = true;
        fields_[2].get = StringListGetter([](const void*, Scratch&, StringList&) {});
    }
    std::span<const FieldDef> fields() const override { return fields_; }
    std::span<const EventTypeDef> events() const override { return events_; }
    std::span<const AliasDef> aliases() const override { return aliases_; }

   private:
    std::array<FieldDef, 9> fields_ = {
        field("dns.id", ValueType::kInt, Subject::kEvent, kDns),
        field("open.file.path", ValueType::kString, Subject::kEvent, kOpen),
        field("process.ancestors.argv", ValueType::kString, Subject::kAncestor, kAnyEvent),
        field("process.comm", ValueType::kString, Subject::kProcess, kAnyEvent),
        field("ptrace.tracee.ancestors.comm", ValueType::kString, Subject::kTargetAncestor, 7),
        field("setrlimit.target.ancestors.comm", ValueType::kString, Subject::kTargetAncestor, 8),
        field("signal.target.ancestors.comm", ValueType::kString, Subject::kTargetAncestor, 9),
        field("network_flow_monitor.flows.source.port", ValueType::kInt, Subject::kFlow, 10),
        field("network.size", ValueType::kInt, Subject::kEvent, kAnyEvent)};
    std::array<EventTypeDef, 3> events_ = {EventTypeDef{kDns, "dns", "", ""},
                                           EventTypeDef{kPacket, "packet", "", ""},
                                           EventTypeDef{kOpen, "open", "", ""}};
    std::array<AliasDef, 1> aliases_ = {AliasDef{"open.filename", "open.file.path"}};
};

const Table kTable;

NamedRead resolve(std::string_view name) {
    return FieldNames(kTable).resolve(name);
}

/// First error and its hint; empty: the rule compiles.
std::string problem(const std::string& expression) {
    const RuleSource rule{"r", {expression, {}}};
    const CompiledRules compiled = compile_rules(std::span(&rule, 1), {}, kTable);
    return render(compiled.diagnostics);
}

}  // namespace

TEST_CASE("names: every iterator takes a register") {
    const std::pair<const char*, Subject> names[] = {
        {"process.ancestors[A].argv", Subject::kAncestor},
        {"ptrace.tracee.ancestors[A].comm", Subject::kTargetAncestor},
        {"setrlimit.target.ancestors[A].comm", Subject::kTargetAncestor},
        {"signal.target.ancestors[A].comm", Subject::kTargetAncestor},
        {"network_flow_monitor.flows[A].source.port", Subject::kFlow}};
    for (const auto& [name, subject] : names) {
        INFO(name);
        const NamedRead named = resolve(name);
        CHECK(named.error.empty());
        CHECK(named.reg == "A");
        REQUIRE(named.read.field != nullptr);
        CHECK(named.read.field->subject == subject);
    }
    CHECK_FALSE(resolve("process[A].comm").error.empty());
    CHECK_FALSE(resolve("process.ancestors[_].argv").error.empty());
    CHECK_FALSE(resolve("process.ancestors[A][B].argv").error.empty());
    CHECK_FALSE(resolve("process.ancestors.argv[A]").error.empty());
}

TEST_CASE("names: an index ends a list, a length a list or a string") {
    const NamedRead element = resolve("process.ancestors[A].argv[1]");
    CHECK(element.error.empty());
    CHECK(element.reg == "A");
    CHECK(element.read.index == 1);
    CHECK_FALSE(resolve("process.comm[0]").error.empty());
    CHECK_FALSE(resolve("process.ancestors.argv[9999999999]").error.empty());
    CHECK(resolve("open.filename.length").read.kind == FieldRead::Kind::kLength);
    CHECK(resolve("process.ancestors.argv.length").read.type() == ValueType::kInt);
    CHECK(resolve("dns.id.length").unknown);
}

TEST_CASE("names: older names are the table's, there is no second list") {
    CHECK(resolve("open.filename").read.field == resolve("open.file.path").read.field);
    CHECK(resolve("process.name").unknown);
}

TEST_CASE("names: a field of several event types is for those alone and chooses none") {
    CHECK(problem("dns.id == 1 && network.size > 3").empty());
    CHECK(problem("network.size > 3 && dns.id == 1").empty());
    const std::string wrong = problem("network.size > 3 && open.file.path == \"/x\"");
    CHECK_THAT(wrong, ContainsSubstring("'network.size' does not exist for open events"));
    CHECK_THAT(wrong, ContainsSubstring("it exists for dns, packet"));
    CHECK_THAT(problem("network.size > 3"), ContainsSubstring("no event type"));
}
