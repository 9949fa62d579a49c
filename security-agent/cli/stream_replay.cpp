// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/stream_replay.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>

#include "security-agent/replay/replay.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::cli {
namespace {

constexpr int kExitInvalid = 2;

class Lines final : public engine::AlertSink {
   public:
    explicit Lines(std::ostream& out) : out_(out) {}
    void write(std::string line) override { out_ << line << '\n'; }

   private:
    std::ostream& out_;
};

void summarise(const replay::ReplaySummary& summary, bool json, std::ostream& err) {
    if (json) {
        boost::json::object out{
            {"events", summary.events}, {"alerts", summary.alerts}, {"limited", summary.limited}};
        if (!summary.error.empty())
            out["error"] = secl::valid_utf8(summary.error);
        err << boost::json::serialize(out) << '\n';
        return;
    }
    err << fmt::format("{} events, {} alerts, {} more held back by rate limits\n", summary.events,
                       summary.alerts, summary.limited);
    if (!summary.error.empty())
        err << "error: " << summary.error << "; what comes before that was evaluated\n";
}

}  // namespace

int run_replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
    use_default_private_ranges();
    auto policies = compile(options.policies);
    if (!policies) {
        err << "error: " << policies.error().message << '\n';
        return kExitInvalid;
    }
    const bool rules_ok = (*policies)->diagnostics.ok();
    if (!rules_ok)
        err << secl::render((*policies)->diagnostics);
    Lines lines(out);
    replay::ReplayOptions how;
    how.limited = !options.unlimited;
    const Result<replay::ReplaySummary> summary =
        replay::replay_stream(options.file, std::move(*policies), lines, how);
    if (!summary) {
        err << "error: " << summary.error().message << '\n';
        return kExitInvalid;
    }
    out.flush();
    summarise(*summary, options.json, err);
    if (!summary->error.empty())
        return kExitInvalid;
    return rules_ok ? 0 : 1;
}

void add_replay(CLI::App& runtime, int& exit_code) {
    const auto options = std::make_shared<ReplayOptions>();
    CLI::App* replay =
        runtime.add_subcommand("replay", "Evaluate a stream that `runtime record` recorded");
    replay->add_option("recording", options->file, "The recording")->type_name("FILE")->required();
    add_policy_source(*replay, options->policies);
    replay->add_flag("--unlimited", options->unlimited, "No rate limits: every match is an alert");
    replay->add_flag("--json", options->json, "The summary as JSON; alerts always are");
    replay->callback(
        [options, &exit_code] { exit_code = run_replay(*options, std::cout, std::cerr); });
}

}  // namespace vedette::cli
