// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/named_fields.h"

#include <algorithm>
#include <deque>

namespace vedette::secl::test {
namespace {

constexpr std::string_view kEventNames[] = {"bind",       "bpf",    "chmod", "connect",
                                            "exec",       "mmap",   "open",  "rename",
                                            "setsockopt", "socket", "unlink"};

struct Spec {
    std::string_view name;
    ValueType type = ValueType::kInt;
    std::string_view constants = {};
    bool is_list = false;
    bool is_time = false;
    Matching matching = Matching::kPlain;
};

constexpr auto kInt = ValueType::kInt;
constexpr auto kBool = ValueType::kBool;
constexpr auto kString = ValueType::kString;
constexpr auto kIp = ValueType::kIp;

constexpr Spec kEventFields[] = {
    {"bind.addr.family", kInt, "address_family"},
    {"bind.addr.port"},
    {"bpf.cmd", kInt, "bpf_cmd"},
    {"bpf.prog.name", kString},
    {"chmod.file.destination.rights", kInt, "inode_mode"},
    {"connect.addr.family", kInt, "address_family"},
    {"connect.addr.hostname", kString, "", true},
    {"connect.addr.ip", kIp},
    {"connect.addr.is_public", kBool},
    {"connect.addr.port"},
    {"connect.retval", kInt, "errno"},
    {"mmap.flags", kInt, "map_flags"},
    {"mmap.protection", kInt, "prot"},
    {"open.file.extension", kString, "", false, false, Matching::kCaseInsensitive},
    {"open.file.in_upper_layer", kBool},
    {"open.file.modification_time", kInt, "", false, true},
    {"open.flags", kInt, "open_flags"},
    {"open.retval", kInt, "errno"},
    {"setsockopt.level", kInt, "socket_level"},
    {"setsockopt.optname"},
    {"socket.domain", kInt, "address_family"},
    {"socket.type", kInt, "socket_type"},
};

constexpr std::string_view kFiles[] = {
    "chmod.file", "mmap.file", "open.file", "rename.file", "rename.file.destination",
    "unlink.file"};

constexpr Spec kProcessFields[] = {
    {"args", kString},
    {"argv", kString, "", true},
    {"argv0", kString},
    {"auid", kInt, "auid"},
    {"cap_effective", kInt, "capabilities"},
    {"comm", kString},
    {"created_at", kInt, "", false, true},
    {"envp", kString, "", true},
    {"pid"},
    {"uid"},
    {"user", kString},
};

class NamedTable final : public FieldTable {
   public:
    NamedTable() {
        for (const std::string_view name : kEventNames) {
            events_.push_back({static_cast<EventTypeId>(events_.size() + 1), name, "", ""});
        }
        for (const Spec& spec : kEventFields) {
            add(std::string(spec.name), spec, Subject::kEvent, event_of(spec.name));
        }
        for (const std::string_view file : kFiles) {
            add_file(file, Subject::kEvent, event_of(file));
        }
        add_process("process", Subject::kProcess, kAnyEvent);
        add_process("exec", Subject::kProcess, event_of("exec."));
        add_process("process.parent", Subject::kParent, kAnyEvent);
        add_process("process.ancestors", Subject::kAncestor, kAnyEvent);
        std::sort(fields_.begin(), fields_.end(),
                  [](const FieldDef& a, const FieldDef& b) { return a.name < b.name; });
    }

    std::span<const FieldDef> fields() const override { return fields_; }
    std::span<const EventTypeDef> events() const override { return events_; }
    std::span<const AliasDef> aliases() const override { return {}; }

   private:
    EventTypeId event_of(std::string_view field) const {
        const std::string_view event = field.substr(0, field.find('.'));
        const auto it = std::find_if(events_.begin(), events_.end(),
                                     [&](const EventTypeDef& e) { return e.name == event; });
        return it == events_.end() ? kAnyEvent : it->id;
    }

    void add_file(std::string_view prefix, Subject subject, EventTypeId event) {
        const std::string dot = std::string(prefix) + ".";
        add(dot + "path", {"", kString, "", false, false, Matching::kPath}, subject, event);
        add(dot + "name", {"", kString}, subject, event);
    }

    void add_process(std::string_view prefix, Subject subject, EventTypeId event) {
        for (const Spec& spec : kProcessFields) {
            add(std::string(prefix) + "." + std::string(spec.name), spec, subject, event);
        }
        add_file(std::string(prefix) + ".file", subject, event);
    }

    void add(std::string name, const Spec& spec, Subject subject, EventTypeId event) {
        FieldDef field;
        field.name = names_.emplace_back(std::move(name));
        field.type = spec.type;
        field.is_list = spec.is_list;
        field.is_time = spec.is_time;
        field.matching = spec.matching;
        field.constants = spec.constants;
        field.subject = subject;
        field.event = event;
        fields_.push_back(field);
    }

    std::deque<std::string> names_;
    std::vector<FieldDef> fields_;
    std::vector<EventTypeDef> events_;
};

}  // namespace

const FieldTable& named_table() {
    static const NamedTable kTable;
    return kTable;
}

EventTypeId named_event(std::string_view name) {
    for (const EventTypeDef& event : named_table().events()) {
        if (event.name == name) {
            return event.id;
        }
    }
    return kAnyEvent;
}

NamedEvent::NamedEvent(std::string_view type) : type_(named_event(type)) {}

NamedEvent& NamedEvent::set(std::string_view field, std::string value) {
    place(field).strings = {std::move(value)};
    return *this;
}
NamedEvent& NamedEvent::set(std::string_view field, int64_t value) {
    place(field).ints = {value};
    return *this;
}
NamedEvent& NamedEvent::set(std::string_view field, std::vector<std::string> values) {
    place(field).strings = std::move(values);
    return *this;
}
NamedEvent& NamedEvent::ancestor() {
    ancestors_.emplace_back();
    return *this;
}

EvalContext NamedEvent::context() {
    EvalContext out;
    out.type = type_;
    out.source = this;
    out.scratch = scratch_.get();
    out.now_ns = 1'700'000'000'000'000'000;
    return out;
}

NamedEvent::Value& NamedEvent::place(std::string_view field) {
    Values& values = field.starts_with("process.ancestors.") ? ancestors_.back() : values_;
    return values[std::string(field)];
}

void NamedEvent::read(const FieldDef& field, size_t element, StringList& strings,
                      IntList& ints) const {
    const Values& values = element == kNoElement ? values_ : ancestors_[element];
    const auto it = values.find(field.name);
    if (it != values.end()) {
        strings.insert(strings.end(), it->second.strings.begin(), it->second.strings.end());
        ints.insert(ints.end(), it->second.ints.begin(), it->second.ints.end());
    } else if (!field.is_list && (field.type == kString || field.type == kIp)) {
        strings.emplace_back();
    } else if (!field.is_list) {
        ints.push_back(0);
    }
}

size_t NamedEvent::elements(Subject subject) const {
    return subject == Subject::kAncestor ? ancestors_.size() : 0;
}

}  // namespace vedette::secl::test
