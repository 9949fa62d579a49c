// SPDX-License-Identifier: Apache-2.0
//
// Why a rule matched one event, or did not: every part of it with its text, what it came to, the values that were
// read, and the elements that registers were bound to. For a person who asks; the engine never does this.
#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/truth.h"

namespace vedette::secl {

/// What one test read.
struct ExplainedRead {
    std::string name;  ///< of the field, with its index or ".length"; "${x}" of a variable
    std::vector<std::string> values;  ///< as a person reads them; long ones are cut
    size_t more = 0;                  ///< values left out
    bool pending = false;             ///< not known yet: the values say nothing
    std::optional<size_t> element;    ///< that a register is bound to: 0 is the nearest
};

struct Explained {
    /// "and", "or", "not", "equal", "some", "test", "constant".
    std::string_view op;
    std::string text;  ///< as the rule or macro has it, on one line
    Truth truth = Truth::kFalse;
    bool decisive =
        false;  ///< with another outcome here the whole would have another one, or might
    std::vector<ExplainedRead> reads;  ///< of a test
    std::string matched;               ///< of a test of strings: the literal that matched
    /// Of "some": the element that is shown (one for which it holds, or comes nearest), and how many there are.
    std::string reg;
    std::optional<size_t> element;
    size_t elements = 0;
    std::vector<Explained> children;  ///< in the order of the text
};

/// The rule's sources must still be there. A rule with more than 10,000 parts is explained as far as that.
Explained explain(const BoundRule& rule, const EvalContext& context);
/// Of an expression outside rules, whose value is a condition.
Explained explain(const Condition& condition, size_t registers, const EvalContext& context);

/// A line per part, indented; decisive tests are marked.
///
///     true   and
///   > true     open.flags & O_CREAT > 0
///                open.flags = O_WRONLY|O_CREAT
std::string render(const Explained& tree, bool colour);

/// {"op", "text", "result": "true"|"false"|"unknown", "decisive", "reads": [{"field", "values", ...}], "children"}
boost::json::object to_json(const Explained& tree);

}  // namespace vedette::secl
