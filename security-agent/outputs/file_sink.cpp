// SPDX-License-Identifier: Apache-2.0
#include "security-agent/outputs/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "common/os/fd.h"
#include "security-agent/outputs/write_now.h"

namespace vedette::outputs {
namespace {

class FileSink final : public Sink {
   public:
    FileSink(std::string path, uint64_t max_size) : path_(std::move(path)), max_size_(max_size) {}

    Result<> reopen() override {
        // Alerts hold command lines: the owner's group may read them, nobody else. O_NOFOLLOW: a link
        // that somebody put there must not lead the agent's writes elsewhere.
        Result<UniqueFd> fd =
            open_file(path_, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0640);
        if (!fd)
            return forward_error(fd);
        struct stat info{};
        if (fstat(fd->get(), &info) != 0)
            return fail_errno(errno, "fstat of '{}'", path_);
        if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))
            return fail(ErrorCode::kInvalid, "'{}' is no regular file", path_);
        fd_ = std::move(*fd);
        now_ = NowWriter();
        size_ = S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
        rotates_ = S_ISREG(info.st_mode);
        return end_last_line();
    }

    Result<size_t> write(std::string_view lines) override {
        if (!fd_)
            if (Result<> opened = reopen(); !opened)
                return forward_error(opened);
        if (must_rotate(lines.find('\n') + 1))
            if (Result<> rotated = rotate(); !rotated)
                return forward_error(rotated);
        const std::string_view part = that_fits(lines);
        const ssize_t written = ::write(fd_.get(), part.data(), part.size());
        if (written < 0 && errno == EINTR)
            return 0;
        if (written < 0)
            return fail_errno(errno, "writing to '{}'", path_);
        if (written > 0)
            note_written(static_cast<size_t>(written),
                         part[static_cast<size_t>(written) - 1] == '\n');
        return static_cast<size_t>(written);
    }

    size_t write_now(std::string_view line) override {
        if (!fd_ || must_rotate(line.size() + 1))
            return 0;
        const size_t written = now_.write_line(fd_.get(), line);
        if (written > 0)
            note_written(written, written > line.size());
        return written;
    }

   private:
    /// So that a stop need not wait for all that has gathered.
    static constexpr size_t kAtOnce = 1U << 20;

    bool must_rotate(size_t line_bytes) const {
        return rotates_ && at_line_start_ && size_ > 0 && size_ + line_bytes > max_size_;
    }

    /// What goes into this file and into one write.
    std::string_view that_fits(std::string_view lines) const {
        const uint64_t left = rotates_ ? max_size_ - std::min(size_, max_size_) : kAtOnce;
        return whole_lines_within(lines, std::min<uint64_t>(left, kAtOnce));
    }

    void note_written(size_t bytes, bool ends_line) {
        size_ += bytes;
        at_line_start_ = ends_line;
    }

    /// An agent that was killed may have left half a line: the next one must not become its end.
    Result<> end_last_line() {
        char last = '\n';
        if (size_ == 0 || pread(fd_.get(), &last, 1, static_cast<off_t>(size_ - 1)) != 1)
            return {};
        if (last == '\n')
            return {};
        ++size_;
        return write_all(fd_.get(), "\n", path_);
    }

    Result<> rotate() {
        const std::string old = path_ + ".1";
        if (std::rename(path_.c_str(), old.c_str()) != 0)
            return fail_errno(errno, "renaming '{}' to '{}'", path_, old);
        fd_.reset();
        return reopen();
    }

    std::string path_;
    uint64_t max_size_;
    UniqueFd fd_;
    uint64_t size_ = 0;
    NowWriter now_;
    bool rotates_ = false;
    bool at_line_start_ = true;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_file_sink(std::string path, uint64_t max_size) {
    auto sink = std::make_unique<FileSink>(std::move(path), max_size);
    if (Result<> opened = sink->reopen(); !opened)
        return forward_error(opened);
    return std::unique_ptr<Sink>(std::move(sink));
}

}  // namespace vedette::outputs
