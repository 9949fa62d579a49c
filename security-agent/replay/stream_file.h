// SPDX-License-Identifier: Apache-2.0
//
// A recorded event stream: what the probe sent to the agent, with the processes that were known when the recording began,
// so that it can be evaluated again without either.
//
//   "VDTSTRM\n", format version (u32), then frames: size (u32), CRC-32 of the payload (u32), payload
//
// Numbers are little endian. The first frame is JSON and says where the recording comes from, the others are
// v1.SubscribeResponse: a Welcome, the processes in batches without events, then the stream.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "security-agent/engine/alert.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::replay {

inline constexpr uint32_t kStreamVersion = 1;
inline constexpr size_t kMaxFrame = 16U << 20;

/// Where a recording comes from: alerts of a replay say the same of their agent.
struct StreamInfo {
    engine::AgentFacts agent;
    std::string hostname;
    int64_t started_ns = 0;  ///< since 1970
};

/// All up to the first message.
std::string stream_header(const StreamInfo& info);

/// A SubscribeResponse with its size and checksum in front.
std::string stream_frame(std::string_view message);

/// Reads one file from beginning to end. Errors name the file and the offset in it.
class StreamReader {
   public:
    static Result<StreamReader> open(const std::string& path);

    const StreamInfo& info() const { return info_; }
    /// The next message; nothing at the end of the file. After an error there is nothing more to read.
    Result<std::optional<v1::SubscribeResponse>> next();

   private:
    explicit StreamReader(std::string path, std::FILE* file)
        : path_(std::move(path)), file_(file, &std::fclose) {}

    Result<> read_header();
    /// False at the end of the file.
    Result<bool> read_frame(std::string& payload);
    bool read(char* out, size_t size);

    std::string path_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
    uint64_t offset_ = 0;
    StreamInfo info_;
};

}  // namespace vedette::replay
