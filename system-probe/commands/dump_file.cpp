// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/dump_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "common/os/host.h"
#include "system-probe/app/run_dir.h"

namespace vedette::probe {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

/// Oldest first: the name begins with the time.
std::vector<std::filesystem::path> dumps_in(const std::string& directory, std::string_view prefix) {
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error))
        if (entry.path().filename().native().starts_with(prefix))
            found.push_back(entry.path());
    std::ranges::sort(found);
    return found;
}

void remove_oldest(const std::string& directory, std::string_view prefix) {
    const auto found = dumps_in(directory, prefix);
    for (size_t i = 0; i + DumpFile::kMaxFiles <= found.size(); ++i)
        unlink(found[i].c_str());
}

}  // namespace

Result<DumpFile> DumpFile::create(const std::string& directory, std::string_view prefix,
                                  std::string_view extension) {
    if (auto prepared = prepare_run_dir(directory, 0700); !prepared)
        return forward_error(prepared);
    remove_oldest(directory, prefix);
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return fail_errno(errno, "random name of a dump");
    std::string path =
        fmt::format("{}/{}{}-{:08x}{}", directory, prefix, wall_time_ns(), random, extension);
    auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0400);
    if (!fd)
        return forward_error(fd);
    return DumpFile(std::move(*fd), std::move(path));
}

DumpFile::~DumpFile() {
    if (fd_)
        unlink(path_.c_str());
}

void DumpFile::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes)
        flush();
}

void DumpFile::flush() {
    if (written_)
        written_ = write_all(fd_.get(), buffer_, path_);
    buffer_.clear();
}

Result<std::string> DumpFile::finish() {
    flush();
    if (!written_)
        return forward_error(written_);
    fd_.reset();
    return path_;
}

}  // namespace vedette::probe
