// SPDX-License-Identifier: Apache-2.0
//
// Records of processes that appear, change and go.
#include <string>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

/// The part that FORK, EXEC and SNAPSHOT share.
ProcessFacts& add_process(const Record& record, const vdt_process& process, Decoded& out) {
    auto& facts = out.process.emplace();
    facts.process = process;
    facts.path = record.item(VDT_ITEM_PATH);
    facts.filesystem = record.item(VDT_ITEM_FILESYSTEM);
    facts.argv = record.item(VDT_ITEM_ARGV);
    facts.envp = record.item(VDT_ITEM_ENVP);
    facts.has_argv = record.has(VDT_ITEM_ARGV);
    facts.args_size = facts.argv.size();
    out.cgroup_id = process.cgroup_id;
    return facts;
}

void decode_fork(const Record& record, Decoded& out) {
    add_process(record, record.fixed<vdt_fork>().process, out);
    out.event.mutable_fork();
}

void decode_exec(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_exec>();
    auto& facts = add_process(record, fixed.process, out);
    facts.file = fixed.file;
    facts.interpreter = fixed.interpreter;
    facts.interpreter_path = record.item(VDT_ITEM_INTERPRETER_PATH);
    facts.interpreter_filesystem = record.item(VDT_ITEM_INTERPRETER_FILESYSTEM);
    facts.script_path = record.item(VDT_ITEM_SCRIPT_PATH);
    facts.cwd = record.item(VDT_ITEM_CWD);
    facts.args_size = fixed.args_size;
    auto& exec = *out.event.mutable_exec();
    if (record.has(VDT_ITEM_SYSCALL_PATH)) {
        exec.mutable_syscall()->set_path(std::string(record.item(VDT_ITEM_SYSCALL_PATH)));
    }
}

void decode_snapshot(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_snapshot>();
    add_process(record, fixed.process, out).file = fixed.file;
}

/// The wait status: signal in the low 7 bits, 0x80 core dumped, exit code above (wait(2)).
void decode_exit(const Record& record, Decoded& out) {
    const uint32_t code = record.fixed<vdt_exit>().code;
    auto& exit = *out.event.mutable_exit();
    const uint32_t signal = code & 0x7f;
    if (signal == 0) {
        exit.set_cause(v1::Exit::EXITED);
        exit.set_code((code >> 8) & 0xff);
    } else {
        exit.set_cause(code & 0x80 ? v1::Exit::COREDUMPED : v1::Exit::SIGNALED);
        exit.set_code(signal);
    }
}

void decode_cgroup(const Record& record, Decoded& out) {
    out.cgroup_id = record.fixed<vdt_cgroup>().cgroup_id;
    auto& cgroup = *out.event.mutable_cgroup_move()->mutable_cgroup();
    cgroup.set_id(std::string(record.item(VDT_ITEM_CGROUP)));
    cgroup.set_inode(out.cgroup_id);
    cgroup.set_version(2);
}

constexpr EventType kEvents[] = {
    {VDT_FORK, "fork", v1::Event::kForkFieldNumber, sizeof(vdt_fork), decode_fork},
    {VDT_EXEC, "exec", v1::Event::kExecFieldNumber, sizeof(vdt_exec), decode_exec},
    {VDT_EXIT, "exit", v1::Event::kExitFieldNumber, sizeof(vdt_exit), decode_exit},
    {VDT_SNAPSHOT, "snapshot", 0, sizeof(vdt_snapshot), decode_snapshot},
    {VDT_CGROUP, "cgroup", v1::Event::kCgroupMoveFieldNumber, sizeof(vdt_cgroup), decode_cgroup},
};

}  // namespace

std::span<const EventType> lifecycle_events() {
    return kEvents;
}

}  // namespace vedette::probe
