// SPDX-License-Identifier: Apache-2.0
//
// The threads that look into files: `opener`, which may open what belongs to others, and `files`, which may not, and
// does everything else. The pipeline never waits for either.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "common/config/settings.h"
#include "system-probe/app/privileged_worker.h"
#include "system-probe/app/worker_thread.h"
#include "system-probe/files/file_desk.h"
#include "system-probe/files/opener.h"
#include "system-probe/files/ssh_log.h"

namespace vedette::v1 {
class ProbeStatus;
}

namespace vedette::probe {

class FileRoom {
   public:
    /// Errors: a setting that names no hash algorithm.
    static Result<FileDesk::Options> options_from(const Settings& settings);

    /// `ssh_logs`: files, in the order of trying.
    FileRoom(FileDesk::Options options, std::vector<std::string> ssh_logs)
        : options_(std::move(options)), ssh_logs_(std::move(ssh_logs)) {}
    ~FileRoom();
    FileRoom(const FileRoom&) = delete;
    FileRoom& operator=(const FileRoom&) = delete;

    /// Before the capabilities are dropped.
    Result<> start_opener();
    /// The thread that opens files: its opens are answers to the agent and no events. After start_opener().
    uint32_t opener_tid() const { return opener_tid_; }
    /// After that.
    Result<> start();

    /// Any thread. `reply` is called with the answer from another one, unless it stops first.
    void ask(v1::FileQuestion question, std::function<void(v1::FileAnswer)> reply);

    /// What the system's logs say of that client of sshd: `found` is called from another thread, or never. Any thread.
    void look_up_login(std::string address, uint32_t port, std::function<void(SshLogin)> found);

    /// Any thread.
    void fill_status(v1::ProbeStatus& status) const;

   private:
    FileDesk::Options options_;
    std::vector<std::string> ssh_logs_;
    std::unique_ptr<PrivilegedWorker> privileged_;
    uint32_t opener_tid_ = 0;
    std::unique_ptr<Opener> opener_;
    std::unique_ptr<FileDesk> desk_;
    std::unique_ptr<WorkerThread> thread_;
    std::atomic<bool> stopping_ = false;
    std::atomic<uint64_t> refused_ = 0;
};

}  // namespace vedette::probe
