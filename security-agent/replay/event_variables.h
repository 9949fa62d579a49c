// SPDX-License-Identifier: Apache-2.0
//
// An event file as something to evaluate: its context, and the variables as it sets them.
#pragma once

#include <map>

#include "security-agent/replay/event_file.h"
#include "security-agent/secl/eval_context.h"

namespace vedette::replay {

/// Without variables. The event and `scratch` must outlive it.
secl::EvalContext context_of(const EventFile& event, secl::Scratch& scratch);

/// Variables of a table as one event file gives them, whatever their scope; the others have their default.
class EventVariables final : public secl::VariableReader {
   public:
    /// Names and types are checked: errors are in `diagnostics`. `table` must outlive it.
    EventVariables(const EventFile& event, const secl::VariableTable& table,
                   secl::Diagnostics& diagnostics);

    void read(uint32_t number, const secl::EvalContext& context, secl::StringList& strings,
              secl::IntList& ints) const override;

   private:
    const EventFile& event_;
    const secl::VariableTable& table_;
    std::map<uint32_t, secl::VariableValue> values_;
};

/// A field of the event by name; the zero value when the table has none.
int64_t integer_of(const EventFile& event, std::string_view field);
std::string text_of(const EventFile& event, std::string_view field);

}  // namespace vedette::replay
