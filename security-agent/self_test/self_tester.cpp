// SPDX-License-Identifier: Apache-2.0
#include "security-agent/self_test/self_tester.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "common/os/host.h"

namespace vedette::self_test {
namespace {

constexpr auto kActPatience = std::chrono::seconds(2);

/// A fresh directory of ours, by the path that the kernel knows it by; goes with the object.
class WorkDirectory {
   public:
    static Result<WorkDirectory> make(const std::string& parent) {
        std::error_code error;
        const auto real = std::filesystem::canonical(parent, error);
        if (error)
            return fail(ErrorCode::kIo, "'{}': {}", parent, error.message());
        std::string path = (real / "self-test-XXXXXX").string();
        if (mkdtemp(path.data()) == nullptr)
            return fail_errno(errno, "no directory can be made in '{}'", real.string());
        return WorkDirectory(std::move(path));
    }
    ~WorkDirectory() {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }
    WorkDirectory(WorkDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    WorkDirectory(const WorkDirectory&) = delete;
    WorkDirectory& operator=(const WorkDirectory&) = delete;
    WorkDirectory& operator=(WorkDirectory&&) = delete;

    const std::string& path() const { return path_; }

   private:
    explicit WorkDirectory(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace

/// What is seen of one run; the engine's thread writes it.
struct SelfTester::Run {
    std::vector<Act> acts;
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Clock::time_point, std::less<>> begun;  ///< by rule
    std::map<std::string, Clock::time_point, std::less<>> seen;   ///< by rule
    engine::JsonArray events;
    bool cancelled = false;

    void matched(std::string_view rule, const engine::JsonText& event) {
        const std::lock_guard lock(mutex);
        if (!seen.emplace(rule, Clock::now()).second)
            return;
        events.push_back(event);
        changed.notify_one();
    }
    void begins(const Act& act) {
        const std::lock_guard lock(mutex);
        begun[act.rule] = Clock::now();
    }
    void cancel() {
        const std::lock_guard lock(mutex);
        cancelled = true;
        changed.notify_one();
    }
    void wait(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, patience,
                         [this] { return cancelled || seen.size() == acts.size(); });
    }
};

boost::json::object to_json(const Outcome& outcome) {
    boost::json::object latency;
    for (const auto& [name, time] : outcome.latency)
        latency[name] = time.count();
    return {{"LastTimestamp", outcome.time_ns},
            {"Success", boost::json::array(outcome.success.begin(), outcome.success.end())},
            {"Fails", boost::json::array(outcome.fails.begin(), outcome.fails.end())},
            {"Error", outcome.error},
            {"LatencyUs", std::move(latency)}};
}

SelfTester::SelfTester(Options options, Hooks hooks, Metrics& metrics, Logger& logger)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      metrics_(metrics),
      logger_(logger),
      runs_(metrics.counter("vedette_agent_self_tests_total", "Self-tests that were run.")),
      last_time_(metrics.gauge("vedette_agent_self_test_last_run_seconds",
                               "When a self-test ended last, seconds since 1970.")) {}

SelfTester::~SelfTester() {
    stop();
}

void SelfTester::start() {
    due_ = Clock::now() + options_.first;
    thread_ = std::thread([this] { work(); });
}

void SelfTester::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (current_)
            current_->cancel();
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

Outcome SelfTester::run() {
    std::unique_lock lock(mutex_);
    const uint64_t mine = begun_ + 1;
    asked_ = std::max(asked_, mine);
    changed_.notify_all();
    changed_.wait(lock, [&] { return done_ >= mine || stopping_; });
    return last_;
}

Outcome SelfTester::last() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

/// False: it is to stop.
bool SelfTester::wait_until_due() {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return stopping_ || asked_ > begun_; };
    if (options_.scheduled)
        changed_.wait_until(lock, due_, ready);
    else
        changed_.wait(lock, ready);
    if (stopping_)
        return false;
    ++begun_;
    return true;
}

void SelfTester::schedule_next(bool passed) {
    retries_ = passed ? 0 : retries_ + 1;
    due_ = Clock::now() + (passed || retries_ > kMaxRetries ? options_.period : options_.retry);
}

void SelfTester::work() {
    while (wait_until_due()) {
        Outcome outcome = run_once();
        publish(outcome);
        {
            const std::lock_guard lock(mutex_);
            last_ = std::move(outcome);
            current_.reset();
            done_ = begun_;
            schedule_next(last_.passed());
        }
        changed_.notify_all();
    }
    changed_.notify_all();
}

Outcome SelfTester::run_once() {
    const auto run = std::make_shared<Run>();
    {
        const std::lock_guard lock(mutex_);
        current_ = run;
    }
    Outcome outcome;
    auto directory = WorkDirectory::make(options_.directory);
    run->acts = make_acts(directory ? directory->path() + "/target" : "/", options_.executable);
    auto rules = compile_rules(run->acts);
    if (!directory)
        outcome.error = directory.error().message;
    else if (!rules)
        outcome.error = rules.error().message;
    else if (!hooks_.connected())
        outcome.error = "there is no connection to the probe";
    if (outcome.error.empty()) {
        auto watch = std::make_shared<engine::Watch>();
        watch->policies = std::make_shared<policy::CompiledPolicies>(std::move(*rules));
        watch->matched = [run](std::string_view rule, const engine::JsonText& event) {
            run->matched(rule, event);
        };
        hooks_.watch(std::move(watch));
        perform_all(*run, outcome);
        hooks_.watch(nullptr);
    }
    const std::lock_guard lock(run->mutex);
    for (const Act& act : run->acts) {
        const auto seen = run->seen.find(act.rule);
        (seen != run->seen.end() ? outcome.success : outcome.fails).push_back(act.name);
        if (seen != run->seen.end())
            outcome.latency[act.name] = std::chrono::duration_cast<std::chrono::microseconds>(
                seen->second - run->begun[act.rule]);
    }
    if (outcome.error.empty() && !outcome.fails.empty())
        outcome.error = fmt::format("no event arrived within {} ms: {}", options_.patience.count(),
                                    fmt::join(outcome.fails, ", "));
    outcome.time_ns = wall_time_ns();
    hooks_.report({outcome.success, outcome.fails, std::move(run->events)});
    return outcome;
}

void SelfTester::perform_all(Run& run, Outcome& outcome) const {
    for (const Act& act : run.acts) {
        run.begins(act);
        if (auto done = perform(act, kActPatience); !done) {
            outcome.error = fmt::format("{}: {}", act.name, done.error().message);
            return;
        }
    }
    run.wait(options_.patience);
}

void SelfTester::publish(const Outcome& outcome) {
    runs_.Increment();
    last_time_.Set(static_cast<double>(outcome.time_ns) * 1e-9);
    const auto show = [&](const std::vector<std::string>& names, bool ok) {
        for (const std::string& name : names)
            metrics_
                .gauge("vedette_agent_self_test_ok", "1 when the event came back, 0 when not.",
                       {{"test", name}})
                .Set(ok ? 1 : 0);
    };
    show(outcome.success, true);
    show(outcome.fails, false);
    for (const auto& [name, time] : outcome.latency)
        metrics_
            .gauge("vedette_agent_self_test_latency_seconds",
                   "From the begin of the program that acts to the match in the engine.",
                   {{"test", name}})
            .Set(static_cast<double>(time.count()) * 1e-6);
    if (outcome.passed())
        logger_.info("self-test passed: {}", fmt::join(outcome.success, ", "));
    else
        logger_.error("self-test failed: {}", outcome.error);
}

}  // namespace vedette::self_test
