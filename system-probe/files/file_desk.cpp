// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/file_desk.h"

#include <sys/stat.h>

#include <string>
#include <utility>

#include "bpf/abi/records.h"
#include "common/os/host.h"
#include "system-probe/files/file_metadata.h"
#include "system-probe/files/open_seen.h"

namespace vedette::probe {
namespace {

constexpr uint32_t kFileLess = 10;  // FILE_LESS of the family file_type

/// What an opener's thread needs of a question, on its own.
struct Wanted {
    SeenFile file;
    std::vector<uint32_t> pids;
    bool program;
    uint32_t mntns;
    std::string proc;

    Viewers viewers() const { return {pids, program, mntns, proc}; }
};

/// The host's own files are also seen by pid 1, which outlives whoever acted.
Wanted wanted_of(const v1::FileQuestion& question, const std::string& proc) {
    const v1::File& file = question.file();
    Wanted out{{file.path(), file.inode(), file.device(), file.mount_id(), file.filesystem()},
               {question.pids().begin(), question.pids().end()},
               question.program(),
               question.mntns(),
               proc};
    if (question.mntns() != 0)
        out.pids.push_back(1);
    if (!file.path_error().empty())
        out.file.path.clear();  // it is not where the kernel found it
    return out;
}

v1::File::HashState state_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::kNotFound:
            return v1::File::HASH_STATE_FILE_NOT_FOUND;
        case ErrorCode::kInvalid:
            return v1::File::HASH_STATE_DONE;
        default:
            return v1::File::HASH_STATE_OPEN_ERROR;
    }
}

}  // namespace

FileDesk::FileDesk(Options options, Opener& opener)
    : options_(std::move(options)),
      opener_(opener),
      cache_(options_.cache_files),
      packages_(options_.package_bytes) {}

v1::FileAnswer FileDesk::answer(const v1::FileQuestion& question) {
    ++counts_.questions;
    v1::FileAnswer out;
    out.set_id(question.id());
    // What this process opens to answer is an event, too: a rule that asks about it would never come to an end.
    if (question.pids_size() > 0 && question.pids(0) == options_.own_pid) {
        out.set_hash_state(v1::File::HASH_STATE_NOT_CONFIGURED);
        return out;
    }
    if (question.package())
        add_package(question, out);
    if (question.hashes() || (question.metadata() && options_.metadata))
        add_content(question, out);
    return out;
}

Result<UniqueFd> FileDesk::open(const v1::FileQuestion& question) {
    if (question.file().inode() == 0)
        return fail(ErrorCode::kNotFound, "the kernel has not said which file it is");
    return opener_.run([wanted = wanted_of(question, options_.proc)] {
        return open_seen(wanted.file, wanted.viewers());
    });
}

void FileDesk::add_content(const v1::FileQuestion& question, v1::FileAnswer& out) {
    if (question.hashes() && !options_.hashes)
        out.set_hash_state(v1::File::HASH_STATE_NOT_CONFIGURED);
    const auto fd = open(question);
    struct stat file = {};
    if (!fd || fstat(fd->get(), &file) != 0) {
        if (fd || fd.error().code != ErrorCode::kInvalid)
            ++counts_.failed;
        if (question.hashes() && options_.hashes)
            out.set_hash_state(fd ? v1::File::HASH_STATE_FAILED : state_of(fd.error()));
        if (question.hashes() && options_.hashes && question.file().path().empty() &&
            out.hash_state() == v1::File::HASH_STATE_FILE_NOT_FOUND)
            out.set_hash_state(v1::File::HASH_STATE_PATH_UNKNOWN);
        return;
    }
    if (question.hashes() && options_.hashes)
        out.set_hash_state(add_hashes(question, fd->get(), file, out));
    if (question.metadata() && options_.metadata) {
        auto& metadata = *out.mutable_metadata();
        read_metadata(content_of(fd->get(), static_cast<uint64_t>(file.st_size)), metadata);
        if (question.file().flags() & VDT_FILE_MEMFD)
            metadata.set_type(kFileLess);
    }
}

v1::File::HashState FileDesk::add_hashes(const v1::FileQuestion& question, int fd,
                                         const struct stat& file, v1::FileAnswer& out) {
    const uint64_t max =
        question.max_file_size() != 0 ? question.max_file_size() : options_.max_file_size;
    if (file.st_size == 0)
        return v1::File::HASH_STATE_EMPTY;
    if (static_cast<uint64_t>(file.st_size) > max)
        return v1::File::HASH_STATE_TOO_BIG;
    const FileVersion version = FileVersion::of(file);
    if (const auto* known = cache_.find(version)) {
        ++counts_.cached;
        out.mutable_hashes()->Assign(known->begin(), known->end());
        return v1::File::HASH_STATE_DONE;
    }
    if (!within_rate(Clock::now())) {
        ++counts_.limited;
        return v1::File::HASH_STATE_RATE_LIMITED;
    }
    ++counts_.hashed;
    auto hashes = hash_content(fd, options_.algorithms, max);
    if (!hashes)
        return hashes.error().code == ErrorCode::kLimit ? v1::File::HASH_STATE_TOO_BIG
                                                        : v1::File::HASH_STATE_FAILED;
    out.mutable_hashes()->Assign(hashes->begin(), hashes->end());
    struct stat after = {};
    if (fstat(fd, &after) == 0 && FileVersion::of(after) == version)
        cache_.add(version, std::move(*hashes), wall_time_ns());
    counts_.cache_files = cache_.size();
    return v1::File::HASH_STATE_DONE;
}

/// By the path alone: that another file stands there by now does not change whose place it is.
void FileDesk::add_package(const v1::FileQuestion& question, v1::FileAnswer& out) {
    out.mutable_package();
    const v1::File& file = question.file();
    if (file.path().empty() || !file.path_error().empty() || file.inode() == 0)
        return;
    const auto root = opener_.run(
        [wanted = wanted_of(question, options_.proc)] { return open_root(wanted.viewers()); });
    if (!root)
        return;
    if (const v1::Package* package = packages_.find(root->get(), file.path(), file.uid()))
        *out.mutable_package() = *package;
    counts_.package_roots = packages_.roots();
    counts_.package_bytes = packages_.bytes();
}

bool FileDesk::within_rate(Clock::time_point now) {
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        in_second_ = 0;
    }
    return ++in_second_ <= options_.max_hash_rate;
}

}  // namespace vedette::probe
