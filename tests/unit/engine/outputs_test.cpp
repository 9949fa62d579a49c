// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "security-agent/outputs/fd_sink.h"
#include "security-agent/outputs/file_sink.h"
#include "security-agent/outputs/queued_output.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::outputs;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

struct Directory {
    std::string path;
    Directory() {
        char name[] = "/tmp/vedette-outputs-XXXXXX";
        path = mkdtemp(name);
    }
    ~Directory() { fs::remove_all(path); }
    std::string file(const std::string& name) const { return path + "/" + name; }
};

std::string content(const std::string& path) {
    std::ifstream in(path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Takes lines while it works; can be told to fail, to take only a few bytes, or to wait.
struct FakeSink final : Sink {
    std::atomic<bool>& broken;
    std::string& taken;
    size_t at_once;
    std::atomic<int>* writes = nullptr;  ///< that were taken
    FakeSink(std::atomic<bool>& b, std::string& t, size_t n) : broken(b), taken(t), at_once(n) {}
    Result<size_t> write(std::string_view lines) override {
        if (broken)
            return fail(ErrorCode::kIo, "no space left");
        taken += lines.substr(0, at_once);
        if (writes)
            ++*writes;
        return std::min(at_once, lines.size());
    }
    Result<> reopen() override { return {}; }
};

auto soon() {
    return std::chrono::steady_clock::now() + 5s;
}

engine::test::World& world() {
    static engine::test::World instance;
    return instance;
}

double dropped(const std::string& output, const std::string& reason) {
    return world()
        .metrics
        .counter("vedette_agent_alerts_dropped_total", "", {{"output", output}, {"reason", reason}})
        .Value();
}

}  // namespace

TEST_CASE("outputs: lines come out whole and in order, also when the sink takes little at a time") {
    std::atomic<bool> broken = false;
    std::string taken;
    QueuedOutput output("order", std::make_unique<FakeSink>(broken, taken, 3), {}, world().metrics,
                        *world().logger);
    for (const char* line : {"first", "second", "", "third"})
        output.write(line);
    output.stop(soon());
    CHECK(taken == "first\nsecond\n\nthird\n");
}

TEST_CASE("outputs: a failing sink is tried again, and nothing is lost within the bound") {
    std::atomic<bool> broken = true;
    std::string taken;
    QueuedOutput output("retry", std::make_unique<FakeSink>(broken, taken, 100), {1 << 20, 5ms},
                        world().metrics, *world().logger);
    output.write("one");
    output.write("two");
    std::this_thread::sleep_for(30ms);
    broken = false;
    output.stop(soon());
    CHECK(taken == "one\ntwo\n");
    CHECK(world()
              .metrics.counter("vedette_agent_output_errors_total", "", {{"output", "retry"}})
              .Value() >= 1);
}

TEST_CASE("outputs: lines that had to wait are written together") {
    std::atomic<bool> broken = true;
    std::atomic<int> writes = 0;
    std::string taken;
    auto sink = std::make_unique<FakeSink>(broken, taken, 100);
    sink->writes = &writes;
    QueuedOutput output("together", std::move(sink), {1 << 20, 5ms}, world().metrics,
                        *world().logger);
    for (const char* line : {"one", "two", "three", "four"}) {
        output.write(line);
        std::this_thread::sleep_for(
            10ms);  // the thread has tried the first by then, or will with all
    }
    broken = false;
    output.stop(soon());
    CHECK(taken == "one\ntwo\nthree\nfour\n");
    CHECK(writes <= 2);
}

TEST_CASE("outputs: one line after the other, all of them come out soon") {
    std::atomic<bool> broken = false;
    std::string taken;
    std::string expected;
    {
        QueuedOutput output("stream", std::make_unique<FakeSink>(broken, taken, 100), {},
                            world().metrics, *world().logger);
        for (int i = 0; i < 50; ++i) {
            output.write(std::to_string(i));
            expected += std::to_string(i) + '\n';
            std::this_thread::sleep_for(i % 10 == 0 ? 6ms : 300us);
        }
        // By itself: a stop would write all there is.
        const Counter& written =
            world().metrics.counter("vedette_agent_output_lines_total", "", {{"output", "stream"}});
        for (int i = 0; i < 1000 && written.Value() < 50; ++i)
            std::this_thread::sleep_for(10ms);
        CHECK(written.Value() == 50);
        output.stop(soon());
    }
    CHECK(taken == expected);
}

TEST_CASE("outputs: beyond the bound, and at the stop, lines are dropped whole and counted") {
    std::atomic<bool> broken = true;
    std::string taken;
    QueuedOutput output("bound", std::make_unique<FakeSink>(broken, taken, 100), {20, 5ms},
                        world().metrics, *world().logger);
    for (int i = 0; i < 10; ++i)
        output.write("nine byte");  // ten with the newline: two fit
    CHECK(dropped("bound", "queue_full") == 8);
    output.stop(std::chrono::steady_clock::now() + 20ms);
    CHECK(dropped("bound", "stopped") == 2);
    CHECK(taken.empty());
    output.write("late");
    CHECK(dropped("bound", "stopped") == 3);
}

TEST_CASE("outputs: a file is appended to, 0640, and rotated between lines") {
    const Directory directory;
    const std::string path = directory.file("alerts.json");
    std::ofstream(path) << "old\n";
    auto sink = make_file_sink(path, 30);
    REQUIRE(sink);
    QueuedOutput output("file", std::move(*sink), {}, world().metrics, *world().logger);
    for (int i = 0; i < 5; ++i)
        output.write("line number " + std::to_string(i));  // 14 bytes each
    output.stop(soon());
    CHECK(content(path + ".1") + content(path) != "");
    // "old" and one line, then two by two: nothing is cut, and only one old file is kept.
    CHECK(content(path) == "line number 3\nline number 4\n");
    CHECK(content(path + ".1") == "line number 1\nline number 2\n");
    struct stat info{};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("outputs: many lines at once are divided among files between lines") {
    const Directory directory;
    const std::string path = directory.file("alerts.json");
    auto sink = make_file_sink(path, 30);
    REQUIRE(sink);
    const std::string lines =
        "line number 0\nline number 1\nline number 2\na line that is longer than a file may "
        "be\n4\n";
    std::string_view left = lines;
    std::vector<std::string> parts;
    while (!left.empty()) {
        const Result<size_t> written = (*sink)->write(left);
        REQUIRE(written);
        REQUIRE(*written > 0);
        parts.emplace_back(left.substr(0, *written));
        left.remove_prefix(*written);
    }
    CHECK(parts == std::vector<std::string>{"line number 0\nline number 1\n", "line number 2\n",
                                            "a line that is longer than a file may be\n", "4\n"});
    CHECK(content(path) == "4\n");
    CHECK(content(path + ".1") == "a line that is longer than a file may be\n");
}

TEST_CASE("outputs: what a file takes at once is in it once, and never beyond its size") {
    const Directory directory;
    const std::string path = directory.file("alerts.json");
    auto sink = make_file_sink(path, 30);
    REQUIRE(sink);
    const std::string line = "line number 0";
    const std::string whole = line + '\n';
    std::string expected;
    if ((*sink)->write_now(line) == whole.size())  // not every file system knows
        expected = whole;
    while (expected.size() < 2 * whole.size()) {
        REQUIRE(*(*sink)->write(whole) == whole.size());
        expected += whole;
    }
    CHECK((*sink)->write_now(line) == 0);  // it is full: another file is begun by who may wait
    CHECK(content(path) == expected);
    auto device = make_file_sink("/dev/null", 30);
    REQUIRE(device);
    CHECK((*device)->write_now(line) == whole.size());
}

TEST_CASE("outputs: half a line that a killed agent left stays alone") {
    const Directory directory;
    const std::string path = directory.file("alerts.json");
    std::ofstream(path) << "{\"half";
    auto sink = make_file_sink(path, 1 << 20);
    REQUIRE(sink);
    CHECK((*sink)->write("{}\n"));
    CHECK(content(path) == "{\"half\n{}\n");
}

TEST_CASE("outputs: after logrotate the file is opened again") {
    const Directory directory;
    const std::string path = directory.file("alerts.json");
    auto sink = make_file_sink(path, 1 << 20);
    REQUIRE(sink);
    QueuedOutput output("reopen", std::move(*sink), {}, world().metrics, *world().logger);
    output.write("one");
    while (content(path).empty())
        std::this_thread::sleep_for(1ms);
    fs::rename(path, path + ".old");
    output.reopen();
    output.write("two");
    output.stop(soon());
    CHECK(content(path + ".old") == "one\n");
    CHECK(content(path) == "two\n");
}

TEST_CASE("outputs: a full disk is an error, counted, and never the end") {
    auto sink = make_file_sink("/dev/full", 1 << 20);
    REQUIRE(sink);
    const Result<size_t> written = (*sink)->write("line\n");
    REQUIRE_FALSE(written);
    CHECK(written.error().sys_errno == ENOSPC);
    QueuedOutput output("full", std::move(*sink), {1 << 20, 2ms}, world().metrics, *world().logger);
    output.write("line");
    std::this_thread::sleep_for(30ms);
    output.stop(std::chrono::steady_clock::now());
    CHECK(dropped("full", "stopped") == 1);
    CHECK(world()
              .metrics.counter("vedette_agent_output_errors_total", "", {{"output", "full"}})
              .Value() >= 2);
}

TEST_CASE("outputs: a file that cannot be had is an error with its name") {
    const Directory directory;
    for (const std::string& path : {directory.file("missing/alerts.json"), directory.path}) {
        const auto sink = make_file_sink(path, 100);
        REQUIRE_FALSE(sink);
        CHECK_THAT(sink.error().message, ContainsSubstring(path));
    }
    fs::create_symlink("/etc/passwd", directory.file("link"));
    CHECK_FALSE(make_file_sink(directory.file("link"), 100));
}

TEST_CASE("outputs: a reader that does not read holds nobody up") {
    int pipe_fds[2];
    REQUIRE(pipe2(pipe_fds, O_CLOEXEC) == 0);
    REQUIRE(fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096) > 0);
    const auto begin = std::chrono::steady_clock::now();
    {
        QueuedOutput output("pipe", make_fd_sink(pipe_fds[1], "pipe"), {1 << 20, 5ms},
                            world().metrics, *world().logger);
        for (int i = 0; i < 20; ++i)
            output.write(std::string(1000, 'x'));
        output.stop(begin + 100ms);
    }
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
    CHECK(dropped("pipe", "stopped") > 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

TEST_CASE(
    "outputs: a pipe that has room has a line before write() returns, and lines stay whole beyond "
    "its room") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const int room = fcntl(ends[1], F_SETPIPE_SZ, 16384);
    REQUIRE(room >= 16384);
    QueuedOutput output("pipe-now", make_fd_sink(ends[1], "the pipe"), QueueLimits{},
                        world().metrics, *world().logger);
    std::string got(64U << 10, '\0');
    output.write("first");
    REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    REQUIRE(read(ends[0], got.data(), got.size()) == 6);
    CHECK(got.substr(0, 6) == "first\n");

    const std::string large(static_cast<size_t>(room) * 3 / 4, 'x');
    output.write(large);
    output.write(large);  // half of it fits
    output.write("last");
    REQUIRE(fcntl(ends[0], F_SETFL, 0) == 0);
    std::string all;
    while (all.size() < 2 * large.size() + 7) {
        const ssize_t count = read(ends[0], got.data(), got.size());
        REQUIRE(count > 0);
        all.append(got, 0, static_cast<size_t>(count));
    }
    CHECK(all == large + '\n' + large + "\nlast\n");
    output.stop(soon());
    close(ends[0]);
    close(ends[1]);
}
