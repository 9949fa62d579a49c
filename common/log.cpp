// SPDX-License-Identifier: Apache-2.0
//
// One formatter for all sinks: the message is escaped here, so that no call site can let a file name draw on a
// terminal or start a line of its own in a log.
#include "common/log.h"

#include <fcntl.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <vector>

#include "common/os/fd.h"

namespace vedette {
namespace {

enum class Layout { kText, kJournal, kJson };

constexpr std::array<std::string_view, 7> kLevels = {"trace", "debug",    "info", "warn",
                                                     "error", "critical", "off"};
// syslog(3) priorities of the levels.
constexpr std::array<char, 7> kPriorities = {'7', '7', '6', '4', '3', '2', '7'};

std::string timestamp(spdlog::log_clock::time_point time) {
    const auto ns = time.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ns);
    const time_t when = seconds.count();
    tm utc{};
    gmtime_r(&when, &utc);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(ns - seconds).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms);
}

class Formatter final : public spdlog::formatter {
   public:
    explicit Formatter(Layout layout) : layout_(layout) {}

    void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
        const auto append = [&](std::string_view text) {
            out.append(text.data(), text.data() + text.size());
        };
        const auto level = static_cast<size_t>(msg.level);
        const std::string text = printable({msg.payload.data(), msg.payload.size()});
        const std::string_view name(msg.logger_name.data(), msg.logger_name.size());
        switch (layout_) {
            case Layout::kJson:
                append(boost::json::serialize(boost::json::object{{"time", timestamp(msg.time)},
                                                                  {"level", kLevels[level]},
                                                                  {"logger", name},
                                                                  {"message", text}}));
                break;
            case Layout::kJournal:
                append(fmt::format("<{}>{}", kPriorities[level], text));
                break;
            case Layout::kText:
                append(fmt::format("{} {:<5} {}: {}", timestamp(msg.time), kLevels[level], name,
                                   text));
                break;
        }
        append("\n");
    }

    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<Formatter>(layout_);
    }

   private:
    Layout layout_;
};

/// Writes each line with one write(2); what cannot be written (disk full) is lost, the daemon goes on.
class FdSink : public spdlog::sinks::base_sink<std::mutex> {
   public:
    explicit FdSink(int fd) : fd_(fd) {}

   protected:
    void sink_it_(const spdlog::details::log_msg& msg) override {
        spdlog::memory_buf_t line;
        formatter_->format(msg, line);
        (void)write_all(fd_, {line.data(), line.size()}, "log");
    }
    void flush_() override {}
    int fd_;
};

class FileSink final : public FdSink {
   public:
    explicit FileSink(std::string path) : FdSink(-1), path_(std::move(path)) {}

    Result<> open() {
        // Others must not read it: event contents stand in it.
        auto file = open_file(path_, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0640);
        if (!file)
            return forward_error(file, "log file");
        const std::lock_guard lock(mutex_);
        file_ = std::move(*file);
        fd_ = file_.get();
        return {};
    }

   private:
    std::string path_;
    UniqueFd file_;
};

/// systemd.exec(5): JOURNAL_STREAM names the socket; stderr may have been redirected since.
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat st{};
    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;
    return fmt::format("{}:{}", st.st_dev, st.st_ino) == stream;
}

/// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), 0 when there is none.
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto in = [](unsigned b, unsigned low, unsigned high) { return b >= low && b <= high; };
    const unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    if (in(first, 0xC2, 0xDF))
        return in(byte(1), 0x80, 0xBF) ? 2 : 0;
    if (in(first, 0xE0, 0xEF)) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) ? 3 : 0;
    }
    if (in(first, 0xF0, 0xF4)) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        const bool rest = in(byte(2), 0x80, 0xBF) && in(byte(3), 0x80, 0xBF);
        return in(byte(1), low, high) && rest ? 4 : 0;
    }
    return 0;
}

/// C0, DEL, C1 and the bidirectional controls that make a line read otherwise than it is.
bool is_control(std::string_view sequence) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
    if (sequence.size() == 1)
        return byte(0) < 0x20 || byte(0) == 0x7F;
    if (sequence.size() == 2)
        return byte(0) == 0xC2 && byte(1) < 0xA0;
    if (sequence.size() == 3 && byte(0) == 0xE2) {
        if (byte(1) == 0x80)
            return byte(2) >= 0xA8 && byte(2) <= 0xAE;
        return byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
    }
    return false;
}

Result<spdlog::level::level_enum> parse_level(std::string_view level) {
    for (size_t i = 0; i < kLevels.size(); ++i)
        if (kLevels[i] == level)
            return static_cast<spdlog::level::level_enum>(i);
    return fail(ErrorCode::kInvalid, "unknown log level '{}': use one of {}", printable(level),
                fmt::join(kLevels, ", "));
}

}  // namespace

Result<std::shared_ptr<Logger>> make_logger(const LogOptions& options) {
    const auto level = parse_level(options.level);
    if (!level)
        return tl::unexpected<Error>(level.error());

    std::vector<spdlog::sink_ptr> sinks;
    if (options.console) {
        auto sink = std::make_shared<FdSink>(STDERR_FILENO);
        sink->set_formatter(std::make_unique<Formatter>(stderr_is_journal() ? Layout::kJournal
                                                        : options.json      ? Layout::kJson
                                                                            : Layout::kText));
        sinks.push_back(std::move(sink));
    }
    if (!options.file.empty()) {
        auto sink = std::make_shared<FileSink>(options.file);
        if (auto opened = sink->open(); !opened)
            return forward_error(opened);
        sink->set_formatter(
            std::make_unique<Formatter>(options.json ? Layout::kJson : Layout::kText));
        sinks.push_back(std::move(sink));
    }
    auto logger = std::make_shared<Logger>(options.name, sinks.begin(), sinks.end());
    logger->set_level(*level);
    return logger;
}

Result<> set_log_level(Logger& logger, std::string_view level) {
    const auto parsed = parse_level(level);
    if (!parsed)
        return tl::unexpected<Error>(parsed.error());
    logger.set_level(*parsed);
    return {};
}

Result<> reopen_log(Logger& logger) {
    for (const auto& sink : logger.sinks())
        if (auto* file = dynamic_cast<FileSink*>(sink.get()))
            if (auto opened = file->open(); !opened)
                return opened;
    return {};
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t length = utf8_length(text);
        const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
        if (length == 0 || is_control(sequence)) {
            for (const unsigned char byte : sequence)
                out += fmt::format("\\x{:02x}", byte);
        } else {
            out += sequence;
        }
        text.remove_prefix(sequence.size());
    }
    return out;
}

}  // namespace vedette
