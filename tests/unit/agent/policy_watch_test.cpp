// SPDX-License-Identifier: Apache-2.0
//
// Policies that change under the agent's eyes. inotify has its events ready when the system call that caused them
// returns: nothing here waits.
#include "security-agent/app/policy_watch.h"

#include <filesystem>
#include <fstream>

#include "security-agent/app/policy_watcher.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::app;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// /tmp/X/policies is the policy directory, in a directory of its own.
struct Place {
    fs::path top;
    fs::path policies;
    Place() {
        char name[] = "/tmp/vedette-watch-XXXXXX";
        top = mkdtemp(name);
        policies = top / "policies";
        fs::create_directory(policies);
    }
    ~Place() { fs::remove_all(top); }
    PolicyWatch watch() const {
        auto made = PolicyWatch::create(policies.string());
        REQUIRE(made);
        return std::move(*made);
    }
};

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

// Something happened, and the policies differ.
bool notices(PolicyWatch& watch) {
    return watch.drain() && watch.changed();
}

}  // namespace

TEST_CASE("a policy is written, replaced by an editor, removed", "[watch]") {
    const Place place;
    write(place.policies / "a.policy", "1");
    PolicyWatch watch = place.watch();
    CHECK_FALSE(watch.drain());
    CHECK_FALSE(watch.changed());
    write(place.policies / "a.policy", "22");
    CHECK(notices(watch));
    CHECK_FALSE(watch.drain());
    write(place.policies / "a.policy~", "333");  // as editors save: beside it, then over it
    fs::rename(place.policies / "a.policy~", place.policies / "a.policy");
    CHECK(notices(watch));
    write(place.policies / "b.policy", "b");
    CHECK(notices(watch));
    fs::remove(place.policies / "a.policy");
    CHECK(notices(watch));
    fs::permissions(place.policies / "b.policy", fs::perms::none);
    CHECK(notices(watch));
}

TEST_CASE("what is no policy is no change", "[watch]") {
    const Place place;
    write(place.policies / "a.policy", "1");
    PolicyWatch watch = place.watch();
    write(place.policies / "notes.txt", "x");
    write(place.policies / ".a.policy.swp", "x");
    watch.drain();
    CHECK_FALSE(watch.changed());
    write(place.top / "beside", "x");
    CHECK_FALSE(watch.drain());
}

TEST_CASE("the directory goes and comes back", "[watch]") {
    const Place place;
    write(place.policies / "a.policy", "1");
    PolicyWatch watch = place.watch();
    fs::remove_all(place.policies);
    CHECK(notices(watch));
    fs::create_directory(place.policies);
    CHECK(watch.drain());
    write(place.policies / "a.policy", "1");
    CHECK(notices(watch));
    fs::remove_all(place.top);
    CHECK(notices(watch));
    fs::create_directories(place.policies);
    CHECK(watch.drain());
    write(place.policies / "a.policy", "1");
    CHECK(notices(watch));
    fs::rename(place.policies, place.top / "aside");
    CHECK(notices(watch));
    fs::rename(place.top / "aside", place.policies);
    CHECK(notices(watch));
}

TEST_CASE("a directory that does not exist yet", "[watch]") {
    const Place place;
    fs::remove(place.policies);
    PolicyWatch watch = place.watch();
    fs::create_directory(place.policies);
    CHECK(watch.drain());
    write(place.policies / "a.policy", "1");
    CHECK(notices(watch));
}

TEST_CASE("a ConfigMap: files are links into a directory that is itself a link", "[watch]") {
    const Place place;
    const auto version = [&](const std::string& name, const std::string& text) {
        fs::create_directory(place.policies / name);
        write(place.policies / name / "a.policy", text);
    };
    version("..1", "one");
    fs::create_directory_symlink("..1", place.policies / "..data");
    fs::create_symlink("..data/a.policy", place.policies / "a.policy");
    PolicyWatch watch = place.watch();
    version("..2", "two");
    fs::create_directory_symlink("..2", place.policies / "..data_tmp");
    watch.drain();
    CHECK_FALSE(watch.changed());
    fs::rename(place.policies / "..data_tmp", place.policies / "..data");
    CHECK(notices(watch));
    fs::remove_all(place.policies / "..1");
    watch.drain();
    CHECK_FALSE(watch.changed());
}

TEST_CASE("the directory is a link that is swapped", "[watch]") {
    const Place place;
    fs::create_directory(place.top / "one");
    fs::create_directory(place.top / "two");
    write(place.top / "one" / "a.policy", "1");
    write(place.top / "two" / "a.policy", "2");
    fs::remove(place.policies);
    fs::create_directory_symlink("one", place.policies);
    PolicyWatch watch = place.watch();
    fs::create_directory_symlink("two", place.top / "next");
    fs::rename(place.top / "next", place.policies);
    CHECK(notices(watch));
    write(place.top / "two" / "a.policy", "22");
    CHECK(notices(watch));
}

TEST_CASE("debounce: after the last change, and not for ever", "[watch]") {
    const auto at = [](Debounce::Clock::duration after) {
        return Debounce::Clock::time_point() + 1h + after;
    };
    Debounce debounce(5s, 30s);
    CHECK_FALSE(debounce.due());
    debounce.note(at(0s));
    CHECK(debounce.due() == at(5s));
    debounce.note(at(4s));
    CHECK(debounce.due() == at(9s));
    for (auto later = 5s; later < 40s; later += 1s)
        debounce.note(at(later));
    CHECK(debounce.due() == at(30s));
    debounce.reset();
    CHECK_FALSE(debounce.due());
}

TEST_CASE("a watcher calls once for a series of changes", "[watch]") {
    const Place place;
    boost::asio::io_context io;
    int calls = 0;
    PolicyWatcher watcher(io, place.watch(), 1ms, [&] {
        ++calls;
        io.stop();
    });
    watcher.start();
    write(place.policies / "a.policy", "1");
    write(place.policies / "b.policy", "1");
    io.run_for(30s);  // ends with the call
    CHECK(calls == 1);
    io.restart();
    write(place.policies / "a.policy", "2222");
    watcher.forget();  // somebody else loads them
    io.poll();
    CHECK(calls == 1);
    watcher.stop();
    io.restart();
    io.run_for(30s);  // nothing is left to wait for
    CHECK(calls == 1);
}
