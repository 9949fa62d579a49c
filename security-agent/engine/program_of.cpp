// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/program_of.h"

#include "security-agent/engine/process_mirror.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::engine {
namespace {

/// As the probe sent it: what the agent has asked about a file belongs to the process that it was asked for.
void copy_file(const v1::File& from, v1::File& to) {
    to = from;
    to.clear_hashes();
    to.clear_hash_state();
    to.clear_hashes_pending();
    to.clear_package();
}

}  // namespace

void add_program(v1::ProcessUpdate& update, const ProcessMirror& mirror) {
    v1::ProcessNode& node = *update.mutable_node();
    const v1::ProcessNode* from = mirror.find(update.program_of());
    if (from == nullptr)
        from = mirror.find(node.key());
    if (from == nullptr)
        return;
    if (from->has_file())
        copy_file(from->file(), *node.mutable_file());
    if (from->has_interpreter())
        copy_file(from->interpreter(), *node.mutable_interpreter());
    *node.mutable_argv() = from->argv();
    node.set_args_truncated(from->args_truncated());
    node.set_args_size(from->args_size());
    *node.mutable_envp() = from->envp();
    *node.mutable_env_names() = from->env_names();
    node.set_envs_truncated(from->envs_truncated());
}

}  // namespace vedette::engine
