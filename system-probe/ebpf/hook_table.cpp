// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {

std::string_view to_string(Entry entry) {
    switch (entry) {
        case Entry::kNative:
            return "64-bit";
        case Entry::kCompat:
            return "32-bit";
        case Entry::kIoUring:
            return "io_uring";
        case Entry::kHandle:
            return "handle";
    }
    return "";
}

std::vector<std::string_view> handlers_of(const HookSet& set) {
    std::vector<std::string_view> handlers;
    for (const std::string_view handler : {set.handler, set.entry_handler, set.function_handler}) {
        if (!handler.empty())
            handlers.push_back(handler);
    }
    return handlers;
}

std::span<const HookRow> hook_table() {
    static const std::vector<HookRow> kTable = [] {
        std::vector<HookRow> rows;
        for (const auto family :
             {lifecycle_hooks(), file_hooks(), process_hooks(), kernel_hooks(), network_hooks()})
            rows.insert(rows.end(), family.begin(), family.end());
        return rows;
    }();
    return kTable;
}

}  // namespace vedette::probe
