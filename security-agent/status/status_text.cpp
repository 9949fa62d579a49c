// SPDX-License-Identifier: Apache-2.0
//
// The status page: known sections in the order people look for things, then whatever else is in the document.
// Takes any JSON: a member that is missing or of another type is left out, not an error.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <ctime>
#include <utility>

#include "common/log.h"
#include "security-agent/status/status.h"

#include <fmt/format.h>

namespace vedette::status {
namespace {

namespace json = boost::json;

const json::object kEmptyObject;
const json::array kEmptyArray;

const json::object& object(const json::object& in, std::string_view key) {
    const auto* value = in.if_contains(key);
    return value && value->is_object() ? value->get_object() : kEmptyObject;
}

const json::array& array(const json::object& in, std::string_view key) {
    const auto* value = in.if_contains(key);
    return value && value->is_array() ? value->get_array() : kEmptyArray;
}

/// A scalar as people write it; empty when it is missing.
std::string scalar(const json::value& value) {
    if (value.is_null())
        return {};
    if (const auto* text = value.if_string())
        return std::string(*text);
    if (const auto* flag = value.if_bool())
        return *flag ? "yes" : "no";
    if (const auto* number = value.if_double())
        return fmt::format("{:g}", *number);
    return json::serialize(value);
}

std::string text(const json::object& in, std::string_view key) {
    const auto* value = in.if_contains(key);
    return value ? scalar(*value) : std::string();
}

/// Also of a number in a string, as protobuf prints 64-bit ones.
uint64_t number(const json::object& in, std::string_view key) {
    const std::string digits = text(in, key);
    uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

std::string bytes(uint64_t count) {
    if (count >= 1u << 20)
        return fmt::format("{:.1f} MiB", static_cast<double>(count) / (1 << 20));
    if (count >= 1u << 10)
        return fmt::format("{:.1f} KiB", static_cast<double>(count) / (1 << 10));
    return fmt::format("{} B", count);
}

std::string duration(uint64_t seconds) {
    std::string out;
    if (seconds >= 86'400)
        out += fmt::format("{}d ", seconds / 86'400);
    if (seconds >= 3600)
        out += fmt::format("{}h ", seconds / 3600 % 24);
    if (seconds >= 60)
        out += fmt::format("{}m ", seconds / 60 % 60);
    return out + fmt::format("{}s", seconds % 60);
}

std::string moment(uint64_t ns) {
    const auto when = static_cast<time_t>(ns / 1'000'000'000);
    tm utc{};
    gmtime_r(&when, &utc);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

class Page {
   public:
    explicit Page(bool verbose) : verbose_(verbose) {}

    std::string render(const json::object& document) {
        header(object(document, "agent"));
        runtime_security(object(document, "runtimeSecurityStatus"));
        probe(object(document, "probe"));
        health(object(document, "health"));
        for (const auto& [name, value] : document) {
            if (name == "agent" || name == "runtimeSecurityStatus" || name == "probe" ||
                name == "health")
                continue;
            title(name);
            generic(value, 2);
        }
        return std::move(out_);
    }

   private:
    void title(std::string_view name) {
        if (!out_.empty())
            out_ += '\n';
        out_ += fmt::format("{}\n{}\n", name, std::string(name.size(), '='));
    }
    void subtitle(std::string_view name) { out_ += fmt::format("\n  {}\n", name); }
    void line(int indent, std::string_view content) {
        // Values of variables, labels of scopes: whoever caused an event has chosen them.
        out_ += fmt::format("{:{}}{}\n", "", indent, printable(content));
    }
    /// Nothing for an empty value.
    void field(int indent, std::string_view name, std::string_view value) {
        if (!value.empty())
            line(indent, fmt::format("{:<18}{}", fmt::format("{}:", name), value));
    }

    void generic(const json::value& value, int indent) {
        if (const auto* members = value.if_object()) {
            for (const auto& [name, member] : *members) {
                if (member.is_object() || member.is_array()) {
                    line(indent, fmt::format("{}:", std::string_view(name)));
                    generic(member, indent + 2);
                } else {
                    line(indent, fmt::format("{}: {}", std::string_view(name), scalar(member)));
                }
            }
        } else if (const auto* items = value.if_array()) {
            for (const auto& item : *items) {
                if (item.is_object() || item.is_array())
                    generic(item, indent + 2);
                else
                    line(indent, fmt::format("- {}", scalar(item)));
            }
        } else {
            line(indent, scalar(value));
        }
    }

    void header(const json::object& agent) {
        const std::string commit = text(agent, "commit");
        title(fmt::format("Vedette agent {}{}", text(agent, "version"),
                          commit.empty() ? "" : fmt::format(" ({})", commit)));
        field(2, "Host", text(agent, "hostname"));
        field(2, "System",
              fmt::format("{}, kernel {} {}", text(agent, "distribution"), text(agent, "kernel"),
                          text(agent, "arch")));
        field(2, "Pid", text(agent, "pid"));
        field(2, "User id", text(agent, "uid"));
        field(2, "Started", moment(number(agent, "startTime")));
        field(2, "Time", moment(number(agent, "time")));
        field(2, "Uptime", duration(number(agent, "uptimeSeconds")));
        field(2, "Memory", bytes(number(agent, "rssBytes")));
        std::string files;
        for (const auto& file : array(agent, "configFiles"))
            files += (files.empty() ? "" : ", ") + scalar(file);
        field(2, "Settings", files.empty() ? "defaults, no file" : files);
        field(2, "Policies", text(agent, "policiesDir"));
        field(2, "State", text(agent, "stateDir"));
        field(2, "Sockets", text(agent, "runDir"));
        field(2, "Log", text(agent, "logFile"));
    }

    void runtime_security(const json::object& status) {
        title("Runtime security");
        if (failed(status))
            return;
        const bool connected = text(status, "connected") == "yes";
        field(2, "Probe",
              !connected                         ? "not connected"
              : text(status, "watching") == "no" ? "connected, not yet collecting for the rules"
                                                 : "connected");
        field(2, "Events received", text(status, "eventReceived"));
        field(2, "Alerts", text(status, "alerts"));
        field(2, "Rate limited", text(status, "limited"));
        field(2, "Processes", text(status, "processes"));
        if (const auto& workloads = object(status, "workloads"); number(workloads, "containers"))
            field(2, "Containers",
                  fmt::format("{}, in {} pods; {} not described yet, {} known to no runtime",
                              number(workloads, "containers"), number(workloads, "pods"),
                              number(workloads, "pending"), number(workloads, "unknown")));
        for (const auto& [type, count] : object(status, "lost"))
            field(2, "Lost", fmt::format("{} {}", scalar(count), std::string_view(type)));
        for (const auto& endpoint : array(status, "endpoints"))
            field(2, "Output", scalar(endpoint));
        self_tests(object(status, "selfTests"));
        policies(array(status, "policiesStatus"));
        last_load(object(object(status, "policyLoad"), "last"));
        rule_state(object(status, "variables"), object(status, "parked"));
        variables("Global variables", object(status, "seclGlobalVariables"));
        variables("Scoped variables", object(status, "seclScopedVariables"));
        environment(object(status, "environment"));
    }

    bool failed(const json::object& section) {
        const std::string error = text(section, "error");
        if (!error.empty())
            line(2, fmt::format("unavailable: {}", error));
        return !error.empty();
    }

    void self_tests(const json::object& tests) {
        if (tests.empty())
            return;
        subtitle("Self-tests");
        const uint64_t last = number(tests, "LastTimestamp");
        field(4, "Last run", last == 0 ? "none yet" : moment(last));
        for (const auto& name : array(tests, "Success"))
            line(4, "ok     " + scalar(name));
        for (const auto& name : array(tests, "Fails"))
            line(4, "failed " + scalar(name));
        field(4, "Error", text(tests, "Error"));
    }

    void policies(const json::array& policies) {
        subtitle("Policies");
        if (policies.empty())
            line(4, "none is loaded");
        for (const auto& value : policies)
            if (const auto* policy = value.if_object())
                one_policy(*policy);
    }

    /// Only when it left other rules in force than are in the files.
    void last_load(const json::object& load) {
        if (text(load, "in_force") != "no")
            return;
        line(4, fmt::format("the last load ({}, {}) was refused: {}", text(load, "trigger"),
                            moment(number(load, "time")), text(load, "message")));
        line(6, text(load, "kept_previous") == "yes" ? "the rules of before stay in force"
                                                     : "no rule is in force");
    }

    void one_policy(const json::object& policy) {
        size_t loaded = 0;
        const auto& rules = array(policy, "status");
        for (const auto& rule : rules)
            if (rule.is_object() && text(rule.get_object(), "status") == "loaded")
                ++loaded;
        line(4, fmt::format("{}: {} ({} of {} rules loaded)", text(policy, "name"),
                            text(policy, "source"), loaded, rules.size()));
        const std::string policy_error = text(policy, "error");
        if (!policy_error.empty())
            line(6, fmt::format("{}: {}", text(policy, "state"), policy_error));
        for (const auto& value : rules) {
            if (!value.is_object())
                continue;
            const auto& rule = value.get_object();
            const std::string error = text(rule, "error");
            const std::string state = text(rule, "status");
            if (!verbose_ && state == "loaded" && error.empty())
                continue;
            line(6, fmt::format("{}: {}{}{}", text(rule, "id"), state,
                                error.empty() ? "" : fmt::format(" ({})", error), figures(rule)));
        }
    }

    /// What a rule in force did and costs; empty when nothing is known.
    static std::string figures(const json::object& rule) {
        if (!rule.contains("hits"))
            return {};
        return fmt::format(", {} hits, {} alerts, {} limited, {} ns", number(rule, "hits"),
                           number(rule, "alerts"), number(rule, "limited"), number(rule, "costNs"));
    }

    void rule_state(const json::object& variables, const json::object& parked) {
        if (variables.empty() && parked.empty())
            return;
        subtitle("State");
        std::string dropped;
        for (const auto& [reason, count] : object(variables, "dropped"))
            dropped += fmt::format("{}{} {}", dropped.empty() ? "; dropped: " : ", ", scalar(count),
                                   std::string_view(reason));
        line(4,
             fmt::format("{} variables in {} scopes, {}{}", number(variables, "values"),
                         number(variables, "scopes"), bytes(number(variables, "bytes")), dropped));
        line(4, fmt::format("{} events wait for metadata; of {}, {} were decided late, {} without",
                            number(parked, "waiting"), number(parked, "parked"),
                            number(parked, "late"), number(parked, "incomplete")));
    }

    void variables(std::string_view name, const json::object& values) {
        if (values.empty())
            return;
        subtitle(name);
        generic(values, 4);
    }

    void environment(const json::object& environment) {
        if (environment.empty())
            return;
        subtitle("Environment");
        for (const auto& warning : array(environment, "warnings"))
            line(4, "warning: " + scalar(warning));
        for (const auto& [name, value] : environment) {
            if (name == "warnings")
                continue;
            if (!value.is_object() && !value.is_array()) {
                line(4, fmt::format("{}: {}", std::string_view(name), scalar(value)));
            } else if (verbose_) {
                line(4, fmt::format("{}:", std::string_view(name)));
                generic(value, 6);
            }
        }
    }

    void probe(const json::object& probe) {
        title("Probe");
        if (failed(probe))
            return;
        if (probe.empty())
            return line(2, "nothing is known of it");
        field(2, "Version", text(probe, "version"));
        field(2, "Pid", text(probe, "pid"));
        if (const uint64_t started = number(probe, "startTime"))
            field(2, "Started", moment(started));
        field(2, "Source", text(probe, "source"));
        field(2, "Kernel", fmt::format("{} {}", text(probe, "kernel"), text(probe, "arch")));
        field(2, "Lockdown", text(probe, "lockdown"));
        field(2, "Memory",
              fmt::format("{}, ring {}, maps {}", bytes(number(probe, "rssBytes")),
                          bytes(number(probe, "ringBytes")), bytes(number(probe, "mapBytes"))));
        for (const auto& warning : array(probe, "warnings"))
            line(2, "warning: " + scalar(warning));
        hooks(array(probe, "hooks"));
        events(array(probe, "events"));
        resolver(object(probe, "resolver"));
        runtimes(array(object(probe, "workloads"), "runtimes"));
        stream(object(probe, "stream"));
    }

    void hooks(const json::array& hooks) {
        if (hooks.empty())
            return;
        subtitle("Hooks");
        for (const auto& value : hooks) {
            if (!value.is_object())
                continue;
            const auto& hook = value.get_object();
            const std::string reason = text(hook, "reason");
            const bool idle = !text(hook, "backend").empty() && text(hook, "attached").empty();
            line(4, fmt::format("{:<22}{:<9}{}{}{}", text(hook, "eventType"), text(hook, "state"),
                                text(hook, "backend"), idle ? ", not needed now" : "",
                                reason.empty() ? "" : fmt::format(" ({})", reason)));
            if (!verbose_)
                continue;
            for (const auto& program : array(hook, "programs"))
                line(6, scalar(program));
        }
    }

    void events(const json::array& events) {
        if (events.empty())
            return;
        subtitle("Events");
        line(4, fmt::format("{:<14}{:>14}{:>14}{:>14}{:>14}{:>14}", "type", "seen", "filtered",
                            "discarded", "delivered", "lost"));
        for (const auto& value : events) {
            if (!value.is_object())
                continue;
            const auto& event = value.get_object();
            uint64_t lost = 0;
            std::string reasons;
            for (const auto& member : object(event, "lost")) {
                const auto count = number(object(event, "lost"), member.key());
                lost += count;
                if (count != 0)
                    reasons += fmt::format("  {}: {}", std::string_view(member.key()), count);
            }
            line(4, fmt::format("{:<14}{:>14}{:>14}{:>14}{:>14}{:>14}{}", text(event, "eventType"),
                                number(event, "seen"), number(event, "filtered"),
                                number(event, "discarded"), number(event, "delivered"), lost,
                                reasons));
        }
    }

    void resolver(const json::object& resolver) {
        if (resolver.empty())
            return;
        subtitle("Processes");
        line(4, fmt::format("{} alive, {} kept after exit, {} of {}", number(resolver, "processes"),
                            number(resolver, "exited"), bytes(number(resolver, "bytes")),
                            bytes(number(resolver, "maxBytes"))));
        line(4, fmt::format("{} from the snapshot, {} placeholders, {} evicted",
                            number(resolver, "snapshot"), number(resolver, "placeholders"),
                            number(resolver, "evicted")));
    }

    /// Those that are not there are none of this host.
    void runtimes(const json::array& runtimes) {
        bool any = false;
        for (const auto& value : runtimes) {
            if (!value.is_object() || (text(value.get_object(), "name").empty() && !verbose_))
                continue;
            if (!std::exchange(any, true))
                subtitle("Container runtimes");
            const auto& runtime = value.get_object();
            const std::string problem = text(runtime, "problem");
            line(4, fmt::format("{}: {} {}, {} questions, slowest {} us{}", text(runtime, "socket"),
                                text(runtime, "name"), text(runtime, "version"),
                                number(runtime, "questions"), number(runtime, "maxAnswerUs"),
                                problem.empty() ? "" : fmt::format("; {}", problem)));
        }
    }

    void stream(const json::object& stream) {
        if (stream.empty())
            return;
        subtitle("Stream");
        line(4, fmt::format("{} batches, next event {}, acknowledged {}", number(stream, "batches"),
                            number(stream, "nextSequence"), number(stream, "acknowledged")));
        line(4, fmt::format("{} events held, {} of {}; {} peers refused",
                            number(stream, "heldEvents"), bytes(number(stream, "heldBytes")),
                            bytes(number(stream, "maxBytes")), number(stream, "refusedPeers")));
    }

    void health(const json::object& health) {
        if (health.empty())
            return;
        title("Health");
        for (const auto& name : array(health, "Unhealthy"))
            line(2, "unhealthy: " + scalar(name));
        for (const auto& name : array(health, "Healthy"))
            line(2, "healthy:   " + scalar(name));
    }

    bool verbose_;
    std::string out_;
};

}  // namespace

std::string render_text(const json::object& document, bool verbose) {
    return Page(verbose).render(document);
}

}  // namespace vedette::status
