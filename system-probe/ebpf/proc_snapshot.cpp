// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/proc_snapshot.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "common/os/fd.h"
#include "system-probe/ebpf/record_builder.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxBytes = 64 * 1024;
constexpr uint32_t kUnset = UINT32_MAX;
constexpr uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD in field 9 of /proc/PID/stat
constexpr std::string_view kDeleted = " (deleted)";

/// Word `index` (from 0) of a line whose words are parted by blanks.
std::string_view word(std::string_view line, size_t index) {
    for (;; index--) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        const size_t end = std::min(line.find_first_of(" \t\n"), line.size());
        if (index == 0)
            return line.substr(0, end);
        if (end == line.size())
            return {};
        line.remove_prefix(end);
    }
}

template <typename Number>
Number number(std::string_view text, int base = 10, Number otherwise = 0) {
    Number value = otherwise;
    const bool whole =
        std::from_chars(text.data(), text.data() + text.size(), value, base).ec == std::errc{};
    return whole ? value : otherwise;
}

struct ProcessDir {
    std::string path;

    std::string text(const char* name) const {
        auto content = read_file(path + "/" + name, kMaxBytes);
        return content ? std::move(*content) : std::string();
    }
    std::string link(const char* name) const {
        char target[VDT_PATH_MAX + 16];
        const ssize_t n = readlink((path + "/" + name).c_str(), target, sizeof(target));
        return n < 0 ? std::string() : std::string(target, static_cast<size_t>(n));
    }
    /// "net:[4026531840]" -> 4026531840
    uint32_t namespace_inode(const char* name) const {
        const std::string target = link((std::string("ns/") + name).c_str());
        const size_t bracket = target.find('[');
        return bracket == std::string::npos
                   ? 0
                   : number<uint32_t>(std::string_view(target).substr(bracket + 1));
    }
};

/// The line behind "Name:" in /proc/PID/status.
std::string_view status_line(std::string_view status, std::string_view name) {
    const std::string key = "\n" + std::string(name) + ":";
    const size_t at = status.find(key);
    if (at == std::string_view::npos)
        return {};
    const std::string_view rest = status.substr(at + key.size());
    return rest.substr(0, rest.find('\n'));
}

void read_cred(const ProcessDir& dir, std::string_view status, vdt_cred& cred) {
    // Real, effective, saved, file system.
    const std::string_view uids = status_line(status, "Uid");
    const std::string_view gids = status_line(status, "Gid");
    cred.uid = number<uint32_t>(word(uids, 0));
    cred.euid = number<uint32_t>(word(uids, 1));
    cred.fsuid = number<uint32_t>(word(uids, 3));
    cred.gid = number<uint32_t>(word(gids, 0));
    cred.egid = number<uint32_t>(word(gids, 1));
    cred.fsgid = number<uint32_t>(word(gids, 3));
    cred.cap_effective = number<uint64_t>(word(status_line(status, "CapEff"), 0), 16);
    cred.cap_permitted = number<uint64_t>(word(status_line(status, "CapPrm"), 0), 16);
    cred.auid = number<uint32_t>(dir.text("loginuid"), 10, kUnset);
    cred.session = number<uint32_t>(dir.text("sessionid"), 10, kUnset);
}

/// Number of words in a line.
size_t count_words(std::string_view line) {
    size_t count = 0;
    while (!word(line, count).empty())
        count++;
    return count;
}

void read_exe(const ProcessDir& dir, RecordBuilder<vdt_snapshot>& record) {
    struct stat st{};
    std::string target = dir.link("exe");
    if (target.empty())
        return;
    vdt_file& file = record.fixed.file;
    if (target.size() > kDeleted.size() && target.ends_with(kDeleted)) {
        target.resize(target.size() - kDeleted.size());
        file.flags |= VDT_FILE_DELETED;
    }
    if (target.starts_with("/memfd:")) {
        target.erase(0, 1);
        file.flags |= VDT_FILE_MEMFD;
    }
    if (stat((dir.path + "/exe").c_str(), &st) == 0) {
        constexpr uint64_t kSecond = 1'000'000'000;
        file.inode = st.st_ino;
        file.dev = major(st.st_dev) << 20 | minor(st.st_dev);  // as the kernel keeps s_dev
        file.uid = st.st_uid;
        file.gid = st.st_gid;
        file.mode = static_cast<uint16_t>(st.st_mode);
        file.nlink = static_cast<uint32_t>(st.st_nlink);
        file.ctime_ns = static_cast<uint64_t>(st.st_ctim.tv_sec) * kSecond +
                        static_cast<uint64_t>(st.st_ctim.tv_nsec);
        file.mtime_ns = static_cast<uint64_t>(st.st_mtim.tv_sec) * kSecond +
                        static_cast<uint64_t>(st.st_mtim.tv_nsec);
    }
    record.item(VDT_ITEM_PATH, target);
}

/// Line "0::/path" of /proc/PID/cgroup.
void read_cgroup(const ProcessDir& dir, RecordBuilder<vdt_snapshot>& record) {
    const std::string text = "\n" + dir.text("cgroup");
    const size_t at = text.find("\n0::");
    if (at == std::string::npos)
        return;
    const size_t begin = at + 4;
    record.item(VDT_ITEM_CGROUP,
                std::string_view(text).substr(begin, text.find('\n', begin) - begin));
}

std::optional<RecordBuilder<vdt_snapshot>> read_process(const ProcessDir& dir, uint32_t pid) {
    static const auto tick_ns = 1'000'000'000ULL / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
    const std::string stat = dir.text("stat");
    const std::string status = dir.text("status");
    // The name is in parentheses and may hold anything, parentheses too.
    const size_t open = stat.find('(');
    const size_t close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open || status.empty())
        return std::nullopt;
    const std::string_view rest = std::string_view(stat).substr(close + 1);
    if (word(rest, 0) == "Z" || word(rest, 0) == "X")
        return std::nullopt;

    RecordBuilder<vdt_snapshot> record(VDT_SNAPSHOT);
    vdt_process& process = record.fixed.process;
    process.image.pid = pid;
    process.image.start_ns = number<uint64_t>(word(rest, 19)) * tick_ns;
    process.parent.pid = number<uint32_t>(word(rest, 1));
    process.sid = number<uint32_t>(word(rest, 3));
    if ((number<uint64_t>(word(rest, 6)) & kKernelThread) != 0)
        process.flags |= VDT_PROC_KTHREAD;
    const std::string_view comm = std::string_view(stat).substr(open + 1, close - open - 1);
    std::memcpy(process.comm, comm.data(), std::min<size_t>(comm.size(), VDT_COMM_LEN - 1));
    read_cred(dir, status, process.cred);
    process.netns = dir.namespace_inode("net");
    process.mntns = dir.namespace_inode("mnt");
    process.pidns = dir.namespace_inode("pid");
    process.userns = dir.namespace_inode("user");
    const std::string_view pids = status_line(status, "NSpid");
    process.ns_pid = pids.empty() ? pid : number<uint32_t>(word(pids, count_words(pids) - 1));
    record.header.image = process.image;
    record.header.tid = pid;
    read_exe(dir, record);
    read_cgroup(dir, record);
    return record;
}

}  // namespace

Result<> read_proc_snapshot(const std::string& proc, const RecordSink& sink) {
    namespace fs = std::filesystem;
    std::error_code error;
    for (fs::directory_iterator entry(proc, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto pid = number<uint32_t>(entry->path().filename().native());
        if (pid == 0)
            continue;
        if (auto record = read_process({entry->path().native()}, pid))
            sink(record->finish());
    }
    if (error)
        return fail_errno(error.value(), "reading {}", proc);
    return {};
}

}  // namespace vedette::probe
