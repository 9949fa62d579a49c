// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/process_dump.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <string>
#include <utility>

#include "common/json_text.h"
#include "proto/process_source.h"
#include "system-probe/commands/dump_text.h"

namespace vedette::probe {
namespace {

std::string joined_args(const v1::ProcessNode& node) {
    std::string out;
    for (const std::string& argument : node.argv())
        out += (out.empty() ? "" : " ") + argument;
    return out;
}

/// One node for each program that a process ran, an edge from the one before it or from its creator.
class DotDump final : public ProcessDump {
   public:
    DotDump(bool with_args, Write write) : with_args_(with_args), write_(std::move(write)) {
        write_("digraph ProcessTree {\n");
    }

    void add(const v1::ProcessNode& node) override {
        const std::string id = dot_quoted(fmt::format("{}:{}", node.pid(), node.comm()));
        const std::string label = fmt::format("{}:{}", node.comm(), node.pid());
        std::string line = fmt::format(
            "{} [label={}", id, dot_quoted(node.exit_time() ? fmt::format("[{}]", label) : label));
        if (with_args_ && node.argv_size() > 0)
            line += fmt::format(", comment={}", dot_quoted(joined_args(node)));
        write_(line + "];\n");
        const auto parent = ids_.find(node.parent_key());
        // Without "it executed itself": the same pid and name twice are one node.
        if (parent != ids_.end() && parent->second != id)
            write_(fmt::format("{} -> {};\n", parent->second, id));
        ids_[node.key()] = id;
    }

    void end() override { write_("}\n"); }

   private:
    bool with_args_;
    Write write_;
    std::map<uint64_t, std::string> ids_;  ///< by key
};

/// {"Entries":[...]}, one entry a line.
class JsonDump final : public ProcessDump {
   public:
    JsonDump(bool with_args, Write write) : with_args_(with_args), write_(std::move(write)) {
        write_("{\"Entries\":[");
    }

    void add(const v1::ProcessNode& node) override {
        boost::json::object entry = {
            {"PID", node.pid()},
            {"PPID", node.ppid()},
            {"Comm", json_text(node.comm())},
            {"Path", json_text(node.file().path())},
            {"Inode", node.file().inode()},
            {"MountID", node.file().mount_id()},
            {"Source", process_source_name(node.source())},
            {"ExecInode", node.is_exec() ? node.file().inode() : 0},
            {"IsExec", node.is_exec()},
            {"IsParentMissing", node.parent_key() == 0 && node.ppid() != 0},
            {"CGroup", json_text(node.cgroup().id())},
            {"ContainerID", node.container().id()},
            {"UID", node.credentials().uid()},
            {"GID", node.credentials().gid()},
            {"ForkTime", node.created_at()},
            {"ExecTime", node.exec_time()},
            {"ExitTime", node.exit_time()},
        };
        if (with_args_) {
            boost::json::array argv;
            for (const std::string& argument : node.argv())
                argv.emplace_back(json_text(argument));
            entry["Argv"] = std::move(argv);
            entry["ArgsTruncated"] = node.args_truncated();
        }
        write_(std::exchange(first_, false) ? "\n" : ",\n");
        write_(boost::json::serialize(entry));
    }

    void end() override { write_("\n]}\n"); }

   private:
    bool with_args_;
    bool first_ = true;
    Write write_;
};

}  // namespace

std::unique_ptr<ProcessDump> make_process_dump(const v1::DumpProcessCacheRequest& request,
                                               ProcessDump::Write write) {
    if (request.format() == v1::DumpProcessCacheRequest::FORMAT_JSON)
        return std::make_unique<JsonDump>(request.with_args(), std::move(write));
    return std::make_unique<DotDump>(request.with_args(), std::move(write));
}

}  // namespace vedette::probe
