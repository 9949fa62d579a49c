// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace vedette::probe {
namespace {

constexpr size_t kMaxText = 256 * 1024;
thread_local LibbpfLog* current_log = nullptr;

__attribute__((format(printf, 2, 0))) int print_line(libbpf_print_level level, const char* format,
                                                     va_list args) {
    if (level != LIBBPF_WARN || current_log == nullptr)
        return 0;
    char line[8192];
    const int length = std::vsnprintf(line, sizeof(line), format, args);
    current_log->add(line);
    return length;
}

}  // namespace

LibbpfLog::LibbpfLog() : outer_(current_log) {
    current_log = this;
    libbpf_set_print(print_line);
}

LibbpfLog::~LibbpfLog() {
    current_log = outer_;
}

void LibbpfLog::add(const char* line) {
    text_ += line;
    if (text_.size() > kMaxText)
        text_.erase(0, text_.size() - kMaxText);
}

std::string LibbpfLog::failed_program() const {
    // libbpf: prog 'handle_open': failed to load: -13 / failed to find kernel BTF type ID of ...
    constexpr std::string_view kBegin = "prog '";
    size_t at = 0;
    while ((at = text_.find(kBegin, at)) != std::string::npos) {
        at += kBegin.size();
        const size_t end = text_.find("': ", at);
        if (end == std::string::npos)
            break;
        if (text_.compare(end + 3, 6, "failed") == 0)
            return text_.substr(at, end - at);
    }
    return {};
}

}  // namespace vedette::probe
