// SPDX-License-Identifier: Apache-2.0
//
// What commands know of the terminal they write to.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace vedette::cli {

/// Standard output is a terminal, and nobody asked for plain text (NO_COLOR, TERM=dumb, `plain`).
bool colour_wanted(bool plain);

/// `content` in the colours of an SGR code such as "1;31".
struct Style {
    bool colour = false;
    std::string operator()(std::string_view code, std::string_view content) const;
};

/// All of it to standard output. False: the reader has gone.
bool put_out(std::string_view text);

struct WindowSize {
    size_t rows = 24;
    size_t columns = 80;
};
/// Of the terminal at standard output, else what LINES and COLUMNS say, else 24 x 80.
WindowSize window_size();

/// The terminal's other screen without cursor and echo, until it goes: also at SIGINT, SIGTERM and SIGHUP.
class FullScreen {
   public:
    FullScreen();
    ~FullScreen();
    FullScreen(const FullScreen&) = delete;
    FullScreen& operator=(const FullScreen&) = delete;

    /// Waits for a key, a signal or a change of size. False: the user wants to leave (q, Ctrl-C, a signal).
    bool wait(int milliseconds);

   private:
    struct Saved;
    std::unique_ptr<Saved> saved_;
};

/// From now on SIGINT and SIGTERM end the process with exit code 0: it holds nothing that needs care.
void leave_on_signals();

}  // namespace vedette::cli
