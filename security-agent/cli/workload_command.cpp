// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/workload_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>
#include <vector>

#include "common/log.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/json_text.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;

constexpr size_t kShortId = 12;

struct Flags {
    bool verbose = false;
    bool json = false;
    std::string search;
};

const json::object& object_of(const json::object& object, std::string_view name) {
    static const json::object kNone;
    const auto* member = object.if_contains(name);
    return member && member->is_object() ? member->get_object() : kNone;
}

/// Names were chosen by whoever made the container: without control characters.
std::string text_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    if (!member || member->is_object() || member->is_array())
        return {};
    return printable(member->is_string() ? std::string(member->get_string())
                                         : json::serialize(*member));
}

std::vector<const json::object*> entries(const json::object& entities, std::string_view kind) {
    std::vector<const json::object*> out;
    const auto* list = entities.if_contains(kind);
    if (!list || !list->is_array())
        return out;
    for (const auto& one : list->get_array())
        if (one.is_object())
            out.push_back(&one.get_object());
    return out;
}

std::string image_of(const json::object& container) {
    const json::object& image = object_of(container, "image");
    const std::string name = text_of(image, "name");
    const std::string tag = text_of(image, "tag");
    if (name.empty())
        return text_of(image, "id").substr(0, sizeof("sha256:") - 1 + kShortId);
    return tag.empty() ? name : name + ':' + tag;
}

std::string pod_of(const json::object& container) {
    const json::object& pod = object_of(container, "pod");
    const std::string space = text_of(pod, "namespace");
    return space.empty() ? text_of(pod, "name") : space + '/' + text_of(pod, "name");
}

std::string name_of(const json::object& container) {
    const std::string metadata = text_of(container, "metadata");
    return metadata.empty() ? text_of(container, "name") : '(' + metadata + ')';
}

std::string table(const std::vector<const json::object*>& containers) {
    using Row = std::array<std::string, 6>;
    std::vector<Row> rows = {{"CONTAINER", "NAME", "RUNTIME", "IMAGE", "POD", "PROCESSES"}};
    for (const json::object* one : containers)
        rows.push_back({text_of(*one, "id").substr(0, kShortId), name_of(*one),
                        text_of(*one, "runtime"), image_of(*one), pod_of(*one),
                        text_of(*one, "processes")});
    std::array<size_t, 6> widths = {};
    for (const Row& row : rows)
        for (size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string out;
    for (const Row& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i].empty() ? "-" : row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

void add_details(std::string& out, const json::object& members, size_t indent) {
    for (const auto& [key, value] : members) {
        const std::string name = printable(std::string_view(key));
        if (value.is_object()) {
            out += fmt::format("{:{}}{}:\n", "", indent, name);
            add_details(out, value.get_object(), indent + 2);
        } else if (value.is_array()) {
            out += fmt::format("{:{}}{}:\n", "", indent, name);
            for (const auto& one : value.get_array()) {
                if (one.is_object())
                    out += fmt::format("{:{}}{} {}\n", "", indent + 2,
                                       text_of(one.get_object(), "id").substr(0, kShortId),
                                       text_of(one.get_object(), "name"));
                else if (one.is_string())
                    out += fmt::format("{:{}}{}\n", "", indent + 2,
                                       printable(std::string_view(one.get_string())));
            }
        } else {
            out += fmt::format("{:{}}{}: {}\n", "", indent, name, text_of(members, key));
        }
    }
}

int run(const SettingsArguments& arguments, const Flags& flags) {
    std::string target = "/agent/workload-list?format=json";
    if (flags.verbose)
        target += "&verbose=true";
    if (!flags.search.empty())
        target += "&search=" + api::percent_encode(flags.search);
    const auto body = call(arguments, "GET", target);
    if (!body) {
        std::cerr << body.error().message << '\n';
        return body.error().exit_code;
    }
    boost::system::error_code error;
    const auto value = json::parse(*body, error);
    if (error || !value.is_object()) {
        std::cerr << "the agent's answer is no list of workloads\n";
        return kExitFailed;
    }
    std::cout << (flags.json
                      ? pretty_json(value) + '\n'
                      : workload_text(object_of(value.get_object(), "entities"), flags.verbose));
    return kExitOk;
}

}  // namespace

std::string workload_text(const json::object& entities, bool verbose) {
    const auto containers = entries(entities, "container");
    const auto pods = entries(entities, "kubernetes_pod");
    if (containers.empty() && pods.empty())
        return "no containers\n";
    if (!verbose)
        return table(containers);
    std::string out;
    const auto add = [&out](std::string_view kind, const std::vector<const json::object*>& list) {
        for (const json::object* one : list) {
            out += fmt::format("{}{} {}\n", out.empty() ? "" : "\n", kind,
                               text_of(*one, one->contains("uid") ? "uid" : "id"));
            add_details(out, *one, 2);
        }
    };
    add("container", containers);
    add("pod", pods);
    return out;
}

void add_workload_command(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    CLI::App* list =
        top.add_subcommand("workload-list", "Containers and pods that the running agent knows");
    list->fallthrough();
    const auto flags = std::make_shared<Flags>();
    list->add_flag("-v,--verbose", flags->verbose, "All of each: labels, tags, image, pod");
    list->add_option("--search", flags->search,
                     "Only those with this in their id, name, image, pod or tags; or a kind "
                     "(container, kubernetes_pod)")
        ->type_name("TEXT");
    list->add_flag("-j,--json", flags->json, "As JSON");
    list->callback([&settings, &exit_code, flags] { exit_code = run(settings, *flags); });
}

}  // namespace vedette::cli
