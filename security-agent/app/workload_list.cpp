// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/workload_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>
#include <string_view>

#include "common/json_text.h"
#include "security-agent/engine/workload_json.h"

namespace vedette::app {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::string_view kContainer = "container";
constexpr std::string_view kPod = "kubernetes_pod";

/// What is listed: its members, and the words that a search looks at.
struct Entity {
    object members;
    std::vector<std::string> words;
    std::string source;
};
using Entities = std::map<std::string, Entity>;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

object parsed(const engine::JsonObject& members) {
    return boost::json::parse(members.text()).as_object();
}

bool wanted(std::string_view kind, const Entity& entity, const std::string& search) {
    if (search.empty() || search == kind)
        return true;
    const std::string part = lower(search);
    return std::ranges::any_of(entity.words, [&part](const std::string& word) {
        return lower(word).find(part) != std::string::npos;
    });
}

Entity container_entity(const engine::Engine::RunningWorkload& running, bool verbose) {
    const engine::KnownWorkload& workload = *running.workload;
    const v1::Workload& facts = workload.facts;
    Entity out;
    out.members = parsed(engine::workload_json(workload));
    out.members["processes"] = running.processes;
    if (!verbose) {
        out.members.erase("labels");
        out.members.erase("tags");
    }
    out.words = workload.tags;
    out.words.insert(out.words.end(), {facts.container_id(), facts.name(), facts.runtime(),
                                       facts.image().name(), facts.pod().name()});
    out.source = facts.runtime();
    return out;
}

std::string pod_id(const v1::Pod& pod) {
    return pod.uid().empty() ? pod.id() : pod.uid();
}

Entities pods_of(const RunningWorkloads& workloads, bool verbose) {
    Entities out;
    for (const auto& running : workloads) {
        const v1::Workload& facts = running.workload->facts;
        const std::string id = pod_id(facts.pod());
        if (id.empty())
            continue;
        const auto [at, is_new] = out.try_emplace(id);
        Entity& pod = at->second;
        if (is_new) {
            pod.members = parsed(engine::pod_json(facts.pod()));
            pod.members["containers"] = array();
            if (!verbose)
                pod.members.erase("labels");
            pod.words = {id, facts.pod().id(), facts.pod().name(), facts.pod().namespace_()};
            pod.source = facts.runtime();
        }
        object entry{{"id", facts.container_id()}, {"name", json_text(facts.name())}};
        if (facts.pause())
            entry["pause"] = true;
        pod.members["containers"].as_array().push_back(std::move(entry));
    }
    return out;
}

Entities containers_of(const RunningWorkloads& workloads, bool verbose) {
    Entities out;
    for (const auto& running : workloads)
        out.emplace(running.workload->facts.container_id(), container_entity(running, verbose));
    return out;
}

/// One line a member, members of members indented.
void add_text(std::string& out, const object& members, size_t indent) {
    for (const auto& [name, value] : members) {
        out += fmt::format("{:{}}{}:", "", indent, std::string_view(name));
        if (const auto* inner = value.if_object()) {
            out += '\n';
            add_text(out, *inner, indent + 2);
        } else if (const auto* list = value.if_array()) {
            out += '\n';
            for (const auto& one : *list) {
                if (const auto* entry = one.if_object())
                    add_text(out, *entry, indent + 2);
                else
                    out +=
                        fmt::format("{:{}}{}\n", "", indent + 2, std::string_view(one.as_string()));
            }
        } else if (const auto* text = value.if_string()) {
            out += fmt::format(" {}\n", std::string_view(*text));
        } else {
            out += fmt::format(" {}\n", boost::json::serialize(value));
        }
    }
}

void put_entities(object& out, std::string_view kind, Entities entities,
                  const api::WorkloadQuery& query) {
    array list;
    object infos;
    for (auto& [id, entity] : entities) {
        if (!wanted(kind, entity, query.search))
            continue;
        if (query.structured) {
            list.push_back(std::move(entity.members));
            continue;
        }
        std::string text;
        add_text(text, entity.members, 0);
        infos[fmt::format("sources(merged):[probe{}{}] id: {}", entity.source.empty() ? "" : " ",
                          json_text(entity.source), json_text(id))] = std::move(text);
    }
    if (query.structured && !list.empty())
        out[kind] = std::move(list);
    else if (!infos.empty())
        out[kind] = object{{"infos", std::move(infos)}};
}

}  // namespace

object workload_list(const RunningWorkloads& workloads, const api::WorkloadQuery& query) {
    object entities;
    put_entities(entities, kContainer, containers_of(workloads, query.verbose), query);
    put_entities(entities, kPod, pods_of(workloads, query.verbose), query);
    return {{"entities", std::move(entities)}};
}

object workload_counts(const std::vector<engine::WorkloadPtr>& workloads) {
    uint64_t pending = 0;
    uint64_t unknown = 0;
    std::set<std::string> pods;
    for (const engine::WorkloadPtr& workload : workloads) {
        const v1::Workload& facts = workload->facts;
        pending += facts.metadata() == v1::Workload::METADATA_PENDING;
        unknown += facts.metadata() == v1::Workload::METADATA_UNKNOWN;
        if (const std::string id = pod_id(facts.pod()); !id.empty())
            pods.insert(id);
    }
    return {{"containers", workloads.size()},
            {"pods", pods.size()},
            {"pending", pending},
            {"unknown", unknown}};
}

api::WorkloadList workload_list_of(const std::unique_ptr<engine::Engine>& engine) {
    return [&engine](const api::WorkloadQuery& query) {
        return workload_list(engine ? engine->workloads() : RunningWorkloads(), query);
    };
}

}  // namespace vedette::app
