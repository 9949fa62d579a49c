// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

#include "common/os/fd.h"
#include "system-probe/decode/record.h"
#include "system-probe/ebpf/proc_snapshot.h"
#include "system-probe/resolvers/process_cache.h"

namespace vedette::probe {
namespace {

/// PROC_PID_INIT_INO, include/linux/proc_ns.h: the namespace in which records count pids.
constexpr uint64_t kInitialPidNamespace = 0xEFFFFFFC;

struct SnapshotRecord {
    uint64_t start_ns;
    uint32_t pid;
    std::string bytes;
};

std::string_view text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append_item(std::string& record, vdt_item_kind kind, std::string_view content) {
    const vdt_item item = {static_cast<uint16_t>(kind), static_cast<uint16_t>(content.size())};
    record.append(reinterpret_cast<const char*>(&item), sizeof item);
    record.append(content);
}

/// The pid under which our /proc shows the process; 0 when it does not.
uint32_t visible_pid(const vdt_process& process, uint64_t own_namespace) {
    if (own_namespace == kInitialPidNamespace)
        return process.image.pid;
    return process.pidns == own_namespace ? process.ns_pid : 0;
}

void complete(std::string& bytes, const Record& record, ProcFs& procfs, uint64_t own_namespace) {
    auto snapshot = record.fixed<vdt_snapshot>();
    const uint32_t pid = visible_pid(snapshot.process, own_namespace);
    if (pid == 0 || (snapshot.process.flags & VDT_PROC_KTHREAD))
        return;
    bool truncated = false;
    if (!record.has(VDT_ITEM_ARGV)) {
        append_item(bytes, VDT_ITEM_ARGV, procfs.read(pid, "cmdline", VDT_ARGS_MAX, truncated));
        if (truncated)
            snapshot.process.flags |= VDT_PROC_ARGS_TRUNCATED;
    }
    if (!record.has(VDT_ITEM_ENVP)) {
        append_item(bytes, VDT_ITEM_ENVP, procfs.read(pid, "environ", VDT_ENVS_MAX, truncated));
        if (truncated)
            snapshot.process.flags |= VDT_PROC_ENVS_TRUNCATED;
    }
    auto header = record.header();
    header.size = static_cast<uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &snapshot, sizeof snapshot);
}

/// The parents that some record names and none describes.
std::map<uint32_t, vdt_image_id> missing_parents(const std::vector<SnapshotRecord>& records) {
    std::map<uint32_t, vdt_image_id> parents;
    for (const auto& entry : records) {
        if (entry.pid == 0)
            continue;
        const auto record = Record::parse(std::as_bytes(std::span(entry.bytes)));
        const auto parent = record->fixed<vdt_snapshot>().process.parent;
        if (parent.pid != 0)
            parents[parent.pid] = parent;
    }
    for (const auto& entry : records)
        parents.erase(entry.pid);
    return parents;
}

/// Some kernels hide a process from BPF's iterator (seen: pid 1 of a sandboxed machine) that /proc shows.
void add_missing_parents(std::vector<SnapshotRecord>& records, ProcFs& procfs) {
    const auto missing = missing_parents(records);
    if (missing.empty())
        return;
    std::vector<SnapshotRecord> found;
    const auto look = [&](std::span<const std::byte> bytes) {
        auto record = Record::parse(bytes);
        if (!record || record->header().type != VDT_SNAPSHOT)
            return;
        auto snapshot = record->fixed<vdt_snapshot>();
        const auto parent = missing.find(snapshot.process.image.pid);
        if (parent == missing.end() ||
            !is_same_start(parent->second.start_ns, snapshot.process.image.start_ns)) {
            return;
        }
        snapshot.process.image = parent->second;  // the kernel's own, exact
        SnapshotRecord entry{parent->second.start_ns, parent->first, std::string(text(bytes))};
        std::memcpy(entry.bytes.data() + sizeof(vdt_header), &snapshot, sizeof snapshot);
        auto patched = Record::parse(std::as_bytes(std::span(entry.bytes)));
        if (patched)
            complete(entry.bytes, *patched, procfs, kInitialPidNamespace);
        found.push_back(std::move(entry));
    };
    if (!read_proc_snapshot(procfs.root(), look))
        return;  // they stay placeholders
    records.insert(records.end(), std::make_move_iterator(found.begin()),
                   std::make_move_iterator(found.end()));
}

}  // namespace

std::string ProcFs::read(uint32_t pid, std::string_view name, size_t max_bytes, bool& truncated) {
    ++reads_;
    truncated = false;
    const auto fd = open_file(fmt::format("{}/{}/{}", root_, pid, name), O_RDONLY);
    if (!fd)
        return {};  // gone, or not ours to read
    std::string content(max_bytes + 1, '\0');
    size_t length = 0;
    while (length < content.size()) {
        const ssize_t got = ::read(fd->get(), content.data() + length, content.size() - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += static_cast<size_t>(got);
    }
    truncated = length > max_bytes;
    content.resize(std::min(length, max_bytes));
    return content;
}

uint64_t ProcFs::own_pid_namespace() const {
    struct stat ns = {};
    return stat((root_ + "/self/ns/pid").c_str(), &ns) == 0 ? ns.st_ino : 0;
}

Result<std::vector<std::string>> take_snapshot(RecordSource& source, ProcFs* procfs) {
    std::vector<SnapshotRecord> records;
    const uint64_t own_namespace = procfs ? procfs->own_pid_namespace() : 0;
    auto taken = source.snapshot([&](std::span<const std::byte> bytes) {
        SnapshotRecord entry{0, 0, std::string(text(bytes))};
        // A malformed one goes on as it is: the pipeline counts it.
        if (auto record = Record::parse(bytes); record && record->header().type == VDT_SNAPSHOT) {
            const auto id = record->fixed<vdt_snapshot>().process.image;
            entry.start_ns = id.start_ns;
            entry.pid = id.pid;
            if (procfs)
                complete(entry.bytes, *record, *procfs, own_namespace);
        }
        records.push_back(std::move(entry));
    });
    if (!taken)
        return forward_error(taken, "taking the snapshot of the processes");
    if (procfs)
        add_missing_parents(records, *procfs);
    std::ranges::stable_sort(records, [](const auto& a, const auto& b) {
        return std::pair(a.start_ns, a.pid) < std::pair(b.start_ns, b.pid);
    });
    std::vector<std::string> out;
    out.reserve(records.size());
    for (auto& record : records)
        out.push_back(std::move(record.bytes));
    return out;
}

}  // namespace vedette::probe
