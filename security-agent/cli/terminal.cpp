// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace vedette::cli {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::array kEnding = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t ended = 0;

size_t from_environment(const char* name, size_t otherwise) {
    const char* value = std::getenv(name);
    const int number = value ? std::atoi(value) : 0;
    return number > 0 && number < 10'000 ? static_cast<size_t>(number) : otherwise;
}

void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigaction(signal, &action, nullptr);
}

}  // namespace

bool colour_wanted(bool plain) {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return !plain && !(no_color && *no_color) && !(term && std::string_view(term) == "dumb") &&
           isatty(STDOUT_FILENO);
}

std::string Style::operator()(std::string_view code, std::string_view content) const {
    return colour && !content.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, content)
                                      : std::string(content);
}

bool put_out(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

WindowSize window_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        return {size.ws_row, size.ws_col};
    return {from_environment("LINES", 24), from_environment("COLUMNS", 80)};
}

struct FullScreen::Saved {
    termios input{};
    bool has_input = false;
};

FullScreen::FullScreen() : saved_(std::make_unique<Saved>()) {
    ended = 0;
    for (const int signal : kEnding)
        set_handler(signal, [](int) { ended = 1; });
    set_handler(SIGWINCH, [](int) {});  // ends a wait
    if (tcgetattr(STDIN_FILENO, &saved_->input) == 0) {
        saved_->has_input = true;
        termios raw = saved_->input;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    put_out(kEnter);
}

FullScreen::~FullScreen() {
    put_out(kLeave);
    if (saved_->has_input)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_->input);
}

bool FullScreen::wait(int milliseconds) {
    if (ended != 0)  // while nobody waited
        return false;
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&keys, saved_->has_input ? 1 : 0, milliseconds);
    if (ready > 0) {
        char key = 0;
        if (read(STDIN_FILENO, &key, 1) <= 0)
            return false;
        return key != 'q' && key != 'Q' && ended == 0;
    }
    return ended == 0;
}

void leave_on_signals() {
    for (const int signal : {SIGINT, SIGTERM})
        set_handler(signal, [](int) { _exit(0); });
    std::signal(SIGPIPE, SIG_IGN);  // a write that fails says it, too
}

}  // namespace vedette::cli
