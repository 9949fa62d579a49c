// SPDX-License-Identifier: Apache-2.0
//
// Read every file, decide what counts between them (macros, then rules), hand the rest to secl. Nothing here
// stops at the first error: a bad file costs that file, a bad rule that rule.
#include "security-agent/policy/loader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory_resource>
#include <optional>
#include <tuple>

#include "security-agent/policy/policy_file.h"
#include "security-agent/policy/version.h"
#include "security-agent/secl/field_names.h"
#include "security-agent/secl/parser.h"

namespace vedette::policy {
namespace {

using secl::Diagnostics;
using secl::Severity;
using secl::SourceFile;
using secl::SourceText;

constexpr std::string_view kDefaultPolicy = "default.policy";
constexpr std::string_view kSuffix = ".policy";
constexpr size_t kMaxPolicyFiles = 1000;

std::string file_name(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Regular files only, without waiting: a policy directory may hold a FIFO.
Result<std::string> read_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail_errno(errno, "cannot open '{}'", path);
    }
    const std::unique_ptr<const int, void (*)(const int*)> closer(&fd,
                                                                  [](const int* f) { close(*f); });
    struct stat status{};
    if (fstat(fd, &status) != 0) {
        return fail_errno(errno, "cannot stat '{}'", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::kInvalid, "'{}' is not a regular file", path);
    }
    std::string text;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(errno, "cannot read '{}'", path);
        }
        if (got == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<size_t>(got));
        if (text.size() > kMaxPolicyBytes) {
            return fail(ErrorCode::kLimit, "'{}' is larger than {} bytes", path, kMaxPolicyBytes);
        }
    }
}

// default.policy first, then by name.
Result<std::vector<std::string>> list_policies(const std::string& directory) {
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) {
        return fail_errno(errno, "cannot read the policy directory '{}'", directory);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(dir, &closedir);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(kSuffix) && !name.starts_with('.')) {
            names.emplace_back(name);
        }
    }
    if (names.size() > kMaxPolicyFiles) {
        return fail(ErrorCode::kLimit, "'{}' holds {} policy files, the limit is {}", directory,
                    names.size(), kMaxPolicyFiles);
    }
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::make_tuple(a != kDefaultPolicy, std::string_view(a)) <
               std::make_tuple(b != kDefaultPolicy, std::string_view(b));
    });
    return names;
}

struct InputFile {
    std::string name;
    std::string path;
    Result<std::string> text;
};

// A rule with what later files made of it.
struct MergedRule {
    RuleDefinition definition;
    RuleInfo info;
    bool is_default = false;  // of default.policy
    bool disabled = false;
};

class Loader {
   public:
    explicit Loader(const LoadOptions& options) : options_(options) {
        if (options.fields != nullptr) {
            names_.emplace(*options.fields);
        }
    }

    LoadedPolicies run(std::vector<InputFile> inputs) {
        for (InputFile& input : inputs) {
            read(std::move(input));
        }
        for (size_t i = 0; i < files_.size(); ++i) {
            for (MacroDefinition& macro : files_[i].macros) {
                collect(std::move(macro), i);
            }
        }
        for (size_t i = 0; i < files_.size(); ++i) {
            for (RuleDefinition& rule : files_[i].rules) {
                collect(std::move(rule), static_cast<uint32_t>(i));
            }
        }
        emit();
        return std::move(out_);
    }

   private:
    // ---- files

    void read(InputFile input) {
        PolicyReport report;
        report.name = input.name;
        report.path = input.path;
        PolicyFile file;
        if (!input.text) {
            report.message = input.text.error().message;
            secl::Diagnostic diagnostic;
            diagnostic.file = input.path;
            diagnostic.message = report.message;
            out_.diagnostics.add(std::move(diagnostic));
        } else {
            const auto source = std::make_shared<SourceFile>(input.path, std::move(*input.text));
            file = read_policy(source, out_.diagnostics);
            report.version = file.version;
            report.message = file.error;
            if (file.readable && file.rules.empty() && file.macros.empty() && file.keys_ok) {
                report.message = "the policy is empty";
                secl::SourceText whole = place_in(source, 0);
                out_.diagnostics.add(Severity::kError, whole, {0, 1}, report.message,
                                     "a policy has 'rules:' or 'macros:'");
                file.readable = false;
            }
        }
        report.status = !file.readable ? PolicyStatus::kError
                        : file.keys_ok ? PolicyStatus::kLoaded
                                       : PolicyStatus::kPartiallyLoaded;
        out_.policies.push_back(std::move(report));
        files_.push_back(std::move(file));
    }

    // ---- conditions on host and version

    // Empty: the definition counts here. `error` is set when a condition cannot be evaluated.
    std::string filtered(const std::vector<SourceText>& filters,
                         const std::optional<SourceText>& agent_version, const std::string& id,
                         bool& error) {
        if (agent_version) {
            auto own = parse_version(options_.agent_version);
            auto met =
                own ? satisfies(*own, agent_version->text) : Result<bool>(forward_error(own));
            if (!met) {
                out_.diagnostics.add(Severity::kError, *agent_version, whole(*agent_version),
                                     met.error().message, "", id);
                error = true;
                return "agent_version: " + met.error().message;
            }
            if (!*met) {
                return fmt::format("agent_version: {} does not fulfil '{}'", options_.agent_version,
                                   agent_version->text);
            }
        }
        bool any = filters.empty();
        for (const SourceText& filter : filters) {
            const std::optional<bool> met = host_fulfils(filter, id);
            if (!met) {
                error = true;
                return fmt::format("the filter '{}' has an error", filter.text);
            }
            any = any || *met;
        }
        return any ? ""
                   : fmt::format("filters: this host fulfils none of them ({})", joined(filters));
    }

    std::optional<bool> host_fulfils(const SourceText& filter, const std::string& id) {
        if (const auto known = filter_results_.find(filter.text); known != filter_results_.end()) {
            return known->second;
        }
        Diagnostics own;
        const auto condition = secl::compile_condition({id, filter}, host_field_table(), own);
        if (!condition) {
            out_.diagnostics.append(own);
            return std::nullopt;
        }
        secl::EvalContext context;
        context.event = &options_.host;
        std::pmr::monotonic_buffer_resource scratch;
        context.scratch = &scratch;
        const bool met = !condition->evaluate(context, state_).empty();
        filter_results_[filter.text] = met;
        return met;
    }

    static std::string joined(const std::vector<SourceText>& filters) {
        std::string out;
        for (const SourceText& filter : filters) {
            out += (out.empty() ? "" : "; ") + filter.text;
        }
        return out;
    }

    static secl::Span whole(const SourceText& text) {
        return {0, static_cast<uint32_t>(std::max<size_t>(1, text.text.size()))};
    }

    // ---- macros

    void collect(MacroDefinition macro, size_t file) {
        bool error = !macro.ok;
        const std::string why =
            error ? "" : filtered(macro.filters, macro.agent_version, macro.id, error);
        if (error) {
            note_partial(file, fmt::format("macro '{}' has an error", macro.id));
            return;
        }
        if (!why.empty()) {
            return;
        }
        const auto [it, fresh] = macro_index_.emplace(macro.id, out_.macros.size());
        if (fresh) {
            out_.macros.push_back(source_of(std::move(macro)));
        } else if (macro.combine == Combine::kOverride) {
            out_.macros[it->second] = source_of(std::move(macro));
        } else if (macro.combine == Combine::kMerge) {
            merge(out_.macros[it->second], std::move(macro), file);
        } else {
            warn(
                macro.place,
                fmt::format("macro '{}' is already defined: the first definition counts", macro.id),
                "add 'combine: merge' or 'combine: override', or choose another id", macro.id);
        }
    }

    static secl::MacroSource source_of(MacroDefinition macro) {
        secl::MacroSource source;
        source.id = std::move(macro.id);
        if (macro.expression) {
            source.body = std::move(*macro.expression);
        } else {
            source.body = std::move(macro.values);
        }
        return source;
    }

    void merge(secl::MacroSource& into, MacroDefinition macro, size_t file) {
        auto* values = std::get_if<std::vector<std::string>>(&into.body);
        if (macro.expression) {
            into.merged.push_back(std::move(*macro.expression));
        } else if (values != nullptr) {
            values->insert(values->end(), macro.values.begin(), macro.values.end());
        } else {
            out_.diagnostics.add(
                Severity::kError, macro.place, {0, 1},
                fmt::format("cannot merge values into macro '{}': it is an expression", macro.id),
                "merge an expression that is a list", macro.id);
            note_partial(file, fmt::format("macro '{}' cannot be merged", macro.id));
        }
    }

    // ---- rules

    void collect(RuleDefinition rule, uint32_t file) {
        PolicyReport& policy = out_.policies[file];
        const auto report = static_cast<uint32_t>(policy.rules.size());
        policy.rules.push_back({rule.id, rule.version, RuleStatus::kLoaded, ""});
        bool error = !rule.ok;
        std::string why =
            error ? rule.error : filtered(rule.filters, rule.agent_version, rule.id, error);
        error = error || !limiter_fields_exist(rule, why);
        if (error || !why.empty()) {
            set_status(file, report, error ? RuleStatus::kError : RuleStatus::kFiltered,
                       std::move(why));
            return;
        }
        const auto it = rule_index_.find(rule.id);
        if (it != rule_index_.end()) {
            combine(rules_[it->second], std::move(rule), file, report);
            return;
        }
        if (!rule.expression && !rule.disabled.value_or(false)) {
            fail_rule(rule.place, file, report,
                      "the rule has no 'expression', and there is no rule to override", rule.id);
            return;
        }
        rule_index_.emplace(rule.id, rules_.size());
        add(std::move(rule), file, report);
    }

    void add(RuleDefinition rule, uint32_t file, uint32_t report) {
        MergedRule merged;
        RuleInfo& info = merged.info;
        info.id = rule.id;
        info.version = rule.version;
        info.description = rule.description;
        info.group_id = rule.group_id;
        info.tags = rule.tags;
        info.product_tags = rule.product_tags;
        info.policy_name = out_.policies[file].name;
        info.policy_version = out_.policies[file].version;
        info.every_ns = rule.every_ns.value_or(0);
        for (const SourceText& field : rule.limiter_token) {
            info.limiter_token.push_back(field.text);
        }
        info.priority = rule.priority;
        info.silent = rule.silent;
        info.policy = file;
        info.report = report;
        merged.is_default = out_.policies[file].name == kDefaultPolicy;
        merged.disabled = rule.disabled.value_or(false);
        merged.definition = std::move(rule);
        rules_.push_back(std::move(merged));
    }

    // A later definition of the same id.
    void combine(MergedRule& base, RuleDefinition rule, uint32_t file, uint32_t report) {
        const std::string origin = base.info.policy_name;
        if (rule.combine != Combine::kOverride && !rule.disabled.has_value()) {
            warn(rule.place,
                 fmt::format("rule '{}' is already defined in {}: the first definition counts",
                             rule.id, origin),
                 "add 'combine: override', or choose another id", rule.id);
            set_status(file, report, RuleStatus::kFiltered,
                       fmt::format("already defined in {}", origin));
            return;
        }
        base.disabled =
            rule.disabled.value_or(rule.combine == Combine::kOverride ? false : base.disabled);
        base.info.changed_by.emplace_back(file, report);
        out_.policies[file].rules[report].message = fmt::format("changes the rule of {}", origin);
        if (rule.combine == Combine::kOverride) {
            override_rule(base, std::move(rule));
        }
    }

    // A rule of the default policy keeps its expression unless the option names it alone.
    void override_rule(MergedRule& base, RuleDefinition rule) {
        const OverrideFields& fields = rule.override_fields;
        const bool expression = fields.expression || (fields.all && !base.is_default) ||
                                (!fields.any() && !base.is_default);
        if (expression && rule.expression) {
            base.definition.expression = std::move(rule.expression);
        }
        if (fields.all || fields.actions) {
            auto& actions = base.definition.action_expressions;
            std::move(rule.action_expressions.begin(), rule.action_expressions.end(),
                      std::back_inserter(actions));
        }
        if ((fields.all || fields.every) && rule.every_ns) {
            base.info.every_ns = *rule.every_ns;
        }
        if ((fields.all || fields.tags) && rule.has_tags) {
            base.info.tags = std::move(rule.tags);
        }
        if ((fields.all || fields.product_tags) && rule.has_product_tags) {
            base.info.product_tags = std::move(rule.product_tags);
        }
        if (fields.all) {
            base.info.silent = rule.silent;
            base.info.priority = rule.priority;
            base.info.description =
                rule.description.empty() ? base.info.description : rule.description;
            base.info.version = rule.version.empty() ? base.info.version : rule.version;
            base.info.group_id = rule.group_id.empty() ? base.info.group_id : rule.group_id;
        }
    }

    bool limiter_fields_exist(const RuleDefinition& rule, std::string& why) {
        bool ok = true;
        for (const SourceText& field : rule.limiter_token) {
            if (!names_) {
                break;
            }
            const secl::NamedRead named = names_->resolve(field.text);
            if (named.error.empty() && named.reg.empty()) {
                continue;
            }
            secl::Suggestion suggestion(field.text);
            names_->suggest(suggestion);
            why = named.error.empty() ? "registers have no place in limiter_token" : named.error;
            out_.diagnostics.add(Severity::kError, field, whole(field), "limiter_token: " + why,
                                 suggestion.hint(), rule.id);
            ok = false;
        }
        return ok;
    }

    // ---- result

    // Order of evaluation: rules that give context, the default policy, the others; then by priority.
    void emit() {
        std::stable_sort(
            rules_.begin(), rules_.end(), [](const MergedRule& a, const MergedRule& b) {
                const auto rank = [](const MergedRule& rule) {
                    const bool context =
                        std::find(rule.info.tags.begin(), rule.info.tags.end(),
                                  std::pair<std::string, std::string>(
                                      "execution_context", "true")) != rule.info.tags.end();
                    return std::make_tuple(!context, !rule.is_default, -rule.info.priority);
                };
                return rank(a) < rank(b);
            });
        for (MergedRule& rule : rules_) {
            if (rule.disabled) {
                set_status(rule.info.policy, rule.info.report, RuleStatus::kFiltered, "disabled");
                for (const auto& [file, report] : rule.info.changed_by) {
                    set_status(file, report, RuleStatus::kFiltered, "disabled");
                }
                continue;
            }
            if (!rule.definition.expression) {
                fail_rule(rule.definition.place, rule.info.policy, rule.info.report,
                          "the rule has no 'expression'", rule.info.id);
                continue;
            }
            rule.info.expression = rule.definition.expression->text;
            for (ActionExpression& action : rule.definition.action_expressions) {
                out_.action_expressions.push_back({rule.info.id, std::move(action.text)});
            }
            out_.rule_sources.push_back({rule.info.id, std::move(*rule.definition.expression)});
            out_.rules.push_back(std::move(rule.info));
        }
    }

    void fail_rule(const SourceText& place, uint32_t file, uint32_t report, std::string message,
                   const std::string& id) {
        out_.diagnostics.add(Severity::kError, place, {0, 1}, message, "", id);
        set_status(file, report, RuleStatus::kError, std::move(message));
    }

    void set_status(uint32_t file, uint32_t report, RuleStatus status, std::string message) {
        RuleReport& rule = out_.policies[file].rules[report];
        rule.status = status;
        rule.message = std::move(message);
    }

    void note_partial(size_t file, std::string message) {
        PolicyReport& policy = out_.policies[file];
        if (policy.status == PolicyStatus::kLoaded) {
            policy.status = PolicyStatus::kPartiallyLoaded;
            policy.message = std::move(message);
        }
    }

    void warn(const SourceText& place, std::string message, std::string hint,
              const std::string& id) {
        out_.diagnostics.add(Severity::kWarning, place, {0, 1}, std::move(message), std::move(hint),
                             id);
    }

    const LoadOptions& options_;
    std::optional<secl::FieldNames> names_;
    LoadedPolicies out_;
    std::vector<PolicyFile> files_;  // as out_.policies
    std::vector<MergedRule> rules_;
    std::map<std::string, size_t> rule_index_;
    std::map<std::string, size_t> macro_index_;
    std::map<std::string, bool> filter_results_;
    secl::EvalState state_;
};

// A policy is as good as its rules: known once they are compiled.
void settle_status(PolicyReport& policy) {
    const auto failed =
        std::count_if(policy.rules.begin(), policy.rules.end(),
                      [](const RuleReport& rule) { return rule.status == RuleStatus::kError; });
    if (failed == 0 || policy.status == PolicyStatus::kError) {
        return;
    }
    const bool all = failed == static_cast<std::ptrdiff_t>(policy.rules.size());
    policy.status = all ? PolicyStatus::kError : PolicyStatus::kPartiallyLoaded;
    policy.message = fmt::format("{} of {} rules failed", failed, policy.rules.size());
}

}  // namespace

std::string_view to_string(PolicyStatus status) {
    switch (status) {
        case PolicyStatus::kLoaded:
            return "loaded";
        case PolicyStatus::kPartiallyLoaded:
            return "partially_loaded";
        case PolicyStatus::kError:
            return "error";
    }
    return "";
}

std::string_view to_string(RuleStatus status) {
    switch (status) {
        case RuleStatus::kLoaded:
            return "loaded";
        case RuleStatus::kFiltered:
            return "filtered";
        case RuleStatus::kError:
            return "error";
    }
    return "";
}

Result<LoadedPolicies> load_policies(const std::string& path, const LoadOptions& options) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) {
        return fail_errno(errno, "cannot read policies from '{}'", path);
    }
    std::vector<InputFile> inputs;
    if (!S_ISDIR(status.st_mode)) {
        auto text = read_file(path);
        if (!text) {
            return forward_error(text);
        }
        inputs.push_back({file_name(path), path, std::move(text)});
        return Loader(options).run(std::move(inputs));
    }
    auto names = list_policies(path);
    if (!names) {
        return forward_error(names);
    }
    for (const std::string& name : *names) {
        const std::string full = path + (path.ends_with('/') ? "" : "/") + name;
        inputs.push_back({name, full, read_file(full)});
    }
    return Loader(options).run(std::move(inputs));
}

LoadedPolicies load_policy_text(std::string name, std::string text, const LoadOptions& options) {
    std::vector<InputFile> inputs;
    inputs.push_back({name, name, std::move(text)});
    return Loader(options).run(std::move(inputs));
}

bool CompiledPolicies::ok() const {
    return diagnostics.ok() &&
           std::all_of(policies.begin(), policies.end(), [](const PolicyReport& policy) {
               return policy.status == PolicyStatus::kLoaded;
           });
}

CompiledPolicies compile_policies(LoadedPolicies loaded, const secl::FieldTable& fields) {
    CompiledPolicies out;
    secl::CompiledRules compiled = secl::compile_rules(loaded.rule_sources, loaded.macros, fields);
    out.rule_set = std::move(compiled.rules);
    out.rules = std::move(loaded.rules);
    out.policies = std::move(loaded.policies);
    out.diagnostics = std::move(loaded.diagnostics);
    out.diagnostics.append(compiled.diagnostics);
    for (const secl::RuleSource& action : loaded.action_expressions) {
        secl::check_expression(action, loaded.macros, fields, out.diagnostics);
    }
    for (size_t i = 0; i < out.rules.size(); ++i) {
        if (compiled.outcomes[i].ok) {
            continue;
        }
        auto places = out.rules[i].changed_by;
        places.emplace_back(out.rules[i].policy, out.rules[i].report);
        for (const auto& [policy, report] : places) {
            out.policies[policy].rules[report].status = RuleStatus::kError;
            out.policies[policy].rules[report].message = compiled.outcomes[i].message;
        }
    }
    std::for_each(out.policies.begin(), out.policies.end(), settle_status);
    return out;
}

}  // namespace vedette::policy
