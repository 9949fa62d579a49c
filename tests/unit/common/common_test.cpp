// SPDX-License-Identifier: Apache-2.0
//
// Logging, metrics, health, files and host facts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "common/health.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/os/fd.h"
#include "common/os/host.h"
#include "common/version.h"
#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

using namespace vedette;
using test::TemporaryDirectory;

TEST_CASE("printable text", "[log]") {
    CHECK(printable("plain \u00e9 \u20ac \U0001F40E") == "plain \u00e9 \u20ac \U0001F40E");
    CHECK(printable("a\nb\tc") == "a\\x0ab\\x09c");
    CHECK(printable("\x1b[31mred") == "\\x1b[31mred");
    CHECK(printable("\x7f") == "\\x7f");
    CHECK(printable("\xc2\x9b"
                    "1m") == "\\xc2\\x9b1m");  // C1: CSI in one character
    CHECK(printable("\xff\xfe") == "\\xff\\xfe");
    CHECK(printable("\xc3") == "\\xc3");           // cut short
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");  // overlong '/'
    CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // past U+10FFFF
    CHECK(printable("\u202egnp.exe") == "\\xe2\\x80\\xaegnp.exe");   // right-to-left override
    CHECK(printable("\u2066x") == "\\xe2\\x81\\xa6x");
    CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
    CHECK(printable("").empty());
}

TEST_CASE("a message is one line, whatever it says", "[log]") {
    const TemporaryDirectory directory;
    const auto logger = make_logger(
        {.name = "probe", .level = "debug", .file = directory / "log", .console = false});
    REQUIRE(logger);
    (*logger)->warn("opened {}", "a\n2026-01-01 info probe: forged");
    (*logger)->trace("below the level");
    const auto text = test::slurp(directory / "log");
    INFO(text);
    CHECK(text.ends_with("Z warn  probe: opened a\\x0a2026-01-01 info probe: forged\n"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    struct stat st{};
    REQUIRE(stat((directory / "log").c_str(), &st) == 0);
    CHECK((st.st_mode & 0007) == 0);
}

TEST_CASE("JSON log lines, reopening, levels", "[log]") {
    const TemporaryDirectory directory;
    const auto logger =
        make_logger({.name = "agent", .file = directory / "log", .console = false, .json = true});
    REQUIRE(logger);
    (*logger)->error("say \"{}\"", "hi");
    const auto line = boost::json::parse(test::slurp(directory / "log")).as_object();
    CHECK(line.at("level").as_string() == "error");
    CHECK(line.at("logger").as_string() == "agent");
    CHECK(line.at("message").as_string() == "say \"hi\"");

    std::filesystem::rename(directory / "log", directory / "log.1");
    REQUIRE(reopen_log(**logger));
    (*logger)->info("after");
    CHECK_THAT(test::slurp(directory / "log"), ContainsSubstring("after"));
    CHECK_THAT(test::slurp(directory / "log.1"), !ContainsSubstring("after"));

    CHECK(set_log_level(**logger, "off"));
    (*logger)->critical("silence");
    CHECK_THAT(test::slurp(directory / "log"), !ContainsSubstring("silence"));
    const auto wrong = set_log_level(**logger, "loud");
    REQUIRE_FALSE(wrong);
    CHECK_THAT(wrong.error().message, ContainsSubstring("trace, debug, info"));
}

TEST_CASE("a log file that cannot be opened is named", "[log]") {
    const TemporaryDirectory directory;
    const auto missing = make_logger({.name = "x", .file = "/nonexistent/log", .console = false});
    REQUIRE_FALSE(missing);
    CHECK_THAT(missing.error().message, ContainsSubstring("/nonexistent/log"));
    REQUIRE(symlink("/etc/passwd", (directory / "log").c_str()) == 0);
    CHECK_FALSE(make_logger({.name = "x", .file = directory / "log", .console = false}));
    CHECK_FALSE(make_logger({.name = "x", .level = "loud"}));
}

TEST_CASE("metrics as Prometheus text and as expvar", "[metrics]") {
    Metrics metrics;
    metrics.counter("vedette_b_total", "Second.", {{"type", "open"}}).Increment(3);
    metrics.counter("vedette_b_total", "Second.", {{"type", "exec"}}).Increment();
    metrics.counter("vedette_b_total", "Second.", {{"type", "exec"}}).Increment();
    metrics.gauge("vedette_a", "First.").Set(1.5);
    metrics.histogram("vedette_c_seconds", "Third.", {0.1, 1}).Observe(0.5);
    metrics.counter("vedette_d_total", "Odd \"label\".", {{"path", "a\"b\n"}}).Increment();
    CHECK(metrics.prometheus_text() == test::golden("common/metrics.txt"));
    CHECK(boost::json::serialize(metrics.expvar()) + "\n" == test::golden("common/expvar.json"));
}

TEST_CASE("metrics from many threads", "[metrics]") {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 1000; ++j)
                metrics.counter("vedette_x_total", "X.").Increment();
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(metrics.counter("vedette_x_total", "X.").Value() == 8000);
}

TEST_CASE("health", "[health]") {
    Health health;
    CHECK(health.liveness().ok());
    auto loop = health.add("loop", Health::Kind::kLiveness, std::chrono::milliseconds(50));
    auto probe = health.add("probe", Health::Kind::kReadiness, std::chrono::nanoseconds(0));
    CHECK(boost::json::serialize(to_json(health.readiness())) ==
          R"({"Healthy":[],"Unhealthy":["loop","probe"]})");
    loop->beat();
    CHECK(health.liveness().ok());
    CHECK_FALSE(health.readiness().ok());
    probe->beat();
    CHECK(health.readiness().ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
    CHECK(health.liveness().unhealthy == std::vector<std::string>{"loop"});  // stale
    CHECK(health.readiness().healthy == std::vector<std::string>{"probe"});
    probe->fail();
    CHECK(health.readiness().unhealthy.size() == 2);
    loop.reset();
    CHECK(health.readiness().unhealthy == std::vector<std::string>{"probe"});
}

TEST_CASE("files are written whole, with their mode", "[files]") {
    const TemporaryDirectory directory;
    const auto path = directory / "f";
    const mode_t old = umask(0077);
    REQUIRE(write_file_atomic(path, "one", 0644));
    umask(old);
    struct stat st{};
    REQUIRE(stat(path.c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0644);
    CHECK(read_file(path, 3).value() == "one");
    CHECK(read_file(path, 2).error().code == ErrorCode::kLimit);
    CHECK(create_file_atomic(path, "two", 0600).error().code == ErrorCode::kExists);
    CHECK(read_file(path, 9).value() == "one");

    const auto victim = directory.write("victim", "precious");
    REQUIRE(symlink(victim.c_str(), (directory / "link").c_str()) == 0);
    REQUIRE(write_file_atomic(directory / "link", "new", 0600));
    CHECK(test::slurp(victim) == "precious");
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(directory / "link")));
    CHECK(write_file_atomic(directory / "no/such/dir", "x", 0600).error().code ==
          ErrorCode::kNotFound);
    CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 3);
    CHECK(read_file("/proc/self/status", 1 << 20));
}

TEST_CASE("host facts", "[host]") {
    const int64_t booted = boot_time_ns();
    CHECK(booted < wall_time_ns());
    CHECK(std::abs(boot_time_ns() - booted) < 50'000'000);
    CHECK_FALSE(kernel_info().release.empty());
    CHECK(host_name("given") == "given");
    CHECK_FALSE(host_name("").empty());
    CHECK_FALSE(distribution_name().empty());
    CHECK(resident_bytes() > 1 << 20);
    CHECK(find_user("root")->uid == 0);
    CHECK(find_user(uid_t{0})->name == "root");
    CHECK(find_user("no-such-user-here").error().code == ErrorCode::kNotFound);
    CHECK(fmt::format("{}.{}.{}", version().major, version().minor, version().patch) ==
          version().text.substr(0, version().text.find('-')));
}
