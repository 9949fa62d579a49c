// SPDX-License-Identifier: Apache-2.0
//
// Events about the kernel itself: modules, BPF, SELinux, its parameters, and what a rule asks to be watched.
#include <memory_resource>

#include "security-agent/engine/event_json_parts.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/engine/json_fields.h"
#include "security-agent/engine/names.h"
#include "security-agent/engine/process_json.h"

namespace vedette::engine {
namespace {

using object = JsonObject;

void put_load_module(object& alert, const v1::LoadModule& module) {
    if (has_file(module.file()))
        alert["file"] = file_json(module.file());
    object out;
    out["name"] = module.name();
    out["loaded_from_memory"] = module.loaded_from_memory();
    secl::StringList argv;
    handlers::module_argv(module, *std::pmr::null_memory_resource(), argv);  // never allocates
    put_scrubbed(out, "argv", argv);
    put_true(out, "args_truncated", module.args_truncated());
    alert["module"] = out;
}

void put_unload_module(object& alert, const v1::UnloadModule& module) {
    alert["module"] = object{{"name", module.name()}};
}

object bpf_map_json(const v1::BpfMap& map) {
    object out;
    put_text(out, "name", map.name());
    out["map_type"] = name_of("bpf_map_type", map.type());
    return out;
}

object bpf_program_json(const v1::BpfProgram& program) {
    object out;
    put_text(out, "name", program.name());
    put_text(out, "tag", program.tag());
    out["program_type"] = name_of("bpf_prog_type", program.type());
    out["attach_type"] = name_of("bpf_attach_type", program.attach_type());
    std::vector<std::string> helpers;
    for (const uint32_t helper : program.helpers())
        helpers.push_back(name_of("bpf_helper", helper));
    put_list(out, "helpers", helpers);
    return out;
}

void put_bpf(object& alert, const v1::Bpf& bpf) {
    object out;
    out["cmd"] = name_of("bpf_cmd", bpf.cmd());
    if (bpf.has_map())
        out["map"] = bpf_map_json(bpf.map());
    if (bpf.has_program())
        out["program"] = bpf_program_json(bpf.program());
    alert["bpf"] = out;
}

void put_selinux(object& alert, const v1::Selinux& selinux) {
    object boolean;
    put_text(boolean, "name", selinux.bool_name());
    put_text(boolean, "state", selinux.bool_state());
    object enforce;
    put_text(enforce, "status", selinux.enforce_status());
    object out;
    put_object(out, "bool", boolean);
    if (selinux.bool_commit_state())
        out["bool_commit"] = object{{"state", true}};
    put_object(out, "enforce", enforce);
    alert["selinux"] = out;
}

void put_sysctl(object& alert, const v1::Sysctl& sysctl) {
    object out;
    out["action"] = name_of("sysctl_action", sysctl.action());
    put_text(out, "name", sysctl.name());
    put_true(out, "name_truncated", sysctl.name_truncated());
    put_text(out, "value", sysctl.value());
    put_true(out, "value_truncated", sysctl.value_truncated());
    put_text(out, "old_value", sysctl.old_value());
    put_true(out, "old_value_truncated", sysctl.old_value_truncated());
    put_number(out, "file_position", sysctl.file_position());
    alert["sysctl"] = out;
}

void put_argument(object& out, std::string_view name, const v1::OnDemandArgument& argument) {
    object value;
    put_text(value, "str", argument.str());
    put_number(value, "uint", argument.uint());
    put_object(out, name, value);
}

void put_ondemand(object& alert, const v1::OnDemand& call) {
    object out;
    put_text(out, "name", call.name());
    put_argument(out, "arg1", call.arg1());
    put_argument(out, "arg2", call.arg2());
    put_argument(out, "arg3", call.arg3());
    put_argument(out, "arg4", call.arg4());
    put_argument(out, "arg5", call.arg5());
    put_argument(out, "arg6", call.arg6());
    alert["ondemand"] = out;
}

}  // namespace

void put_kernel_event(object& alert, const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kLoadModule:
            return put_load_module(alert, event.load_module());
        case v1::Event::kUnloadModule:
            return put_unload_module(alert, event.unload_module());
        case v1::Event::kBpf:
            return put_bpf(alert, event.bpf());
        case v1::Event::kSelinux:
            return put_selinux(alert, event.selinux());
        case v1::Event::kSysctl:
            return put_sysctl(alert, event.sysctl());
        case v1::Event::kOndemand:
            return put_ondemand(alert, event.ondemand());
        default:
            return;
    }
}

}  // namespace vedette::engine
