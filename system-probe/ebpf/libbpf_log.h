// SPDX-License-Identifier: Apache-2.0
//
// What libbpf says while it works. It has one global callback without a context, so the lines of this thread go to
// the innermost live LibbpfLog of this thread; without one they are dropped.
#pragma once

#include <string>

namespace vedette::probe {

class LibbpfLog {
   public:
    LibbpfLog();
    ~LibbpfLog();
    LibbpfLog(const LibbpfLog&) = delete;
    LibbpfLog& operator=(const LibbpfLog&) = delete;

    /// Warnings so far; the newest kept when there are many.
    const std::string& text() const { return text_; }
    /// Name of the program that failed to load; empty when the failure was no program's.
    std::string failed_program() const;

    void add(const char* line);

   private:
    std::string text_;
    LibbpfLog* outer_;
};

}  // namespace vedette::probe
