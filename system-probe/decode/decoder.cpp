// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/decoder.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>

#include "system-probe/decode/file.h"
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

void decode_open(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_open>();
    auto& open = *out.event.mutable_open();
    open.set_retval(fixed.retval);
    open.set_flags(fixed.flags);
    open.set_mode(fixed.mode);
    const auto argument = record.item(VDT_ITEM_SYSCALL_PATH);
    if (fixed.file.flags & VDT_FILE_NO_INODE) {
        fill_failed_file(*open.mutable_file(), fixed.file, record.item(VDT_ITEM_CWD), argument);
    } else {
        fill_file(*open.mutable_file(), fixed.file, record.item(VDT_ITEM_PATH),
                  record.item(VDT_ITEM_FILESYSTEM));
    }
    if (!record.has(VDT_ITEM_SYSCALL_PATH))
        return;
    auto& syscall = *open.mutable_syscall();
    syscall.set_path(std::string(argument));
    syscall.set_flags(fixed.flags);
    syscall.set_mode(fixed.mode);
}

void decode_connect(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_connect>();
    auto& connect = *out.event.mutable_connect();
    connect.set_retval(fixed.retval);
    connect.set_protocol(fixed.protocol);
    auto& address = *connect.mutable_addr();
    address.set_family(fixed.family);
    if (fixed.family != AF_INET && fixed.family != AF_INET6)
        return;
    address.set_port(ntohs(fixed.port));
    address.set_ip(fixed.addr, fixed.family == AF_INET ? 4 : sizeof fixed.addr);
}

void decode_setuid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setuid = *out.event.mutable_setuid();
    setuid.set_uid(cred.uid);
    setuid.set_euid(cred.euid);
    setuid.set_fsuid(cred.fsuid);
}

void decode_setgid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setgid = *out.event.mutable_setgid();
    setgid.set_gid(cred.gid);
    setgid.set_egid(cred.egid);
    setgid.set_fsgid(cred.fsgid);
}

void decode_cgroup(const Record& record, Decoded& out) {
    out.cgroup_id = record.fixed<vdt_cgroup>().cgroup_id;
    auto& cgroup = *out.event.mutable_cgroup_move()->mutable_cgroup();
    cgroup.set_id(std::string(record.item(VDT_ITEM_CGROUP)));
    cgroup.set_inode(out.cgroup_id);
    cgroup.set_version(2);
}

void decode_payload(const Record& record, Decoded& out) {
    switch (out.type()) {
        case VDT_FORK:
            return decode_fork(record, out);
        case VDT_EXEC:
            return decode_exec(record, out);
        case VDT_EXIT:
            return decode_exit(record, out);
        case VDT_SNAPSHOT:
            return decode_snapshot(record, out);
        case VDT_OPEN:
            return decode_open(record, out);
        case VDT_CONNECT:
            return decode_connect(record, out);
        case VDT_SETUID:
            return decode_setuid(record, out);
        case VDT_SETGID:
            return decode_setgid(record, out);
        case VDT_CGROUP:
            return decode_cgroup(record, out);
        case VDT_NONE:
        case VDT_TYPE_MAX:
            return;  // Record::parse refused it
    }
}

}  // namespace

Result<> decode(std::span<const std::byte> bytes, Decoded& out) {
    auto record = Record::parse(bytes);
    if (!record)
        return forward_error(record);
    const auto& header = record->header();
    out.header = header;
    out.event.Clear();
    out.process.reset();
    out.credentials.reset();
    out.cgroup.reset();
    out.cgroup_id = header.cgroup_id;
    out.unknown_items = record->unknown_items();
    if (record->has(VDT_ITEM_CGROUP))
        out.cgroup = record->item(VDT_ITEM_CGROUP);

    out.event.set_tid(header.tid);
    out.event.set_async(header.flags & VDT_F_ASYNC);
    out.event.set_compat(header.flags & VDT_F_COMPAT);
    out.event.set_backend(header.flags & VDT_F_TRAMPOLINE ? v1::Event::BACKEND_TRAMPOLINE
                                                          : v1::Event::BACKEND_TRACEPOINT);
    out.event.set_cgroup_id(header.cgroup_id);
    decode_payload(*record, out);
    return {};
}

}  // namespace vedette::probe
