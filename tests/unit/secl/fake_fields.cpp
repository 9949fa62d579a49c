// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/fake_fields.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace vedette::secl::test {
namespace {

struct Spec {
    std::string_view name;
    ValueType type = ValueType::kInt;
    bool is_list = false;
    bool is_time = false;
    Matching matching = Matching::kPlain;
    EventTypeId event = kAnyEvent;
    bool pending = false;
    bool alternatives = false;
};

constexpr auto kInt = ValueType::kInt;
constexpr auto kBool = ValueType::kBool;
constexpr auto kString = ValueType::kString;
constexpr auto kIp = ValueType::kIp;

constexpr Spec kEventFields[] = {
    {.name = "event.timestamp", .is_time = true},
    {.name = "event.async", .type = kBool},
    {.name = "event.origin", .type = kString},
    {.name = "open.file.path", .type = kString, .matching = Matching::kPath, .event = kOpen},
    {.name = "open.file.name", .type = kString, .event = kOpen},
    {.name = "open.file.extension",
     .type = kString,
     .matching = Matching::kCaseInsensitive,
     .event = kOpen},
    {.name = "open.flags", .event = kOpen},
    {.name = "open.retval", .event = kOpen},
    {.name = "open.file.in_upper_layer", .type = kBool, .event = kOpen},
    {.name = "packet.filter", .type = kString, .event = kConnect},
    {.name = "bpf.prog.name", .type = kString, .event = kConnect},
    {.name = "open.syscall.path", .type = kString, .event = kOpen},
    {.name = "open.file.modification_time", .is_time = true, .event = kOpen},
    {.name = "open.file.change_time", .is_time = true, .event = kOpen},
    {.name = "connect.addr.ip", .type = kIp, .event = kConnect},
    {.name = "connect.addr.port", .event = kConnect},
    {.name = "connect.addr.hostname", .type = kString, .is_list = true, .event = kConnect},
    {.name = "connect.ips", .type = kIp, .is_list = true, .event = kConnect},
    {.name = "connect.codes", .is_list = true, .event = kConnect},
    {.name = "connect.addr.is_public", .type = kBool, .event = kConnect},
};

constexpr Spec kProcessFields[] = {
    {.name = "pid"},
    {.name = "uid"},
    {.name = "user", .type = kString},
    {.name = "file.path", .type = kString, .matching = Matching::kPath, .alternatives = true},
    {.name = "file.name", .type = kString},
    {.name = "comm", .type = kString},
    {.name = "args", .type = kString},
    {.name = "argv", .type = kString, .is_list = true},
    {.name = "created_at", .is_time = true},
    {.name = "cap_effective"},
    {.name = "is_kworker", .type = kBool},
    {.name = "container.id", .type = kString, .pending = true},
};

// As in the real table no field of their own event type, so that rules for open events can use them.
constexpr Spec kFlowFields[] = {
    {.name = "port"},
    {.name = "proto", .type = kString},
    {.name = "address", .type = kIp},
};

constexpr std::array kFimEvents = {"chmod", "chown", "link", "rename", "unlink", "utimes"};
static_assert(std::size(kEventFields) <= kMaxFakeFields &&
              std::size(kProcessFields) <= kMaxFakeFields);

const FakeObject& object(const void* base) {
    return *static_cast<const FakeObject*>(base);
}

template <size_t N>
int64_t get_int(const void* base) {
    return object(base).ints[N];
}
template <size_t N>
bool get_bool(const void* base) {
    return object(base).ints[N] != 0;
}
template <size_t N>
std::string_view get_string(const void* base, Scratch&) {
    return object(base).strings[N].empty() ? std::string_view() : object(base).strings[N].front();
}
template <size_t N>
void get_strings(const void* base, Scratch&, StringList& out) {
    out.insert(out.end(), object(base).strings[N].begin(), object(base).strings[N].end());
}
template <size_t N>
void get_ints(const void* base, Scratch&, IntList& out) {
    out.insert(out.end(), object(base).int_lists[N].begin(), object(base).int_lists[N].end());
}
void get_other_paths(const void* base, Scratch&, StringList& out) {
    out.insert(out.end(), object(base).other_paths.begin(), object(base).other_paths.end());
}
bool is_pending(const void* base) {
    return object(base).pending;
}
int64_t count_ancestors(const void* base) {
    const auto& context = *static_cast<const EvalContext*>(base);
    return static_cast<int64_t>(elements_of(context, Subject::kAncestor).size());
}

template <size_t N>
Getter getter_of(const Spec& spec) {
    if (spec.is_list) {
        return spec.type == kInt ? Getter(&get_ints<N>) : Getter(&get_strings<N>);
    }
    return spec.type == kInt    ? Getter(&get_int<N>)
           : spec.type == kBool ? Getter(&get_bool<N>)
                                : Getter(&get_string<N>);
}

class FakeTable : public FieldTable {
   public:
    FakeTable() {
        add<std::size(kEventFields)>(kEventFields, "", Subject::kEvent, kAnyEvent);
        add<std::size(kProcessFields)>(kProcessFields, "process.", Subject::kProcess, kAnyEvent);
        add<std::size(kProcessFields)>(kProcessFields, "exec.", Subject::kProcess, kExec);
        add<std::size(kProcessFields)>(kProcessFields, "process.parent.", Subject::kParent,
                                       kAnyEvent);
        add<std::size(kProcessFields)>(kProcessFields, "process.ancestors.", Subject::kAncestor,
                                       kAnyEvent);
        add<std::size(kFlowFields)>(kFlowFields, "network_flow_monitor.flows.", Subject::kFlow,
                                    kAnyEvent);
        add_fim_events();
        FieldDef length;
        length.name = "process.ancestors.length";
        length.subject = Subject::kContext;
        length.get = &count_ancestors;
        fields_.push_back(length);
        std::sort(fields_.begin(), fields_.end(),
                  [](const FieldDef& a, const FieldDef& b) { return a.name < b.name; });
    }

    std::span<const FieldDef> fields() const override { return fields_; }
    std::span<const EventTypeDef> events() const override { return events_; }
    std::span<const AliasDef> aliases() const override { return aliases_; }

   private:
    template <size_t Count>
    void add(const Spec* specs, std::string prefix, Subject subject, EventTypeId event) {
        [&]<size_t... N>(std::index_sequence<N...>) {
            (add_one(specs[N], prefix, subject, event, getter_of<N>(specs[N])), ...);
        }(std::make_index_sequence<Count>());
    }

    // Paths and names where open has them.
    void add_fim_events() {
        for (size_t i = 0; i < kFimEvents.size(); ++i) {
            const auto event = static_cast<EventTypeId>(kFirstFimEvent + i);
            events_.push_back({event, kFimEvents[i], "", ""});
            for (const std::string_view file : {"file.", "file.destination."}) {
                const std::string prefix = std::string(kFimEvents[i]) + "." + std::string(file);
                const size_t destination = file == "file." ? 0 : 12;
                add_one({.name = "path", .type = kString, .matching = Matching::kPath}, prefix,
                        Subject::kEvent, event,
                        destination == 0 ? Getter(&get_string<3>) : Getter(&get_string<12>));
                add_one({.name = "name", .type = kString}, prefix, Subject::kEvent, event,
                        destination == 0 ? Getter(&get_string<4>) : Getter(&get_string<13>));
            }
        }
    }

    void add_one(const Spec& spec, const std::string& prefix, Subject subject, EventTypeId event,
                 Getter get) {
        FieldDef field;
        field.name = names_.emplace_back(prefix + std::string(spec.name));
        field.type = spec.type;
        field.is_list = spec.is_list;
        field.is_time = spec.is_time;
        field.matching = spec.matching;
        field.subject = subject;
        field.event = event != kAnyEvent ? event : spec.event;
        field.get = get;
        field.pending = spec.pending ? &is_pending : nullptr;
        field.alternatives =
            spec.alternatives && subject == Subject::kProcess ? &get_other_paths : nullptr;
        fields_.push_back(field);
    }

    std::deque<std::string> names_;
    std::vector<FieldDef> fields_;
    std::vector<EventTypeDef> events_ = {EventTypeDef{kExec, "exec", "", ""},
                                         EventTypeDef{kOpen, "open", "", ""},
                                         EventTypeDef{kConnect, "connect", "", ""}};
    std::array<AliasDef, 6> aliases_ = {AliasDef{"container.id", "process.container.id"},
                                        AliasDef{"exec.filename", "exec.file.path"},
                                        AliasDef{"open.basename", "open.file.name"},
                                        AliasDef{"open.filename", "open.file.path"},
                                        AliasDef{"open.old_name", "open.file.name"},
                                        AliasDef{"process.filename", "process.file.path"}};
};

bool find(std::span<const Spec> specs, std::string_view name, size_t& position) {
    const auto it =
        std::find_if(specs.begin(), specs.end(), [&](const Spec& s) { return s.name == name; });
    position = static_cast<size_t>(it - specs.begin());
    return it != specs.end();
}

}  // namespace

FakeObject* FakeEvent::object_of(std::string_view field, size_t& position) {
    const auto under = [&](std::string_view prefix) {
        return field.starts_with(prefix) &&
               find(kProcessFields, field.substr(prefix.size()), position);
    };
    if (find(kEventFields, field, position)) {
        return &event;
    }
    if (under("process.ancestors.")) {
        return ancestors.empty() ? nullptr : &ancestors.back();
    }
    if (under("process.parent.")) {
        return &parent;
    }
    constexpr std::string_view kFlows = "network_flow_monitor.flows.";
    if (field.starts_with(kFlows) && find(kFlowFields, field.substr(kFlows.size()), position)) {
        return flows.empty() ? nullptr : &flows.back();
    }
    return under("process.") || under("exec.") ? &process : nullptr;
}

bool FakeEvent::set_int(std::string_view field, int64_t value) {
    size_t position = 0;
    FakeObject* target = object_of(field, position);
    if (target != nullptr) {
        target->ints[position] = value;
    }
    return target != nullptr;
}

bool FakeEvent::set_int_list(std::string_view field, std::vector<int64_t> values) {
    size_t position = 0;
    FakeObject* target = object_of(field, position);
    if (target != nullptr) {
        target->int_lists[position] = std::move(values);
    }
    return target != nullptr;
}

bool FakeEvent::set_strings(std::string_view field, std::vector<std::string> values) {
    size_t position = 0;
    FakeObject* target = object_of(field, position);
    if (target != nullptr) {
        target->strings[position] = std::move(values);
    }
    return target != nullptr;
}

const FieldTable& fake_table() {
    static const FakeTable kTable;
    return kTable;
}

const VariableTable& fake_variables() {
    struct Table : VariableTable {
        void declare(const char* name, Scope scope, ValueType type, bool is_list) {
            Variable variable;
            variable.name = name;
            variable.scope = scope;
            variable.type = type;
            variable.is_list = is_list;
            const bool text = type == kString || type == kIp;
            variable.default_value.strings.resize(text && !is_list ? 1 : 0);
            variable.default_value.ints.resize(!text && !is_list ? 1 : 0);
            add(std::move(variable));
        }
        Table() {
            declare("text", Scope::kGlobal, kString, false);
            declare("num", Scope::kGlobal, kInt, false);
            declare("flag", Scope::kGlobal, kBool, false);
            declare("ip", Scope::kGlobal, kIp, false);
            declare("process.names", Scope::kProcess, kString, true);
            declare("process.nums", Scope::kProcess, kInt, true);
            declare("cgroup.nets", Scope::kCgroup, kIp, true);
        }
    };
    static const Table kTable;
    return kTable;
}

FakeContext::FakeContext(const FakeEvent& event)
    : event_(event), scratch_(buffer_.data(), buffer_.size()) {
    for (const FakeObject& ancestor : event.ancestors) {
        ancestors_.push_back(&ancestor);
    }
    for (const FakeObject& flow : event.flows) {
        flows_.push_back(&flow);
    }
    context_.type = event.type;
    context_.event = &event.event;
    context_.process = &event.process;
    context_.parent = &event.parent;
    context_.elements = &elements;
    context_.owner = this;
    context_.variables = this;
    context_.scratch = &scratch_;
    context_.now_ns = event.now_ns;
}

std::span<const void* const> FakeContext::elements(const EvalContext& context, Subject iterator) {
    const auto& self = *static_cast<const FakeContext*>(context.owner);
    return iterator == Subject::kFlow ? self.flows_ : self.ancestors_;
}

void FakeContext::read(uint32_t number, const EvalContext&, StringList& strings,
                       IntList& ints) const {
    const Variable& variable = fake_variables().at(number);
    const auto it = event_.variables.find(variable.name);
    const VariableValue& value = it != event_.variables.end() ? it->second : variable.default_value;
    strings.insert(strings.end(), value.strings.begin(), value.strings.end());
    ints.insert(ints.end(), value.ints.begin(), value.ints.end());
}

std::string ip_bytes(std::string_view text) {
    const std::string terminated(text);
    std::array<char, 16> bytes{};
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
        return {bytes.data(), 4};
    }
    return inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1
               ? std::string(bytes.data(), 16)
               : std::string();
}

}  // namespace vedette::secl::test
