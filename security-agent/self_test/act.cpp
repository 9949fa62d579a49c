// SPDX-License-Identifier: Apache-2.0
#include "security-agent/self_test/act.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/os/fd.h"
#include "fields.gen.h"

namespace vedette::self_test {
namespace {

constexpr uint16_t kPort = 9;  // "discard" (RFC 863)

std::string replace_all(std::string_view text, std::string_view what, std::string_view with) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const bool here = text.substr(at).starts_with(what);
        out += here ? with : text.substr(at, 1);
        at += here ? what.size() : 1;
    }
    return out;
}

/// A string literal of the language.
std::string quoted(std::string_view text) {
    return "\"" + replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\"") + "\"";
}

Result<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos)
        return name;
    for (const char* directory : kProgramDirs) {
        std::string path = std::string(directory) + "/" + name;
        if (access(path.c_str(), X_OK) == 0)
            return path;
    }
    return fail(ErrorCode::kNotFound, "'{}' is not in /usr/bin, /bin or /usr/local/bin", name);
}

class SpawnSettings {
   public:
    SpawnSettings() {
        posix_spawn_file_actions_init(&files_);
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            posix_spawn_file_actions_addopen(&files_, fd, "/dev/null", O_RDWR, 0);
        posix_spawnattr_init(&attributes_);
        sigset_t signals;
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~SpawnSettings() {
        posix_spawnattr_destroy(&attributes_);
        posix_spawn_file_actions_destroy(&files_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    const posix_spawn_file_actions_t* files() const { return &files_; }
    const posix_spawnattr_t* attributes() const { return &attributes_; }

   private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

Result<pid_t> spawn(const std::string& program, std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (std::string& argument : command)
        arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    char* environment[] = {nullptr};
    const SpawnSettings settings;
    pid_t pid = 0;
    const int error = posix_spawn(&pid, program.c_str(), settings.files(), settings.attributes(),
                                  arguments.data(), environment);
    if (error != 0)
        return fail_errno(error, "'{}'", program);
    return pid;
}

/// Reaps the child. False: it had to be killed.
bool wait_for(pid_t pid, std::chrono::milliseconds patience, int& status) {
    const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    pollfd waiting{handle.get(), POLLIN, 0};
    const bool ended = poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
    if (!ended)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

}  // namespace

std::vector<Act> make_acts(const std::string& target, const std::string& executable) {
    const std::string file = quoted(target);
    const std::string uid = std::to_string(geteuid());
    std::vector<Act> acts;
    const auto add = [&acts](std::string name, std::string expression,
                             std::vector<std::string> command) {
        std::string rule = "vedette_self_test_rule_" + name;
        acts.push_back(
            {std::move(name), std::move(rule), std::move(expression), std::move(command)});
    };
    add("open", fmt::format("open.file.path == {} && open.flags & O_CREAT > 0", file),
        {"touch", target});
    add("chmod",
        fmt::format("chmod.file.path == {} && chmod.file.destination.rights == 0640", file),
        {"chmod", "0640", target});
    add("chown",
        fmt::format("chown.file.path == {} && chown.file.destination.uid == {}", file, uid),
        {"chown", uid, target});
    const std::string mark = target + ".exec";
    add("exec", fmt::format("exec.argv in [{}]", quoted(mark)), {"touch", "-c", mark});
    add("connect",
        fmt::format("connect.addr.ip == 127.0.0.1 && connect.addr.port == {} && process.argv in "
                    "[{}]",
                    kPort, file),
        {executable, kConnectCommand, target});
    return acts;
}

Result<policy::CompiledPolicies> compile_rules(const std::vector<Act>& acts) {
    std::string text = "version: 1.0.0\nrules:\n";
    for (const Act& act : acts)
        text += fmt::format("  - id: {}\n    expression: '{}'\n", act.rule,
                            replace_all(act.expression, "'", "''"));
    policy::CompiledPolicies compiled = policy::compile_policies(
        policy::load_policy_text("self-test", std::move(text), {}), engine::field_table());
    if (compiled.rules.size() == acts.size())
        return compiled;
    const auto& problems = compiled.diagnostics.items();
    return fail(ErrorCode::kInvalid, "the rules of the self-test do not compile: {}",
                problems.empty() ? "" : secl::render(problems.front()));
}

Result<> perform(const Act& act, std::chrono::milliseconds patience) {
    auto program = find_program(act.command.front());
    if (!program)
        return forward_error(program);
    auto pid = spawn(*program, act.command);
    if (!pid)
        return forward_error(pid);
    int status = 0;
    if (!wait_for(*pid, patience, status))
        return fail(ErrorCode::kUnavailable, "'{}' did not end within {} ms", *program,
                    patience.count());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(ErrorCode::kIo, "'{}' failed (wait status {})", *program, status);
    return {};
}

int connect_once() {
    const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kPort);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    return connect(socket_fd.get(), where, sizeof address) == 0 ? 0 : 1;
}

}  // namespace vedette::self_test
