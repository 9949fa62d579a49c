// SPDX-License-Identifier: Apache-2.0
//
// The one place where values come out of an event: through a field's getter, a variable, or an event file.
#pragma once

#include <span>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"

namespace vedette::secl {

struct SlotValues {
    StringList strings;    ///< strings, addresses
    IntList ints;          ///< numbers, booleans
    bool pending = false;  ///< they are not known yet: what is here says nothing
};

/// All that `read` gives for the event; replaces `out`. `registers` holds the number of the element that each
/// register is bound to. Strings stay valid while the event and the scratch memory do.
void read_values(const FieldRead& read, const EvalContext& context,
                 std::span<const size_t> registers, SlotValues& out);

/// In lower case (ASCII), in scratch memory when that differs.
std::string_view lower(std::string_view text, Scratch& scratch);

}  // namespace vedette::secl
