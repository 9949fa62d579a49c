// SPDX-License-Identifier: Apache-2.0
//
// What `policy eval` and `policy explain` have in common: a question about one rule or expression and one event that
// is written in a file, and the reading of all that it names.
#pragma once

#include <memory>
#include <memory_resource>
#include <optional>
#include <string>

#include "security-agent/cli/policy_source.h"
#include "security-agent/replay/event_variables.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/field_names.h"

namespace vedette::cli {

/// Of a question that cannot be answered: the rule, the expression or the event is not valid.
inline constexpr int kExitInvalidQuestion = 2;

struct RuleQuestion {
    /// Of --rule-id; for --expression where its macros and variables come from, if anywhere.
    PolicySource policies;
    std::string rule_id;     ///< this or
    std::string expression;  ///< this
    std::string event_file;  ///< "-": standard input
    bool json = false;
};

/// Options of `command`; it is an error to give neither rule nor expression. `question` must live until the command
/// line is parsed.
void add_rule_question(CLI::App& command, RuleQuestion& question);

/// Reads the event, the policies and the variables. Whatever fails says why in message() and diagnostics().
class QuestionReader {
   public:
    explicit QuestionReader(const RuleQuestion& question);

    /// False after an error; the rest is for afterwards.
    bool read();

    /// The event with its variables; valid while this lives.
    secl::EvalContext context();
    /// Null after an error: no such rule is in force.
    const policy::RuleInfo* rule();
    /// Null after an error.
    std::shared_ptr<const secl::Expression> expression();

    /// Null until it was read.
    const replay::EventFile* event() const { return event_.get(); }
    const policy::CompiledPolicies& policies() const { return *policies_; }
    const secl::FieldNames& names() const { return names_; }
    secl::Compiler& compiler() { return *compiler_; }
    /// The expression as a rule of one.
    const secl::RuleSource& source() const { return source_; }

    const std::string& message() const { return message_; }
    const secl::Diagnostics& diagnostics() const { return diagnostics_; }

   private:
    bool refuse(std::string why);
    bool read_event();
    bool read_policies();
    bool read_variables();

    const RuleQuestion& question_;
    secl::FieldNames names_;
    secl::RuleSource source_;
    std::shared_ptr<const replay::EventFile> event_;
    std::shared_ptr<const policy::CompiledPolicies> policies_;  ///< none named: empty ones
    std::shared_ptr<const secl::VariableTable> variables_;
    std::optional<replay::EventVariables> values_;
    std::optional<secl::Compiler> compiler_;
    std::pmr::monotonic_buffer_resource scratch_;
    std::string message_;
    secl::Diagnostics diagnostics_;
};

}  // namespace vedette::cli
