// SPDX-License-Identifier: Apache-2.0
//
// Events about processes and their memory. A process that something was done to stands in the event's own section,
// with its parent and ancestors.
#include <fmt/format.h>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"
#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

/// As text: a number of 64 bits does not survive every reader of JSON.
std::string address_text(uint64_t address) {
    return fmt::format("{:#x}", address);
}

void put_process(object& section, std::string_view name, const ProcessLineage& lineage,
                 ProcessTexts& texts) {
    if (!lineage.process)
        return;
    object process;
    texts.put(process, *lineage.process);
    put_family(process, lineage.parent, lineage.ancestors, texts);
    section[name] = process;
}

void put_exec(object& alert, const v1::Exec& exec, const v1::ProcessNode& process) {
    object file = file_json(process.file());
    if (exec.has_metadata())
        put_object(file, "metadata", file_metadata_json(exec.metadata()));
    alert["file"] = file;
    object arguments;
    put_text(arguments, "path", exec.syscall().path());
    put_syscall(alert, "exec", arguments);
}

void put_exit(object& alert, const v1::Exit& exit, const v1::ProcessNode& process) {
    alert["file"] = file_json(process.file());
    alert["exit"] = object{{"cause", name_of("exit_cause", exit.cause())}, {"code", exit.code()}};
}

object setuid_json(const v1::SetUid& set) {
    object out;
    out["uid"] = set.uid();
    put_text(out, "user", set.user());
    out["euid"] = set.euid();
    put_text(out, "euser", set.euser());
    out["fsuid"] = set.fsuid();
    put_text(out, "fsuser", set.fsuser());
    return out;
}

object setgid_json(const v1::SetGid& set) {
    object out;
    out["gid"] = set.gid();
    put_text(out, "group", set.group());
    out["egid"] = set.egid();
    put_text(out, "egroup", set.egroup());
    out["fsgid"] = set.fsgid();
    put_text(out, "fsgroup", set.fsgroup());
    return out;
}

object capset_json(const v1::Capset& capset) {
    return {{"cap_effective", capabilities_json(capset.cap_effective())},
            {"cap_permitted", capabilities_json(capset.cap_permitted())}};
}

void put_capabilities(object& alert, const v1::Capabilities& capabilities) {
    alert["capabilities"] = object{{"attempted", capabilities_json(capabilities.attempted())},
                                   {"used", capabilities_json(capabilities.used())}};
}

void put_prctl(object& alert, const v1::Prctl& prctl) {
    object out;
    out["option"] = name_of("prctl", prctl.option());
    put_text(out, "new_name", prctl.new_name());
    put_true(out, "is_name_truncated", prctl.is_name_truncated());
    alert["prctl"] = out;
}

void put_setrlimit(object& alert, const v1::Setrlimit& set, const ProcessLineage& target,
                   ProcessTexts& texts) {
    object out;
    out["resource"] = name_of("rlimit", set.resource());
    out["rlim_cur"] = static_cast<int64_t>(set.rlim_cur());  // RLIM_INFINITY is -1, as in rules
    out["rlim_max"] = static_cast<int64_t>(set.rlim_max());
    put_process(out, "target", target, texts);
    alert["setrlimit"] = out;
}

void put_signal(object& alert, const v1::Signal& signal, const ProcessLineage& target,
                ProcessTexts& texts) {
    object out;
    out["type"] = name_of("signal", signal.type());
    out["pid"] = signal.pid();
    put_process(out, "target", target, texts);
    alert["signal"] = out;
}

void put_ptrace(object& alert, const v1::Ptrace& ptrace, const ProcessLineage& tracee,
                ProcessTexts& texts) {
    object out;
    out["request"] = name_of("ptrace", ptrace.request());
    out["address"] = address_text(ptrace.address());
    put_process(out, "tracee", tracee, texts);
    alert["ptrace"] = out;
}

void put_mmap(object& alert, const v1::Mmap& mmap) {
    if (has_file(mmap.file()))
        alert["file"] = file_json(mmap.file());
    alert["mmap"] = object{{"address", address_text(mmap.address())},
                           {"offset", mmap.offset()},
                           {"length", mmap.length()},
                           {"protection", flag_text("prot", mmap.protection())},
                           {"flags", map_flag_text(mmap.flags())}};
}

void put_mprotect(object& alert, const v1::Mprotect& mprotect) {
    alert["mprotect"] =
        object{{"vm_start", address_text(mprotect.vm_start())},
               {"vm_end", address_text(mprotect.vm_end())},
               {"vm_protection", flag_text("vm_flags", mprotect.vm_protection())},
               {"req_protection", flag_text("vm_flags", mprotect.req_protection())}};
}

void put_unshare(object& alert, const v1::Unshare& unshare) {
    object out;
    put_list(out, "flags", flag_names("clone_flags", unshare.flags()));
    alert["unshare"] = out;
}

}  // namespace

JsonObject new_credentials_json(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kSetuid:
            return setuid_json(event.setuid());
        case v1::Event::kSetgid:
            return setgid_json(event.setgid());
        case v1::Event::kCapset:
            return capset_json(event.capset());
        default:
            return {};
    }
}

void put_process_event(object& alert, const v1::Event& event, const v1::ProcessNode& process,
                       const ProcessLineage& target, ProcessTexts& texts) {
    switch (event.payload_case()) {
        case v1::Event::kExec:
            return put_exec(alert, event.exec(), process);
        case v1::Event::kExit:
            return put_exit(alert, event.exit(), process);
        case v1::Event::kCapabilities:
            return put_capabilities(alert, event.capabilities());
        case v1::Event::kPrctl:
            return put_prctl(alert, event.prctl());
        case v1::Event::kSetrlimit:
            return put_setrlimit(alert, event.setrlimit(), target, texts);
        case v1::Event::kSignal:
            return put_signal(alert, event.signal(), target, texts);
        case v1::Event::kPtrace:
            return put_ptrace(alert, event.ptrace(), target, texts);
        case v1::Event::kMmap:
            return put_mmap(alert, event.mmap());
        case v1::Event::kMprotect:
            return put_mprotect(alert, event.mprotect());
        case v1::Event::kUnshare:
            return put_unshare(alert, event.unshare());
        default:
            return;
    }
}

}  // namespace vedette::engine
