// SPDX-License-Identifier: Apache-2.0
#include "security-agent/outputs/fd_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "security-agent/outputs/write_now.h"

namespace vedette::outputs {
namespace {

constexpr int kPatienceMs = 200;

class FdSink final : public Sink {
   public:
    FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    Result<size_t> write(std::string_view lines) override {
        // A reader that does not read must not keep the stop waiting: ask before a write that could block.
        pollfd ready{fd_, POLLOUT, 0};
        if (poll(&ready, 1, kPatienceMs) == 0)
            return fail(ErrorCode::kUnavailable, "{}: its reader does not read", name_);
        const std::string_view part = whole_lines_within(lines, kAtOnce);
        const ssize_t written = ::write(fd_, part.data(), std::min(part.size(), kAtOnce));
        if (written >= 0)
            return static_cast<size_t>(written);
        if (errno == EINTR)
            return 0;
        return fail_errno(errno, "writing to {}", name_);
    }
    size_t write_now(std::string_view line) override { return now_.write_line(fd_, line); }
    Result<> reopen() override { return {}; }

   private:
    // PIPE_BUF: a pipe that poll calls writable takes this much without blocking, and in one piece (pipe(7)): nobody else's
    // text gets into a line that is no longer.
    static constexpr size_t kAtOnce = 4096;
    int fd_;
    std::string name_;
    NowWriter now_;
};

}  // namespace

std::unique_ptr<Sink> make_fd_sink(int fd, std::string name) {
    return std::make_unique<FdSink>(fd, std::move(name));
}

}  // namespace vedette::outputs
