// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/status_sections.h"

#include <google/protobuf/util/json_util.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "security-agent/probe_client/command_client.h"

namespace vedette::app {
namespace {

using boost::json::array;
using boost::json::object;

object policy_status(const policy::PolicyReport& report) {
    array rules;
    for (const policy::RuleReport& rule : report.rules)
        rules.push_back(object{
            {"id", rule.id}, {"status", policy::to_string(rule.status)}, {"error", rule.message}});
    return object{{"name", report.name},
                  {"source", "file"},
                  {"state", policy::to_string(report.status)},
                  {"error", report.message},
                  {"status", std::move(rules)}};
}

}  // namespace

object runtime_section(const engine::Engine& engine, bool connected,
                       const std::vector<std::string>& outputs) {
    const engine::EngineStatus status = engine.status();
    object lost;
    for (const auto& [type, count] : status.lost)
        lost[type] = count;
    array endpoints;
    for (const std::string& name : outputs)
        endpoints.emplace_back(name);
    array policies;
    for (const policy::PolicyReport& report : engine.policies()->policies)
        policies.push_back(policy_status(report));
    return object{{"connected", connected},
                  {"eventReceived", status.events},
                  {"alerts", status.alerts},
                  {"limited", status.limited},
                  {"processes", status.processes},
                  {"lost", std::move(lost)},
                  {"endpoints", std::move(endpoints)},
                  {"policiesStatus", std::move(policies)}};
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

}  // namespace vedette::app
