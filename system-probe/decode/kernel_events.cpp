// SPDX-License-Identifier: Apache-2.0
//
// Records of what changed the kernel itself.
#include "bpf/abi/kernel_records.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/file.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

void decode_load_module(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_load_module>();
    auto& load = *out.event.mutable_load_module();
    load.set_retval(fixed.retval);
    load.set_name(std::string(record.item(VDT_ITEM_NAME)));
    load.set_loaded_from_memory(fixed.flags & VDT_MODULE_FROM_MEMORY);
    load.set_args(std::string(record.item(VDT_ITEM_VALUE)));
    load.set_args_truncated(fixed.flags & VDT_MODULE_ARGS_TRUNCATED);
    if (fixed.file.inode != 0)
        fill_file(*load.mutable_file(), fixed.file, record.item(VDT_ITEM_PATH),
                  record.item(VDT_ITEM_FILESYSTEM));
}

void decode_unload_module(const Record& record, Decoded& out) {
    auto& unload = *out.event.mutable_unload_module();
    unload.set_retval(record.fixed<vdt_unload_module>().retval);
    unload.set_name(std::string(record.item(VDT_ITEM_NAME)));
}

void decode_bpf_program(const Record& record, const vdt_bpf& fixed, v1::BpfProgram& program) {
    program.set_name(std::string(record.item(VDT_ITEM_VALUE)));
    program.set_type(fixed.program_type);
    if (fixed.flags & VDT_BPF_HAS_TAG) {
        std::string tag;
        for (const uint8_t byte : fixed.tag)
            tag += fmt::format("{:02x}", byte);
        program.set_tag(std::move(tag));
    }
    for (uint32_t id = 0; id < VDT_BPF_HELPERS; ++id) {
        if (fixed.helpers[id / 64] >> (id % 64) & 1)
            program.add_helpers(id);
    }
}

void decode_bpf(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_bpf>();
    auto& bpf = *out.event.mutable_bpf();
    bpf.set_retval(fixed.retval);
    bpf.set_cmd(fixed.cmd);
    if (fixed.flags & VDT_BPF_HAS_MAP) {
        bpf.mutable_map()->set_name(std::string(record.item(VDT_ITEM_NAME)));
        bpf.mutable_map()->set_type(fixed.map_type);
    }
    if (fixed.flags & VDT_BPF_HAS_PROGRAM)
        decode_bpf_program(record, fixed, *bpf.mutable_program());
    // A query has one without a program.
    if (fixed.attach_type != 0)
        bpf.mutable_program()->set_attach_type(fixed.attach_type);
}

/// Values are printed and written with a newline, which is not part of them.
std::string value_of(const Record& record, vdt_item_kind kind) {
    auto value = record.item(kind);
    if (value.ends_with('\n'))
        value.remove_suffix(1);
    return std::string(value);
}

/// What the kernel's own reading (%d) makes of it; 0 of what is no number, which it refuses.
int number_written(const Record& record) {
    std::string_view text = record.item(VDT_ITEM_VALUE);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '+'))
        text.remove_prefix(1);
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

void decode_selinux(const Record& record, Decoded& out) {
    auto& selinux = *out.event.mutable_selinux();
    const int number = number_written(record);
    switch (record.fixed<vdt_selinux>().file) {
        case VDT_SELINUX_ENFORCE:
            selinux.set_enforce_status(number != 0 ? "enforcing" : "permissive");
            return;
        case VDT_SELINUX_DISABLE:
            selinux.set_enforce_status(number != 0 ? "disabled" : "");
            return;
        case VDT_SELINUX_BOOL:
            selinux.set_bool_name(std::string(record.item(VDT_ITEM_NAME)));
            selinux.set_bool_state(number != 0 ? "on" : "off");
            return;
        case VDT_SELINUX_COMMIT:
            selinux.set_bool_commit_state(number != 0);
            return;
    }
}

void decode_ondemand(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_ondemand>();
    auto& call = *out.event.mutable_ondemand();
    call.set_name(std::string(record.item(VDT_ITEM_NAME)));
    v1::OnDemandArgument* const arguments[] = {call.mutable_arg1(), call.mutable_arg2(),
                                               call.mutable_arg3(), call.mutable_arg4(),
                                               call.mutable_arg5(), call.mutable_arg6()};
    for (size_t i = 0; i < VDT_ONDEMAND_ARGS; ++i) {
        arguments[i]->set_uint(fixed.arg[i]);
        if (fixed.strings >> i & 1)
            arguments[i]->set_str(std::string(fixed_text(fixed.text[i], sizeof fixed.text[i])));
    }
}

void decode_sysctl(const Record& record, Decoded& out) {
    const auto fixed = record.fixed<vdt_sysctl>();
    auto& sysctl = *out.event.mutable_sysctl();
    sysctl.set_action(fixed.action);
    sysctl.set_file_position(fixed.file_position);
    sysctl.set_name(std::string(record.item(VDT_ITEM_NAME)));
    sysctl.set_name_truncated(fixed.flags & VDT_SYSCTL_NAME_TRUNCATED);
    // Of a read, the value there is, as in the reference.
    sysctl.set_value(
        value_of(record, fixed.action == VDT_SYSCTL_WRITE ? VDT_ITEM_VALUE : VDT_ITEM_OLD_VALUE));
    sysctl.set_value_truncated(fixed.flags & VDT_SYSCTL_VALUE_TRUNCATED);
    sysctl.set_old_value(value_of(record, VDT_ITEM_OLD_VALUE));
    sysctl.set_old_value_truncated(fixed.flags & VDT_SYSCTL_OLD_VALUE_TRUNCATED);
}

constexpr EventType kEvents[] = {
    {VDT_LOAD_MODULE, "load_module", v1::Event::kLoadModuleFieldNumber, sizeof(vdt_load_module),
     decode_load_module},
    {VDT_UNLOAD_MODULE, "unload_module", v1::Event::kUnloadModuleFieldNumber,
     sizeof(vdt_unload_module), decode_unload_module},
    {VDT_BPF, "bpf", v1::Event::kBpfFieldNumber, sizeof(vdt_bpf), decode_bpf},
    {VDT_SELINUX, "selinux", v1::Event::kSelinuxFieldNumber, sizeof(vdt_selinux), decode_selinux},
    {VDT_ONDEMAND, "ondemand", v1::Event::kOndemandFieldNumber, sizeof(vdt_ondemand),
     decode_ondemand},
    {VDT_SYSCTL, "sysctl", v1::Event::kSysctlFieldNumber, sizeof(vdt_sysctl), decode_sysctl},
};

}  // namespace

std::span<const EventType> kernel_events() {
    return kEvents;
}

}  // namespace vedette::probe
