// SPDX-License-Identifier: Apache-2.0
#include "common/os/fd.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace vedette {
namespace {

/// A file with a name of its own beside `path`, unlinked again unless it was put in place.
class TemporaryFile {
   public:
    static Result<TemporaryFile> create(const std::string& path, mode_t mode) {
        uint64_t random = 0;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            return fail_errno(errno, "random bytes for a file beside '{}'", path);
        TemporaryFile file;
        file.path_ = fmt::format("{}.{:016x}.tmp", path, random);
        auto fd = open_file(file.path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (!fd) {
            file.path_.clear();
            return forward_error(fd);
        }
        file.fd_ = std::move(*fd);
        if (fchmod(file.fd_.get(), mode) != 0)
            return fail_errno(errno, "setting the mode of '{}'", file.path_);
        return file;
    }
    TemporaryFile(TemporaryFile&& other) noexcept
        : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile() {
        if (!path_.empty())
            unlink(path_.c_str());
    }

    Result<> fill(std::string_view content) {
        if (auto written = write_all(fd_.get(), content, path_); !written)
            return written;
        if (fsync(fd_.get()) != 0)
            return fail_errno(errno, "syncing '{}'", path_);
        return {};
    }
    const std::string& path() const { return path_; }
    void moved() { path_.clear(); }

   private:
    TemporaryFile() = default;
    std::string path_;
    UniqueFd fd_;
};

/// A new name survives a crash only once its directory is on disk; a file system that cannot is not an error.
void sync_directory(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory =
        slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
    if (auto fd = open_file(directory, O_RDONLY | O_DIRECTORY))
        (void)fsync(fd->get());
}

}  // namespace

void UniqueFd::reset(int fd) {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = fd;
}

Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode) {
    int fd = -1;
    do
        fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fail_errno(errno, "cannot open '{}'", path);
    return UniqueFd(fd);
}

Result<std::string> read_all(int fd, size_t max_bytes, std::string_view name) {
    std::string content;
    char chunk[16 << 10];
    for (;;) {
        const ssize_t n = ::read(fd, chunk, sizeof chunk);
        if (n == 0)
            return content;
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return fail_errno(errno, "cannot read '{}'", name);
        }
        if (content.size() + static_cast<size_t>(n) > max_bytes)
            return fail(ErrorCode::kLimit, "'{}' is larger than {} bytes", name, max_bytes);
        content.append(chunk, static_cast<size_t>(n));
    }
}

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
    auto fd = open_file(path, O_RDONLY);
    if (!fd)
        return forward_error(fd);
    return read_all(fd->get(), max_bytes, path);
}

Result<> write_all(int fd, std::string_view content, std::string_view name) {
    while (!content.empty()) {
        const ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return fail_errno(errno, "cannot write '{}'", name);
        }
        content.remove_prefix(static_cast<size_t>(n));
    }
    return {};
}

Result<> write_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
    auto file = TemporaryFile::create(path, mode);
    if (!file)
        return forward_error(file);
    if (auto filled = file->fill(content); !filled)
        return filled;
    if (::rename(file->path().c_str(), path.c_str()) != 0)
        return fail_errno(errno, "cannot put '{}' in place", path);
    file->moved();
    sync_directory(path);
    return {};
}

Result<> create_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
    auto file = TemporaryFile::create(path, mode);
    if (!file)
        return forward_error(file);
    if (auto filled = file->fill(content); !filled)
        return filled;
    // link(2) fails where the name exists, whatever it is: that decides who was first.
    if (::link(file->path().c_str(), path.c_str()) != 0)
        return fail_errno(errno, "cannot create '{}'", path);
    sync_directory(path);
    return {};
}

}  // namespace vedette
