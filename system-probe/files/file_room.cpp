// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/file_room.h"

#include <unistd.h>

#include <future>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "vedette/v1/command.pb.h"

namespace vedette::probe {
namespace {

/// Of a log: a login is looked for just after it.
constexpr size_t kTailBytes = 256u << 10;

std::string read_tail(int fd) {
    struct stat file = {};
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return {};
    const auto size = static_cast<size_t>(file.st_size);
    const size_t begin = size - std::min(size, kTailBytes);
    std::string out(size - begin, '\0');
    const ssize_t got = pread(fd, out.data(), out.size(), static_cast<off_t>(begin));
    out.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return out;
}

}  // namespace

Result<FileDesk::Options> FileRoom::options_from(const Settings& settings) {
    const auto number = [&](const char* key) {
        return static_cast<uint64_t>(settings.integer(key));
    };
    FileDesk::Options options;
    options.hashes = settings.boolean("runtime_security_config.hash_resolver.enabled");
    options.max_file_size = number("runtime_security_config.hash_resolver.max_file_size");
    options.max_hash_rate = number("runtime_security_config.hash_resolver.max_hash_rate");
    options.cache_files = number("runtime_security_config.hash_resolver.cache_size");
    options.metadata = settings.boolean("runtime_security_config.file_metadata_resolver.enabled");
    options.own_pid = static_cast<uint32_t>(getpid());
    options.algorithms.clear();
    for (const auto& name :
         settings.list("runtime_security_config.hash_resolver.hash_algorithms")) {
        auto algorithm = parse_hash_algorithm(name);
        if (!algorithm)
            return forward_error(algorithm,
                                 "runtime_security_config.hash_resolver.hash_algorithms");
        options.algorithms.push_back(*algorithm);
    }
    return options;
}

FileRoom::~FileRoom() {
    stopping_ = true;
    thread_.reset();
    // A thread that a file system keeps waiting ends with the process.
    if (opener_ && opener_->stuck())
        static_cast<void>(privileged_.release());
}

Result<> FileRoom::start_opener() {
    auto worker = PrivilegedWorker::start_opener();
    if (!worker)
        return forward_error(worker);
    privileged_ = std::move(*worker);
    std::promise<uint32_t> tid;
    privileged_->post([&tid] { tid.set_value(static_cast<uint32_t>(gettid())); });
    opener_tid_ = tid.get_future().get();
    return {};
}

Result<> FileRoom::start() {
    opener_ = std::make_unique<Opener>(privileged_.get());
    desk_ = std::make_unique<FileDesk>(options_, *opener_);
    auto thread = WorkerThread::start("files", [] { return Result<>(); });
    if (!thread)
        return forward_error(thread);
    thread_ = std::move(*thread);
    return {};
}

void FileRoom::ask(v1::FileQuestion question, std::function<void(v1::FileAnswer)> reply) {
    const uint64_t id = question.id();
    const bool posted = thread_->post([this, question = std::move(question), reply] {
        if (!stopping_)
            reply(desk_->answer(question));
    });
    if (posted)
        return;
    ++refused_;
    v1::FileAnswer answer;
    answer.set_id(id);
    answer.set_hash_state(v1::File::HASH_STATE_RATE_LIMITED);
    reply(std::move(answer));
}

void FileRoom::look_up_login(std::string address, uint32_t port,
                             std::function<void(SshLogin)> found) {
    // When too much waits, the session stays without it.
    thread_->post([this, address = std::move(address), port, found = std::move(found)] {
        for (const std::string& path : ssh_logs_) {
            const auto fd =
                opener_->run([path] { return open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY); });
            if (!fd)
                continue;
            if (const auto login = find_ssh_login(read_tail(fd->get()), address, port))
                return found(*login);
        }
    });
}

void FileRoom::fill_status(v1::ProbeStatus& status) const {
    const auto& counts = desk_->counts();
    auto& files = *status.mutable_files();
    files.set_questions(counts.questions + refused_);
    files.set_hashed(counts.hashed);
    files.set_cached(counts.cached);
    files.set_limited(counts.limited + refused_);
    files.set_failed(counts.failed);
    files.set_cache_files(counts.cache_files);
    files.set_package_roots(counts.package_roots);
    files.set_package_bytes(counts.package_bytes);
    if (opener_->stuck())
        status.add_warnings(
            "a file system does not answer: hashes and packages of files are missing until it "
            "does");
}

}  // namespace vedette::probe
