// SPDX-License-Identifier: Apache-2.0
#include "common/config/settings.h"

#include <sys/stat.h>

#include "common/config/paths.h"
#include "common/config/reference_keys.h"
#include "common/config/settings_pages.h"
#include "tests/unit/catch.h"
#include "tests/unit/common/support.h"

using namespace vedette;
using test::TemporaryDirectory;

namespace {

Result<Settings> load_text(const TemporaryDirectory& directory, std::string_view yaml) {
    Settings::Sources sources;
    sources.files = {directory.write("vedette.yaml", yaml)};
    return Settings::load(sources);
}

std::string error_of(std::string_view yaml) {
    const TemporaryDirectory directory;
    const auto settings = load_text(directory, yaml);
    if (settings)
        return "no error";
    std::string message = settings.error().message;
    test::replace_all(message, directory.path(), "DIR");
    return message;
}

}  // namespace

TEST_CASE("defaults are those of the table", "[settings]") {
    const auto settings = Settings::load({});
    REQUIRE(settings);
    CHECK(settings->string("log_level") == "info");
    CHECK(settings->integer("security_agent.cmd_port") == 5010);
    CHECK(settings->integer("system_probe_config.ring_buffer_size") == 8 << 20);
    CHECK(settings->duration("server_timeout") == std::chrono::seconds(30));
    CHECK(settings->boolean("outputs.stdout"));
    CHECK(settings->list("event_monitoring_config.envs_with_value").front() == "LD_PRELOAD");
    CHECK(settings->value("log_level")->source == SettingSource::kDefault);
}

TEST_CASE("later sources win and the origin is known", "[settings]") {
    const TemporaryDirectory directory;
    Settings::Sources sources;
    sources.optional_files = {directory / "missing.yaml"};
    sources.files = {
        directory.write("a.yaml",
                        "log_level: debug\nsecurity_agent:\n  cmd_port: 1\n  expvar_port: 2\n"),
        directory.write("b.yaml", "\nsecurity_agent:\n  cmd_port: 3\n")};
    sources.environment = {{"VEDETTE_SECURITY_AGENT_EXPVAR_PORT", "4"}, {"VEDETTE_UNRELATED", "x"}};
    sources.command_line = {{"log_level", "error"}};
    const auto settings = Settings::load(sources);
    REQUIRE(settings);

    CHECK(settings->integer("security_agent.cmd_port") == 3);
    CHECK(settings->value("security_agent.cmd_port")->origin == directory / "b.yaml:3");
    CHECK(settings->integer("security_agent.expvar_port") == 4);
    CHECK(settings->value("security_agent.expvar_port")->origin ==
          "VEDETTE_SECURITY_AGENT_EXPVAR_PORT");
    CHECK(settings->string("log_level") == "error");
    CHECK(settings->files() == sources.files);

    const auto layers = settings->layers("log_level");
    REQUIRE(layers);
    REQUIRE(layers->size() == 3);
    CHECK(layers->at(0).text == "info");
    CHECK(layers->at(1).text == "debug");
    CHECK(layers->at(2).text == "error");
}

TEST_CASE("every error of every source is told at once", "[settings]") {
    const TemporaryDirectory directory;
    Settings::Sources sources;
    sources.files = {directory.write("vedette.yaml", R"(log_levle: info
log_level: loud
state_dri: 7
security_agent:
  cmd_port: 99999
  expvar_port: [1, 2]
telemetry: true
outputs:
  file:
    max_size: 12 parsecs
  stdout: maybe
server_timeout: 0s
hostname: "a\nb"
log_to_console: true
log_to_console: false
system_probe_config:
  backend: kprobes
event_monitoring_config:
  envs_with_value:
    a: b
? [complex]
: key
)"),
                     directory / "absent.yaml"};
    sources.environment = {{"VEDETTE_RUNTIME_SECURITY_CONFIG_ENABLED", "perhaps"}};
    sources.command_line = {{"state_dri", "/x"}, {"security_agent.cmd_port", "0x10"}};
    const auto settings = Settings::load(sources);
    REQUIRE_FALSE(settings);
    std::string message = settings.error().message + "\n";
    test::replace_all(message, directory.path(), "DIR");
    CHECK(message == test::golden("common/settings_errors.txt"));
}

TEST_CASE("files that are no settings", "[settings]") {
    CHECK(error_of("just words") == "DIR/vedette.yaml:1: expected settings as 'key: value'");
    CHECK(error_of("a: [1, 2") == "DIR/vedette.yaml:1: end of sequence flow not found");
    CHECK(
        error_of("log_level: info\n---\nlog_level: warn\n") ==
        "DIR/vedette.yaml: holds more than one YAML document, or something that is no part of one");
    CHECK(error_of(std::string(2 << 20, '#')) == "'DIR/vedette.yaml' is larger than 1048576 bytes");
    CHECK_THAT(error_of(std::string(100'000, '[')), ContainsSubstring("DIR/vedette.yaml"));
    CHECK_THAT(error_of("a: &a [*a]"), ContainsSubstring("unknown"));
    CHECK(error_of("") == "no error");
    CHECK(error_of("telemetry:\n") == "no error");
}

TEST_CASE("aliases cannot blow up", "[settings]") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        bomb += fmt::format("a{0}: &a{0} [", i);
        for (int j = 0; j < 10; ++j)
            bomb += fmt::format("{}*a{}", j ? ", " : "", i - 1);
        bomb += "]\n";
    }
    bomb += "event_monitoring_config:\n  envs_with_value: *a11\n";
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THAT(error_of(bomb), ContainsSubstring("expected a list of plain values"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("a settings file that everybody can change is refused", "[settings]") {
    const TemporaryDirectory directory;
    Settings::Sources sources;
    sources.files = {directory.write("vedette.yaml", "log_level: warn\n")};
    chmod(sources.files[0].c_str(), 0666);
    const auto settings = Settings::load(sources);
    REQUIRE_FALSE(settings);
    CHECK_THAT(settings.error().message, ContainsSubstring("chmod o-w"));
}

TEST_CASE("ways to write a value", "[settings]") {
    const auto number = [](const char* key, const char* text) -> int64_t {
        Settings::Sources sources;
        sources.command_line = {{key, text}};
        const auto settings = Settings::load(sources);
        return settings ? settings->value(key)->number : -1;
    };
    CHECK(number("server_timeout", "45") == 45'000'000'000);
    CHECK(number("server_timeout", "1500ms") == 1'500'000'000);
    CHECK(number("server_timeout", "1m30s") == 90'000'000'000);
    CHECK(number("server_timeout", "1m30") == -1);
    CHECK(number("server_timeout", "99999999999h") == -1);
    CHECK(number("server_timeout", "-5s") == -1);
    CHECK(number("outputs.file.max_size", "2MiB") == 2 << 20);
    CHECK(number("outputs.file.max_size", "3000000") == 3'000'000);
    CHECK(number("outputs.file.max_size", "2MB") == 2'000'000);
    CHECK(number("outputs.stdout", "Off") == 0);
    CHECK(number("security_agent.cmd_port", "") == -1);
    CHECK(number("security_agent.cmd_port", "5010 ") == -1);

    const auto list = [](const char* text) {
        Settings::Sources sources;
        sources.environment = {{"VEDETTE_EVENT_MONITORING_CONFIG_ENVS_WITH_VALUE", text}};
        const auto settings = Settings::load(sources);
        return settings ? settings->list("event_monitoring_config.envs_with_value")
                        : std::vector<std::string>{"error"};
    };
    using Words = std::vector<std::string>;
    CHECK(list("A B,C") == Words{"A", "B", "C"});
    CHECK(list("[\"A\", \"B C\"]") == Words{"A", "B C"});
    CHECK(list("[A, [B]]") == Words{"error"});
    CHECK(list("[A") == Words{"error"});
    CHECK(list("").empty());
}

TEST_CASE("canonical text is read back as the same value", "[settings]") {
    const auto first = Settings::load({});
    REQUIRE(first);
    const TemporaryDirectory directory;
    const auto second = load_text(directory, first->to_yaml());
    INFO(first->to_yaml());
    REQUIRE(second);
    for (const auto& def : settings_table()) {
        INFO(def.key);
        CHECK(second->value(def.key)->text == first->value(def.key)->text);
        CHECK(second->value(def.key)->list == first->value(def.key)->list);
        CHECK(second->value(def.key)->source == SettingSource::kFile);
    }
}

TEST_CASE("changes at run time", "[settings]") {
    auto settings = Settings::load({});
    REQUIRE(settings);
    CHECK(settings->set_runtime("log_level", "debug"));
    CHECK(settings->string("log_level") == "debug");
    CHECK(settings->value("log_level")->source == SettingSource::kRuntime);
    CHECK(settings->set_runtime("log_level", "loud").error().code == ErrorCode::kInvalid);
    CHECK(settings->set_runtime("cmd_host", "::1").error().code == ErrorCode::kDenied);
    const auto unknown = settings->set_runtime("loglevel", "info");
    CHECK(unknown.error().code == ErrorCode::kNotFound);
    CHECK(unknown.error().message == "unknown key 'loglevel'; did you mean 'log_level'?");
    CHECK(settings->string("log_level") == "debug");
}

TEST_CASE("paths follow their directory until they are set", "[settings]") {
    Settings::Sources sources;
    sources.command_line = {
        {"run_dir", "/r"}, {"state_dir", "/s"}, {"ipc_cert_file_path", "/c.pem"}};
    const auto settings = Settings::load(sources);
    REQUIRE(settings);
    CHECK(events_socket_path(*settings) == "/r/events.sock");
    CHECK(command_socket_path(*settings) == "/r/cmd.sock");
    CHECK(auth_token_path(*settings) == "/s/auth_token");
    CHECK(ipc_cert_path(*settings) == "/c.pem");
}

TEST_CASE("the pages in the tree are what the table says", "[settings]") {
    INFO("run ./dev doc");
    const std::string tree = VEDETTE_SOURCE_DIR;
    CHECK(settings_markdown() == test::slurp(tree + "/docs/reference/settings.md"));
    CHECK(settings_example() == test::slurp(tree + "/deploy/vedette.yaml.example"));
}

TEST_CASE("the example file, uncommented, says the defaults", "[settings]") {
    std::istringstream lines(settings_example());
    std::string yaml;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# "))
            yaml += line.substr(2) + "\n";
    const TemporaryDirectory directory;
    const auto settings = load_text(directory, yaml);
    INFO((settings ? "" : settings.error().message));
    REQUIRE(settings);
    const auto defaults = Settings::load({});
    for (const auto& def : settings_table()) {
        INFO(def.key);
        CHECK(settings->value(def.key)->source == SettingSource::kFile);
        CHECK(settings->value(def.key)->text == defaults->value(def.key)->text);
    }
}

TEST_CASE("files of the reference load, with a warning for each key that is not ours",
          "[settings]") {
    const TemporaryDirectory directory;
    const auto settings = load_text(directory, R"(api_key: 0123456789abcdef0123456789abcdef
site: datadoghq.eu
tags: [team:a]
logs_enabled: true
log_level: WARN
apm_config:
  enabled: true
  obfuscation: {elasticsearch: {enabled: true}}
system_probe_config:
  enabled: true
  sysprobe_socket: /run/x.sock
event_monitoring_config:
  enable_kernel_filters: false
  network: {enabled: true}
runtime_security_config:
  enabled: true
  fim_enabled: true
  activity_dump:
    enabled: true
  hash_resolver:
    max_hash_rate: 100
go_core_dump: true
)");
    INFO((settings ? "" : settings.error().message));
    REQUIRE(settings);
    CHECK(settings->string("log_level") == "warn");
    CHECK(command_socket_path(*settings) == "/run/x.sock");
    CHECK_FALSE(settings->boolean("system_probe_config.kernel_filters"));
    CHECK(settings->boolean("core_dumps"));
    CHECK(settings->integer("runtime_security_config.hash_resolver.max_hash_rate") == 100);
    std::string all;
    for (const auto& warning : settings->warnings())
        all += warning + "\n";
    test::replace_all(all, directory.path(), "DIR");
    CHECK(all ==
          "DIR/vedette.yaml:1: 'api_key' is no setting of Vedette, ignored; instead: no key is "
          "needed\n"
          "DIR/vedette.yaml:2: 'site' is no setting of Vedette, ignored\n"
          "DIR/vedette.yaml:3: 'tags' is no setting of Vedette, ignored\n"
          "DIR/vedette.yaml:4: 'logs_enabled' is no setting of Vedette, ignored\n"
          "DIR/vedette.yaml:6: 'apm_config' is no setting of Vedette, ignored\n"
          "DIR/vedette.yaml:10: 'system_probe_config.enabled' is no setting of Vedette, ignored; "
          "instead: "
          "the probe runs whenever runtime_security_config.enabled is true\n"
          "DIR/vedette.yaml:14: 'event_monitoring_config.network.enabled' is no setting of "
          "Vedette, ignored; "
          "instead: a rule on network events switches it on\n"
          "DIR/vedette.yaml:17: 'runtime_security_config.fim_enabled' is no setting of Vedette, "
          "ignored; "
          "instead: rules on files are always in force\n"
          "DIR/vedette.yaml:18: 'runtime_security_config.activity_dump' is no setting of Vedette, "
          "ignored\n");
}

TEST_CASE("a typing error in a section of the reference is still an error", "[settings]") {
    CHECK_THAT(error_of("runtime_security_config:\n  enabeld: true\n"),
               ContainsSubstring(
                   "DIR/vedette.yaml:2: unknown key 'runtime_security_config.enabeld'; did you "
                   "mean 'runtime_security_config.enabled'?"));
    CHECK_THAT(error_of("telemetry:\n  enabeld: true\n"), ContainsSubstring("telemetry.enabled"));
    CHECK_THAT(error_of("core_dumps: true\ngo_core_dump: false\n"),
               ContainsSubstring("'core_dumps' is set twice, first on line 1"));
}

TEST_CASE("no key of the reference hides one of ours", "[settings]") {
    for (const auto& def : settings_table()) {
        INFO(def.key);
        CHECK(find_reference_key(def.key) == nullptr);
    }
    for (const auto& entry : reference_keys()) {
        INFO(entry.key);
        CHECK((entry.ours.empty() || find_setting(entry.ours) != nullptr));
    }
}

TEST_CASE("variables of the reference", "[settings]") {
    const auto load = [](std::map<std::string, std::string> environment) {
        Settings::Sources sources;
        sources.environment = std::move(environment);
        auto settings = Settings::load(sources);
        INFO((settings ? "" : settings.error().message));
        REQUIRE(settings);
        return std::move(*settings);
    };
    const auto theirs = load({{"DD_LOG_LEVEL", "DEBUG"},
                              {"DD_RUNTIME_SECURITY_CONFIG_POLICIES_DIR", "/p"},
                              {"DD_RUNTIME_SECURITY_CONFIG_ENVS_WITH_VALUE", "A B"},
                              {"DD_SYSPROBE_SOCKET", "/s"},
                              {"DD_GO_CORE_DUMP", "true"},
                              {"DD_LOG_FILE", "/var/log/other.log"},
                              {"DD_API_KEY", "secret"}});
    CHECK(theirs.string("log_level") == "debug");
    CHECK(theirs.value("log_level")->origin == "DD_LOG_LEVEL");
    CHECK(theirs.string("runtime_security_config.policies.dir") == "/p");
    CHECK(theirs.list("event_monitoring_config.envs_with_value") ==
          std::vector<std::string>{"A", "B"});
    CHECK(theirs.string("runtime_security_config.cmd_socket") == "/s");
    CHECK(theirs.boolean("core_dumps"));
    CHECK(theirs.string("log_file").empty());
    CHECK(theirs.warnings().empty());
    CHECK(theirs.ignored_variables() == std::vector<std::string>{"DD_API_KEY", "DD_LOG_FILE"});

    const auto both = load({{"DD_LOG_LEVEL", "debug"},
                            {"VEDETTE_LOG_LEVEL", "error"},
                            {"DD_CMD_HOST", "::1"},
                            {"VEDETTE_CMD_HOST", "::1"},
                            {"VEDETTE_COLOUR", "red"}});
    CHECK(both.string("log_level") == "error");
    CHECK(both.warnings() ==
          std::vector<std::string>{
              "VEDETTE_LOG_LEVEL and DD_LOG_LEVEL differ: the first counts (log_level)"});
    CHECK(both.ignored_variables() == std::vector<std::string>{"VEDETTE_COLOUR"});

    const auto full_name_first = load({{"DD_EVENT_MONITORING_CONFIG_ENVS_WITH_VALUE", "A"},
                                       {"DD_RUNTIME_SECURITY_CONFIG_ENVS_WITH_VALUE", "B"}});
    CHECK(full_name_first.list("event_monitoring_config.envs_with_value") ==
          std::vector<std::string>{"A"});
}
