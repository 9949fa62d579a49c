// SPDX-License-Identifier: Apache-2.0
//
// Somebody who serves a unix socket and may mean harm.
#pragma once

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace vedette::probe::test {

class FakeServer {
   public:
    /// `serve` gets each connection's descriptor and closes nothing.
    explicit FakeServer(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
        char name[] = "/tmp/vedette-fake.XXXXXX";
        directory_ = mkdtemp(name);
        path_ = directory_ + "/s";
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        static_cast<void>(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
        listen(fd_, 8);
        thread_ = std::thread([this] { run(); });
    }
    ~FakeServer() {
        stopping_ = true;
        shutdown(fd_, SHUT_RDWR);
        thread_.join();
        close(fd_);
        unlink(path_.c_str());
        rmdir(directory_.c_str());
    }
    const std::string& path() const { return path_; }
    bool stopping() const { return stopping_; }

    /// Reads the request's head; then sends `answer` and hangs up.
    static FakeServer answering(const std::string& answer) {
        return FakeServer([answer](int fd) {
            read_head(fd);
            send_text(fd, answer);
        });
    }
    static void send_text(int fd, std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            text.remove_prefix(static_cast<size_t>(sent));
        }
    }
    static std::string read_head(int fd) {
        std::string head;
        char c = 0;
        while (!head.ends_with("\r\n\r\n") && read(fd, &c, 1) == 1)
            head += c;
        return head;
    }

   private:
    void run() {
        while (!stopping_) {
            const int one = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
            if (one < 0)
                return;
            serve_(one);
            close(one);
        }
    }

    std::function<void(int fd)> serve_;
    std::string directory_;
    std::string path_;
    int fd_ = -1;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace vedette::probe::test
