// SPDX-License-Identifier: Apache-2.0
//
// The session token and the certificate: who is first, and which files are refused.
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "common/ipc/certificate.h"
#include "common/ipc/token.h"
#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

using namespace vedette;
using namespace vedette::ipc;
using test::TemporaryDirectory;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat st{};
    return stat(path.c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
}

std::string write_secret(const TemporaryDirectory& directory, std::string_view name,
                         std::string_view content, mode_t mode = 0600) {
    const auto path = directory.write(name, content);
    chmod(path.c_str(), mode);
    return path;
}

const std::string kGood(64, 'a');

/// Runs `work` in `count` processes at once; returns what each wrote into its pipe.
template <typename Work>
std::multiset<std::string> in_processes(int count, Work work) {
    std::vector<int> pipes;
    std::vector<pid_t> children;
    for (int i = 0; i < count; ++i) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
            const std::string text = work();
            const bool whole = write(ends[1], text.data(), text.size()) == ssize_t(text.size());
            _exit(whole ? 0 : 1);
        }
        close(ends[1]);
        pipes.push_back(ends[0]);
        children.push_back(child);
    }
    std::multiset<std::string> results;
    for (int i = 0; i < count; ++i) {
        std::string text(8192, '\0');
        size_t have = 0;
        for (ssize_t n; (n = read(pipes[i], text.data() + have, text.size() - have)) > 0;)
            have += n;
        text.resize(have);
        results.insert(text);
        close(pipes[i]);
        waitpid(children[i], nullptr, 0);
    }
    return results;
}

}  // namespace

TEST_CASE("a new token is 64 hexadecimal digits in a file of mode 0600", "[token]") {
    const TemporaryDirectory directory;
    const mode_t old = umask(0);
    const auto token = Token::load_or_create(directory / "auth_token");
    umask(old);
    REQUIRE(token);
    CHECK(token->text().size() == 64);
    CHECK(token->text().find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(mode_of(directory / "auth_token") == 0600);
    CHECK(test::slurp(directory / "auth_token") == token->text());
    CHECK(Token::load(directory / "auth_token")->text() == token->text());
    // nothing else is left behind
    CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

TEST_CASE("of many processes and threads one makes the token, all get it", "[token]") {
    for (int round = 0; round < 5; ++round) {
        const TemporaryDirectory directory;
        const auto path = directory / "auth_token";
        const auto results = in_processes(16, [&] {
            std::vector<std::string> texts(4);
            std::vector<std::thread> threads;
            for (auto& text : texts)
                threads.emplace_back([&] {
                    const auto token = Token::load_or_create(path);
                    text = token ? token->text() : token.error().message;
                });
            for (auto& thread : threads)
                thread.join();
            for (const auto& text : texts)
                if (text != texts[0])
                    return "threads disagree: " + text;
            return texts[0];
        });
        CHECK(results.size() == 16);
        CHECK(results.count(test::slurp(path)) == 16);
    }
}

TEST_CASE("a token file that others could use is refused, with the fix", "[token]") {
    const TemporaryDirectory directory;
    SECTION("readable by all") {
        const auto token = Token::load(write_secret(directory, "t", kGood, 0644));
        REQUIRE_FALSE(token);
        CHECK(token.error().code == ErrorCode::kDenied);
        CHECK_THAT(token.error().message, ContainsSubstring("chmod 0600"));
    }
    SECTION("writable by the group") {
        CHECK(Token::load(write_secret(directory, "t", kGood, 0620)).error().code ==
              ErrorCode::kDenied);
    }
    SECTION("a symbolic link") {
        write_secret(directory, "real", kGood);
        REQUIRE(symlink((directory / "real").c_str(), (directory / "t").c_str()) == 0);
        const auto token = Token::load_or_create(directory / "t");
        REQUIRE_FALSE(token);
        CHECK(token.error().code == ErrorCode::kDenied);
        CHECK_THAT(token.error().message, ContainsSubstring("symbolic link"));
    }
    SECTION("a dangling link is not created through") {
        REQUIRE(symlink((directory / "nowhere").c_str(), (directory / "t").c_str()) == 0);
        CHECK_FALSE(Token::load_or_create(directory / "t"));
        CHECK_FALSE(std::filesystem::exists(directory / "nowhere"));
    }
    SECTION("a pipe does not block") {
        REQUIRE(mkfifo((directory / "t").c_str(), 0600) == 0);
        CHECK_THAT(Token::load(directory / "t").error().message,
                   ContainsSubstring("not a regular file"));
    }
    SECTION("a directory") {
        REQUIRE(mkdir((directory / "t").c_str(), 0700) == 0);
        CHECK_FALSE(Token::load_or_create(directory / "t"));
    }
    SECTION("another user's") {
        if (geteuid() != 0)
            return;
        REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
        const auto path = write_secret(directory, "t", kGood);
        REQUIRE(chown(path.c_str(), 12345, 12345) == 0);
        const auto results = in_processes(1, [&] {
            // owner and reader differ: capabilities let it be opened, the owner gives it away
            if (setresuid(4321, 4321, 0) != 0)
                return std::string("setresuid failed");
            const int fd = open(path.c_str(), O_RDONLY);
            if (fd >= 0)
                return std::string("opened without right");
            if (seteuid(0) != 0)
                return std::string("seteuid failed");
            const int as_root = open(path.c_str(), O_RDONLY);
            if (seteuid(4321) != 0)
                return std::string("seteuid back failed");
            const auto checked = check_secret_file(as_root, path);
            return checked ? std::string("accepted") : checked.error().message;
        });
        CHECK_THAT(*results.begin(), ContainsSubstring("belongs to user 12345"));
    }
}

TEST_CASE("root may give a secret to the group of the process, and nobody else may", "[token]") {
    if (geteuid() != 0)
        return;
    const TemporaryDirectory directory;
    REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
    const auto path = write_secret(directory, "t", kGood);
    // What the process with uid and gid 4321 says of the file.
    const auto judged = [&](uid_t owner, gid_t group, mode_t mode) {
        REQUIRE(chown(path.c_str(), owner, group) == 0);
        REQUIRE(chmod(path.c_str(), mode) == 0);
        return *in_processes(1, [&] {
                    if (setgroups(0, nullptr) != 0 || setresgid(4321, 4321, 4321) != 0 ||
                        setresuid(4321, 4321, 4321) != 0)
                        return std::string("no other user");
                    const auto token = Token::load(path);
                    return token ? std::string("accepted") : token.error().message;
                }).begin();
    };
    CHECK(judged(0, 4321, 0440) == "accepted");
    CHECK(judged(0, 4321, 0640) == "accepted");
    CHECK_THAT(judged(0, 4321, 0460), ContainsSubstring("has mode 0460"));
    CHECK_THAT(judged(0, 4321, 0444), ContainsSubstring("has mode 0444"));
    CHECK_THAT(judged(4321, 4321, 0440), ContainsSubstring("has mode 0440"));
    CHECK_THAT(judged(12345, 4321, 0440), ContainsSubstring("belongs to user 12345"));
}

TEST_CASE("a token that is no token is refused", "[token]") {
    const TemporaryDirectory directory;
    const auto load = [&](std::string_view content) {
        return Token::load(write_secret(directory, "t", content));
    };
    CHECK_THAT(load("short").error().message, ContainsSubstring("holds 5 characters"));
    CHECK_THAT(load("").error().message, ContainsSubstring("remove it and restart"));
    CHECK_FALSE(load(std::string(31, 'a')));
    CHECK(load(std::string(32, 'a')));
    CHECK(load(kGood + "\n")->text() == kGood);
    CHECK_FALSE(load(kGood + "\n" + kGood));
    CHECK_FALSE(load(kGood + std::string(1, '\0')));
    CHECK_FALSE(load(std::string(5000, 'a')));
    CHECK(Token::load(directory / "missing").error().code == ErrorCode::kNotFound);
    // An error never repeats what the file holds.
    CHECK_THAT(load("hunter2").error().message, !ContainsSubstring("hunter2"));
}

TEST_CASE("comparing tokens", "[token]") {
    const TemporaryDirectory directory;
    const auto token = Token::load(write_secret(directory, "t", kGood));
    REQUIRE(token);
    CHECK(token->matches(kGood));
    CHECK_FALSE(token->matches(kGood.substr(1)));
    CHECK_FALSE(token->matches(kGood + "a"));
    CHECK_FALSE(token->matches(""));
    CHECK_FALSE(token->matches(std::string(63, 'a') + "b"));
}

TEST_CASE("a state directory that cannot be written is named", "[token]") {
    const auto token = Token::load_or_create("/proc/vedette/auth_token");
    REQUIRE_FALSE(token);
    CHECK_THAT(token.error().message, ContainsSubstring("/proc/vedette/auth_token"));
}

TEST_CASE("a new certificate", "[certificate]") {
    const TemporaryDirectory directory;
    const auto path = directory / "ipc_cert.pem";
    const auto made = load_or_create_certificate(path, "node-7.example");
    REQUIRE(made);
    CHECK(mode_of(path) == 0600);
    const auto text = test::slurp(path);
    CHECK_THAT(text, ContainsSubstring("-----BEGIN CERTIFICATE-----"));
    CHECK_THAT(text, ContainsSubstring("-----BEGIN EC PRIVATE KEY-----"));
    CHECK(made->expires > std::chrono::system_clock::now() + std::chrono::hours(24 * 3000));
    const auto again = load_or_create_certificate(path, "node-7.example");
    REQUIRE(again);
    CHECK(again->certificate_pem == made->certificate_pem);
    CHECK(again->key_pem == made->key_pem);
}

TEST_CASE("of many processes one makes the certificate, all get it", "[certificate]") {
    const TemporaryDirectory directory;
    const auto results = in_processes(8, [&] {
        const auto made = load_or_create_certificate(directory / "c.pem", "127.0.0.1");
        return made ? made->certificate_pem : made.error().message;
    });
    CHECK(results.size() == 8);
    CHECK(results.count(*results.begin()) == 8);
    CHECK_THAT(*results.begin(), StartsWith("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("certificates that are refused", "[certificate]") {
    const TemporaryDirectory directory;
    const auto error = [&](std::string_view content, mode_t mode = 0600) {
        const auto loaded = load_certificate(write_secret(directory, "c.pem", content, mode));
        return loaded ? std::string("no error") : loaded.error().message;
    };
    const auto good = make_certificate_pem("localhost", std::chrono::hours(1));
    const auto other = make_certificate_pem("localhost", std::chrono::hours(1));
    const auto expired = make_certificate_pem("localhost", std::chrono::hours(-1));
    REQUIRE(good);
    REQUIRE(other);
    REQUIRE(expired);
    const auto key_at = good->find("-----BEGIN EC");
    CHECK(error(*good) == "no error");
    CHECK_THAT(error(*expired), ContainsSubstring("expired on 20") && ContainsSubstring("SIGHUP"));
    CHECK_THAT(error(*good, 0644), ContainsSubstring("chmod 0600"));
    CHECK_THAT(error("nonsense"), ContainsSubstring("does not hold a certificate and its key"));
    CHECK_THAT(error(good->substr(0, key_at)), ContainsSubstring("does not hold"));
    CHECK_THAT(error(good->substr(0, key_at) + other->substr(other->find("-----BEGIN EC"))),
               ContainsSubstring("does not hold"));
    CHECK_THAT(error(std::string(100'000, 'x')), ContainsSubstring("larger than"));
    // The file is never replaced silently: who pinned it would be cut off.
    CHECK_FALSE(load_or_create_certificate(write_secret(directory, "d.pem", "x"), "localhost"));
}

TEST_CASE("a certificate of ours is renewed before it expires", "[certificate]") {
    const TemporaryDirectory directory;
    for (const int hours : {-1, 24 * 29}) {
        const auto old = make_certificate_pem("localhost", std::chrono::hours(hours));
        REQUIRE(old);
        const auto path = write_secret(directory, "r.pem", *old);
        const auto renewed = load_or_renew_certificate(path, "localhost");
        REQUIRE(renewed);
        CHECK(renewed->renewed);
        CHECK(renewed->expires > std::chrono::system_clock::now() + std::chrono::hours(24 * 3000));
        CHECK(mode_of(path) == 0600);
        const auto again = load_or_renew_certificate(path, "localhost");
        REQUIRE(again);
        CHECK_FALSE(again->renewed);
        CHECK(again->certificate_pem == renewed->certificate_pem);
    }
    const auto fresh = make_certificate_pem("localhost", std::chrono::hours(24 * 31));
    REQUIRE(fresh);
    const auto kept =
        load_or_renew_certificate(write_secret(directory, "k.pem", *fresh), "localhost");
    REQUIRE(kept);
    CHECK_FALSE(kept->renewed);
    CHECK(load_or_renew_certificate(directory / "new.pem", "localhost"));
    CHECK_FALSE(
        load_or_renew_certificate(write_secret(directory, "x.pem", "nonsense"), "localhost"));
}

TEST_CASE("a host name cannot smuggle extensions into the certificate", "[certificate]") {
    CHECK_FALSE(make_certificate_pem("a,DNS:evil.example", std::chrono::hours(1)));
    CHECK_FALSE(make_certificate_pem("", std::chrono::hours(1)));
    CHECK(make_certificate_pem("10.1.2.3", std::chrono::hours(1)));
    CHECK(make_certificate_pem("fe80::1", std::chrono::hours(1)));
}
