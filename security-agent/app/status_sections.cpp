// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/status_sections.h"

#include <google/protobuf/util/json_util.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <stdexcept>
#include <utility>

#include "common/json_text.h"
#include "security-agent/app/workload_list.h"
#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

using boost::json::array;
using boost::json::object;

/// What the rule did; nothing for one that is not in force.
void put_figures(object& rule, const engine::EngineStatus& status) {
    const auto found = status.rules.find(std::string_view(rule.at("id").as_string()));
    if (found == status.rules.end())
        return;
    rule["hits"] = found->second.hits;
    rule["alerts"] = found->second.alerts;
    rule["limited"] = found->second.limited;
    rule["costNs"] = found->second.cost_ns;
}

object policy_status(const policy::PolicyReport& report, const engine::EngineStatus& status) {
    array rules;
    for (const policy::RuleReport& rule : report.rules) {
        object entry{
            {"id", rule.id}, {"status", policy::to_string(rule.status)}, {"error", rule.message}};
        if (rule.status == policy::RuleStatus::kLoaded)
            put_figures(entry, status);
        rules.push_back(std::move(entry));
    }
    return object{{"name", report.name},
                  {"source", "file"},
                  {"state", policy::to_string(report.status)},
                  {"error", report.message},
                  {"status", std::move(rules)}};
}

object counts(const std::map<std::string, uint64_t>& by_name) {
    object out;
    for (const auto& [name, count] : by_name)
        out[name] = count;
    return out;
}

object variable_status(const engine::EngineStatus::Variables& variables) {
    return object{{"values", variables.values},
                  {"scopes", variables.scopes},
                  {"bytes", variables.bytes},
                  {"dropped", counts(variables.dropped)}};
}

object parked_status(const engine::EngineStatus::Parked& parked) {
    return object{{"waiting", parked.waiting},
                  {"bytes", parked.bytes},
                  {"parked", parked.parked},
                  {"late", parked.late},
                  {"incomplete", parked.incomplete}};
}

object evaluation_status(const engine::EngineStatus& status) {
    object out;
    for (const auto& [type, figures] : status.evaluation)
        out[type] = object{{"timed", figures.timed}, {"costNs", figures.cost_ns}};
    return out;
}

}  // namespace

object runtime_section(const engine::Engine& engine, bool connected,
                       const std::vector<std::string>& outputs) {
    const engine::EngineStatus status = engine.status();
    array endpoints;
    for (const std::string& name : outputs)
        endpoints.emplace_back(name);
    array policies;
    for (const policy::PolicyReport& report : engine.policies()->policies)
        policies.push_back(policy_status(report, status));
    object scoped = engine.variables();
    object global;
    if (const auto* found = scoped.if_contains("")) {
        global = found->as_object();
        scoped.erase("");
    }
    return object{{"connected", connected},
                  {"eventReceived", status.events},
                  {"alerts", status.alerts},
                  {"limited", status.limited},
                  {"processes", status.processes},
                  {"workloads", workload_counts(engine.known_workloads())},
                  {"lost", counts(status.lost)},
                  {"endpoints", std::move(endpoints)},
                  {"policiesStatus", std::move(policies)},
                  {"evaluation", evaluation_status(status)},
                  {"variables", variable_status(status.variables)},
                  {"parked", parked_status(status.parked)},
                  {"seclGlobalVariables", std::move(global)},
                  {"seclScopedVariables", std::move(scoped)}};
}

object probe_section(const std::string& command_socket) {
    const Result<v1::ProbeStatus> status =
        probe_client::probe_status(command_socket, std::chrono::seconds(2));
    if (!status)
        throw std::runtime_error(status.error().message);
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(*status, &text).ok())
        throw std::runtime_error("the probe's status cannot be shown");
    return boost::json::parse(text).as_object();
}

object dump_discarders(const std::string& command_socket) {
    const Result<std::string> filename =
        probe_client::dump_discarders(command_socket, std::chrono::seconds(5));
    if (!filename)
        return {{"Error", json_text(filename.error().message)}};
    return {{"Filename", json_text(*filename)}};
}

}  // namespace vedette::app
