// SPDX-License-Identifier: Apache-2.0
//
// Fields with the names, types and constants of the real ones, and events whose values a test writes down by name:
// for what depends on what a field is called (filter plan, warnings, explanations).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"

namespace vedette::secl::test {

const FieldTable& named_table();

/// Number of an event type of named_table(); kAnyEvent when it has none of this name.
EventTypeId named_event(std::string_view name);

/// What is not set has its zero value.
class NamedEvent final : public ValueSource {
   public:
    explicit NamedEvent(std::string_view type);

    NamedEvent& set(std::string_view field, std::string value);
    NamedEvent& set(std::string_view field, int64_t value);
    NamedEvent& set(std::string_view field, std::vector<std::string> values);
    /// One more ancestor; set() of process.ancestors.* is about the last one added.
    NamedEvent& ancestor();
    EvalContext context();

    void read(const FieldDef& field, size_t element, StringList& strings,
              IntList& ints) const override;
    size_t elements(Subject subject) const override;

   private:
    struct Value {
        std::vector<std::string> strings;
        std::vector<int64_t> ints;
    };
    using Values = std::map<std::string, Value, std::less<>>;

    Value& place(std::string_view field);

    EventTypeId type_;
    Values values_;
    std::vector<Values> ancestors_;
    std::shared_ptr<std::pmr::monotonic_buffer_resource> scratch_ =
        std::make_shared<std::pmr::monotonic_buffer_resource>();
};

}  // namespace vedette::secl::test
