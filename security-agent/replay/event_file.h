// SPDX-License-Identifier: Apache-2.0
//
// An event written by hand, to try rules on (docs/reference/policies.md, "Event files"):
//
//   {"type": "exec", "values": {"exec.file.path": "/usr/bin/nc", "process.ancestors.file.name": ["sh", "sshd"]},
//    "variables": {"process.seen": true}, "time": "2026-01-01T12:00:00Z"}
//
// Names and types are checked against the field table, all mistakes are reported at once with their places, and what
// follows from a value that is there (name from path, args from argv) need not be said.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/policy/yaml_tree.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"
#include "security-agent/secl/field_names.h"
#include "security-agent/secl/variables.h"

namespace vedette::replay {

/// Of one field, or of one element of an iterated one. Addresses are IpBytes.
struct EventValue {
    std::vector<std::string> strings;
    std::vector<int64_t> ints;
};

/// A variable that the file sets before the event. Addresses are still text: the file does not say the type.
struct EventVariable {
    std::string name;  ///< without ${}
    secl::ValueType type = secl::ValueType::kString;
    bool is_list = false;
    EventValue value;
    secl::SourceText place;  ///< for errors about it
};

/// Immutable; any thread. Names of the field table are referred to: it must outlive the event.
class EventFile final : public secl::ValueSource {
   public:
    static constexpr size_t kMaxElements = 1024;      ///< of an iterated field
    static constexpr size_t kMaxListValues = 10'000;  ///< of a list field
    /// 2026-01-01T00:00:00Z: when nothing is said, results are the same tomorrow.
    static constexpr int64_t kDefaultTime = 1'767'225'600'000'000'000;

    const secl::EventTypeDef& type() const { return *type_; }
    /// Nanoseconds since 1970.
    int64_t time_ns() const { return time_ns_; }
    const std::vector<EventVariable>& variables() const { return variables_; }
    /// What the file says of the host and the agent; the event must outlive it.
    const secl::HostIdentity& host() const { return host_; }
    /// Null when neither the file nor what it says gives the field a value.
    const EventValue* find(const secl::FieldDef& field, size_t element = 0) const;

    void read(const secl::FieldDef& field, size_t element, secl::StringList& strings,
              secl::IntList& ints) const override;
    size_t elements(secl::Subject subject) const override;

    /// {"type", "values", "variables", "time"} with today's field names and with what follows from what was given.
    boost::json::object to_json() const;

   private:
    friend class EventReader;
    const secl::EventTypeDef* type_ = nullptr;
    int64_t time_ns_ = kDefaultTime;
    std::map<const secl::FieldDef*, std::vector<EventValue>> values_;
    std::vector<const secl::FieldDef*> fields_;  ///< those with values, by name
    std::map<secl::Subject, size_t> elements_;
    std::vector<EventVariable> variables_;
    secl::HostIdentity host_;
};

/// Reads JSON. Null after an error; all of them are in `diagnostics`, at most 20.
std::shared_ptr<const EventFile> parse_event(const std::shared_ptr<const secl::SourceFile>& file,
                                             const secl::FieldNames& names,
                                             secl::Diagnostics& diagnostics);

struct EventOptions {
    int64_t time_ns = EventFile::kDefaultTime;     ///< when the event does not say
    std::span<const std::string_view> other_keys;  ///< beside the event's own, of no interest here
};

/// The same from a tree that was read, part of a larger file.
std::shared_ptr<const EventFile> read_event(const std::shared_ptr<const secl::SourceFile>& file,
                                            const policy::YamlNode& node,
                                            const secl::FieldNames& names,
                                            secl::Diagnostics& diagnostics,
                                            const EventOptions& options = {});

/// The object under "variables", or another of its kind.
std::vector<EventVariable> read_variables(const std::shared_ptr<const secl::SourceFile>& file,
                                          const policy::YamlNode& node,
                                          secl::Diagnostics& diagnostics);

/// Declares what the file sets, for an expression that belongs to no policy.
void declare_variables(const EventFile& event, secl::VariableTable& table);

/// `variable` as the table's variable of that name holds it. Nothing after an error.
std::optional<secl::VariableValue> value_for(const EventVariable& variable,
                                             const secl::VariableTable& table,
                                             secl::Diagnostics& diagnostics);

}  // namespace vedette::replay
