// SPDX-License-Identifier: Apache-2.0
#include "security-agent/flare/flare.h"

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <condition_variable>
#include <csignal>
#include <map>

#include "security-agent/flare/scrub.h"
#include "security-agent/telemetry/server.h"
#include "tests/unit/face/agent.h"

using namespace vedette;

namespace {

std::map<std::string, std::string> unzip(const std::string& path) {
    std::map<std::string, std::string> entries;
    archive* a = archive_read_new();
    archive_read_support_format_zip(a);
    REQUIRE(archive_read_open_filename(a, path.c_str(), 65536) == ARCHIVE_OK);
    for (archive_entry* entry = nullptr; archive_read_next_header(a, &entry) == ARCHIVE_OK;) {
        std::string content;
        char chunk[8192];
        for (la_ssize_t n; (n = archive_read_data(a, chunk, sizeof chunk)) > 0;)
            content.append(chunk, static_cast<size_t>(n));
        entries[archive_entry_pathname(entry)] = content;
    }
    archive_read_free(a);
    return entries;
}

std::string sha256(std::string_view content) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(content.data(), content.size(), digest, &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i)
        hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

/// Lines of the corpus: "name<TAB>secret<TAB>text in which it stands" with \n, \t and \\ escaped.
struct Secret {
    std::string name;
    std::string secret;
    std::string text;
};

std::vector<Secret> corpus() {
    const auto unescape = [](std::string_view text) {
        std::string out;
        for (size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\' || i + 1 == text.size()) {
                out += text[i];
                continue;
            }
            ++i;
            out += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        }
        return out;
    };
    std::vector<Secret> secrets;
    std::istringstream lines(test::golden("face/secrets.tsv"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.starts_with('#'))
            continue;
        const size_t one = line.find('\t');
        const size_t two = line.find('\t', one + 1);
        REQUIRE(two != std::string::npos);
        secrets.push_back({line.substr(0, one), line.substr(one + 1, two - one - 1),
                           unescape(std::string_view(line).substr(two + 1))});
    }
    return secrets;
}

}  // namespace

TEST_CASE("no secret of the corpus survives", "[scrub]") {
    const auto secrets = corpus();
    CHECK(secrets.size() > 40);
    std::string all;
    for (const auto& secret : secrets) {
        INFO(secret.name << ": " << secret.text);
        REQUIRE_THAT(secret.text, ContainsSubstring(secret.secret));
        const auto clean = flare::scrub(secret.text);
        CHECK_THAT(clean, !ContainsSubstring(secret.secret));
        CHECK(flare::scrub(clean) == clean);
        all += secret.text + "\n\n";
    }
    const auto clean = flare::scrub(all);
    for (const auto& secret : secrets) {
        INFO(secret.name);
        CHECK_THAT(clean, !ContainsSubstring(secret.secret));
    }
}

TEST_CASE("what is no secret stays", "[scrub]") {
    for (const char* text : {
             "log_level: info\nsecurity_agent:\n  cmd_port: 5010\n",
             "auth_token_file_path: /var/lib/vedette/auth_token\n",
             "{\"events\":[{\"type\":\"open\",\"seen\":12}],\"path\":\"/etc/shadow\"}",
             "open /etc/passwd by uid 0: denied\n",
             "https://example.org/path?page=2&q=passage\n",
             "vedette_agent_api_auth_failures_total 3\n",
             "container 4b825dc642cb6eb9a060e54bf8d69288fbee4904bd3eb1d6f1e2a3b4c5d6e7f8 started\n",
             "PATH=/usr/bin:/bin\nPWD=/root\n",
             "",
             "\n\n",
             "no newline at the end",
         })
        CHECK(flare::scrub(text) == text);
    CHECK(flare::scrub("key of c0ffee00c0ffee00c0ffee00c0ffee00 end") ==
          "key of ***************************fee00 end");
    CHECK(flare::scrub("a:\n  password: x\n  b: 1\n") == "a:\n  password: ********\n  b: 1\n");
    CHECK(flare::is_secret_name("DB_PASSWORD"));
    CHECK_FALSE(flare::is_secret_name("auth_token_file_path"));
}

TEST_CASE("names that the settings add are secret, too", "[scrub]") {
    const flare::Scrubber scrubber({"badge", "door code", "a.b*c"});
    CHECK(scrubber.scrub("badge: 4711\nbadge_number=12\nfloor: 3\n") ==
          "badge: ********\nbadge_number=********\nfloor: 3\n");
    CHECK(scrubber.scrub("open --badge 4711 now") == "open --badge ******** now");
    CHECK(scrubber.scrub("{\"DOOR CODE\": 99, \"x\": 1}") ==
          "{\"DOOR CODE\": \"********\", \"x\": 1}");
    CHECK(scrubber.scrub("badge_path: /home/x") == "badge_path: ********");
    CHECK(scrubber.scrub("aXbYYc: 1\na.b*c: 1") == "aXbYYc: 1\na.b*c: ********");
    CHECK(scrubber.scrub("password: hunter2") == "password: ********");
    CHECK(flare::scrub("badge: 4711") == "badge: 4711");
}

TEST_CASE("scrubbing takes time in proportion", "[scrub]") {
    for (const std::string unit :
         {"a:b@", "://", "password", "--token ", "\"token\": [", "eyJ", "-----BEGIN ", "\\\""}) {
        std::string text;
        while (text.size() < 2'000'000)
            text += unit;
        const auto begin = std::chrono::steady_clock::now();
        (void)flare::scrub(text);
        INFO(unit);
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
    }
}

TEST_CASE("what a flare holds", "[flare]") {
    test::Agent agent;
    std::filesystem::create_directory(agent.directory / "policies");
    agent.directory.write("policies/a.policy",
                          "rules:\n  - id: x\n    expression: open.file.path == \"/a\"\n");
    agent.directory.write("policies/notes.txt", "not a policy");
    const auto outside = agent.directory.write("outside", "stolen");
    REQUIRE(symlink(outside.c_str(), (agent.directory / "policies/link.policy").c_str()) == 0);
    agent.logger->warn("connecting to https://user:hunter2secret@example.org");
    agent.logger->info("the token is {}", agent.token.text());
    setenv("VEDETTE_OUTPUT_API_KEY", "supersecretvalue", 1);
    setenv("HOME_OF_NOBODY", "nobodysbusiness", 1);
    agent.status.add_section(
        "probe", [&] { return boost::json::object{{"note", "bare " + agent.token.text()}}; });
    flare::add_daemon_items(agent.flare, {agent.settings, agent.health, agent.status, *agent.logger,
                                          agent.metrics, nullptr});

    const auto path = agent.flare.make();
    REQUIRE(path);
    struct stat st{};
    REQUIRE(stat(path->c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0600);

    const auto entries = unzip(*path);
    for (const char* name :
         {"status.json", "status.txt", "health.json", "metrics.txt", "expvar.json", "about.txt",
          "settings.yaml", "settings-by-source.txt", "envvars.log", "permissions.log",
          "runtime-security.d/a.policy", "logs/00-agent.log", "kernel/cmdline", "kernel/mountinfo",
          "kernel/btf", "flare_creation.log", "manifest.json"}) {
        INFO(name);
        CHECK(entries.contains(name));
    }
    CHECK_FALSE(entries.contains("local"));
    CHECK_FALSE(entries.contains("runtime-security.d/notes.txt"));
    CHECK_FALSE(entries.contains("runtime-security.d/link.policy"));
    for (const auto& [name, content] : entries) {
        INFO(name);
        for (const std::string& secret :
             {agent.token.text(), std::string("hunter2secret"), std::string("supersecretvalue"),
              std::string("stolen"), std::string("nobodysbusiness"), std::string("PRIVATE KEY")})
            CHECK_THAT(content, !ContainsSubstring(secret));
    }
    CHECK_THAT(entries.at("settings-by-source.txt"), ContainsSubstring("cli (--set): "));
    CHECK_THAT(entries.at("permissions.log"),
               ContainsSubstring("100600 root(0)") || ContainsSubstring("100600"));

    const auto manifest = boost::json::parse(entries.at("manifest.json")).as_object();
    size_t listed = 0;
    for (const auto& entry : manifest.at("entries").as_array()) {
        const std::string name(entry.at("name").as_string());
        INFO(name);
        REQUIRE(entries.contains(name));
        CHECK(entry.at("sha256").as_string() == sha256(entries.at(name)));
        CHECK(entry.at("size").to_number<size_t>() == entries.at(name).size());
        ++listed;
    }
    CHECK(listed == entries.size() - 2);  // all but the manifest and the creation log
    unsetenv("VEDETTE_OUTPUT_API_KEY");
    unsetenv("HOME_OF_NOBODY");
}

TEST_CASE("a flare without the daemon says so", "[flare]") {
    test::Agent agent;
    const auto path = agent.flare.make();
    REQUIRE(path);
    const auto entries = unzip(*path);
    CHECK(entries.contains("local"));
    CHECK_FALSE(entries.contains("status.json"));
}

TEST_CASE("a flare is bounded", "[flare]") {
    test::Agent agent;
    std::string log;
    while (log.size() < 300'000)
        log += "a line of the log\n";
    agent.directory.write("big.log", log + "the end\n");
    flare::FlareMaker maker(agent.settings, {.directory = agent.directory.path(),
                                             .max_bytes = 400'000,
                                             .max_entry_bytes = 100'000,
                                             .log_files = {agent.directory / "big.log"}});
    maker.add({"huge", [] { return Result<std::string>(std::string(1'000'000, 'x') + "\ntail"); }});
    for (int i = 0; i < 10; ++i)
        maker.add({fmt::format("part{}", i),
                   [] { return Result<std::string>(std::string(60'000, 'y')); }});
    maker.add(
        {"broken", [] { return Result<std::string>(fail(ErrorCode::kIo, "no such thing")); }});
    const auto path = maker.make();
    REQUIRE(path);
    const auto entries = unzip(*path);
    size_t total = 0;
    for (const auto& [name, content] : entries)
        total += content.size();
    CHECK(total < 500'000);
    CHECK(entries.at("huge").ends_with("tail"));
    CHECK_FALSE(entries.contains("part9"));
    const auto notes = entries.at("flare_creation.log");
    CHECK_THAT(notes, ContainsSubstring("huge: cut to its last 100000 bytes"));
    CHECK_THAT(notes, ContainsSubstring("part9: left out"));
    CHECK_THAT(notes, ContainsSubstring("broken: no such thing"));
}

TEST_CASE("one flare at a time", "[flare]") {
    test::Agent agent;
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool release = false;
    flare::FlareMaker maker(agent.settings, {.directory = agent.directory.path()});
    maker.add({"slow", [&] {
                   std::unique_lock lock(mutex);
                   entered = true;
                   changed.notify_all();
                   changed.wait(lock, [&] { return release; });
                   return Result<std::string>("x");
               }});
    Result<std::string> first;
    std::thread thread([&] { first = maker.make(); });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return entered; });
    }
    const auto second = maker.make();
    CHECK_FALSE(second);
    CHECK(second.error().code == ErrorCode::kUnavailable);
    {
        const std::lock_guard lock(mutex);
        release = true;
    }
    changed.notify_all();
    thread.join();
    CHECK(first);
}

TEST_CASE("a full disk leaves nothing behind", "[flare]") {
    test::Agent agent;
    std::filesystem::create_directory(agent.directory / "out");
    flare::FlareMaker maker(agent.settings, {.directory = agent.directory / "out"});
    std::string noise;
    for (unsigned x = 1; noise.size() < 200'000;)
        noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    maker.add({"noise", [&] { return Result<std::string>(noise); }});
    const pid_t child = fork();
    if (child == 0) {
        // A file size limit fails writes as a full disk does.
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{50'000, 50'000};
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto made = maker.make();
        _exit(!made && made.error().message.find("out/") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(std::filesystem::is_empty(agent.directory / "out"));
}
