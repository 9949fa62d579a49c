// SPDX-License-Identifier: Apache-2.0
//
// Records of what happened to files.
#include "system-probe/decode/file.h"

#include <string>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

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

constexpr EventType kEvents[] = {
    {VDT_OPEN, "open", v1::Event::kOpenFieldNumber, sizeof(vdt_open), decode_open},
};

}  // namespace

std::span<const EventType> file_events() {
    return kEvents;
}

}  // namespace vedette::probe
