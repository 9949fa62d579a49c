// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/record.h"

#include "system-probe/decode/event_type.h"

namespace vedette::probe {
namespace {

/// The most an item of this kind may hold; 0 for a kind that is unknown.
size_t max_item_size(uint16_t kind) {
    switch (kind) {
        case VDT_ITEM_PATH:
        case VDT_ITEM_SYSCALL_PATH:
        case VDT_ITEM_CGROUP:
        case VDT_ITEM_SCRIPT_PATH:
        case VDT_ITEM_CWD:
        case VDT_ITEM_INTERPRETER_PATH:
        case VDT_ITEM_PATH2:
        case VDT_ITEM_SYSCALL_PATH2:
        case VDT_ITEM_CWD2:
        case VDT_ITEM_ROOT_PATH:
            return VDT_PATH_MAX;
        case VDT_ITEM_FILESYSTEM:
        case VDT_ITEM_INTERPRETER_FILESYSTEM:
        case VDT_ITEM_FILESYSTEM2:
            return 64;
        case VDT_ITEM_NAME:
        case VDT_ITEM_VALUE:
        case VDT_ITEM_OLD_VALUE:
            return VDT_NAME_MAX;
        case VDT_ITEM_BYTES:
            return VDT_BYTES_MAX;
        case VDT_ITEM_ARGV:
            return VDT_ARGS_MAX;
        case VDT_ITEM_ENVP:
            return VDT_ENVS_MAX;
        default:
            return 0;
    }
}

}  // namespace

Result<Record> Record::parse(std::span<const std::byte> bytes) {
    Record record;
    if (bytes.size() < sizeof(vdt_header)) {
        return fail(ErrorCode::kInvalid, "record of {} bytes is shorter than a header",
                    bytes.size());
    }
    std::memcpy(&record.header_, bytes.data(), sizeof(vdt_header));
    const auto& header = record.header_;
    if (header.size != bytes.size()) {
        return fail(ErrorCode::kInvalid, "record says {} bytes but has {}", header.size,
                    bytes.size());
    }
    if (bytes.size() > VDT_RECORD_MAX) {
        return fail(ErrorCode::kInvalid, "record of {} bytes is longer than {}", bytes.size(),
                    VDT_RECORD_MAX);
    }
    const EventType* type = find_event_type(header.type);
    if (type == nullptr)
        return fail(ErrorCode::kInvalid, "unknown record type {}", header.type);
    const auto body = bytes.subspan(sizeof(vdt_header));
    const size_t fixed = type->fixed_size;
    if (body.size() < fixed) {
        return fail(ErrorCode::kInvalid, "{} record ends in its fixed part: {} of {} bytes",
                    type->name, body.size(), fixed);
    }
    record.fixed_ = body.first(fixed);
    if (auto items = record.parse_items(body.subspan(fixed)); !items) {
        return forward_error(items, "{} record", type->name);
    }
    return record;
}

Result<> Record::parse_items(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        vdt_item item;
        if (bytes.size() < sizeof item) {
            return fail(ErrorCode::kInvalid, "{} stray bytes after the last item", bytes.size());
        }
        std::memcpy(&item, bytes.data(), sizeof item);
        bytes = bytes.subspan(sizeof item);
        if (item.len > bytes.size()) {
            return fail(ErrorCode::kInvalid, "item {} says {} bytes but {} are left", item.kind,
                        item.len, bytes.size());
        }
        const size_t max = max_item_size(item.kind);
        if (max == 0) {
            ++unknown_items_;
        } else if (item.len > max) {
            return fail(ErrorCode::kInvalid, "item {} has {} bytes, at most {} are allowed",
                        item.kind, item.len, max);
        } else if (items_[item.kind].data() != nullptr) {
            return fail(ErrorCode::kInvalid, "item {} stands twice", item.kind);
        } else {
            items_[item.kind] = {reinterpret_cast<const char*>(bytes.data()), item.len};
        }
        bytes = bytes.subspan(item.len);
    }
    return {};
}

}  // namespace vedette::probe
