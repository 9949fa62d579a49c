// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/record_file.h"

#include <fcntl.h>

#include <cstring>

#include "bpf/abi/records.h"

namespace vedette::probe {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;
constexpr size_t kMaxRecordingBytes = 1u << 30;
constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

Result<RecordWriter> RecordWriter::create(const std::string& path, int64_t boot_time_ns) {
    auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!fd)
        return forward_error(fd, "creating the recording");
    RecordWriter writer(std::move(*fd), path);
    RecordFileHeader header = {};
    std::memcpy(header.magic, kRecordFileMagic, sizeof header.magic);
    header.abi_version = VDT_ABI_VERSION;
    header.boot_time_s = static_cast<uint32_t>((boot_time_ns + kNsPerSecond / 2) / kNsPerSecond);
    writer.buffer_.assign(reinterpret_cast<const char*>(&header), sizeof header);
    if (auto written = writer.flush(); !written)
        return forward_error(written);
    return writer;
}

Result<> RecordWriter::write(std::span<const std::byte> record) {
    buffer_.append(reinterpret_cast<const char*>(record.data()), record.size());
    if (buffer_.size() < kBufferBytes)
        return {};
    return flush();
}

Result<> RecordWriter::flush() {
    if (buffer_.empty())
        return {};
    auto written = write_all(fd_.get(), buffer_, path_);
    buffer_.clear();
    return written;
}

Result<Recording> Recording::load(const std::string& path) {
    auto bytes = read_file(path, kMaxRecordingBytes);
    if (!bytes)
        return forward_error(bytes, "reading the recording");
    Recording recording;
    recording.bytes_ = std::move(*bytes);
    const auto& content = recording.bytes_;

    RecordFileHeader header = {};
    if (content.size() < sizeof header) {
        return fail(ErrorCode::kInvalid, "'{}' is no recording: only {} bytes", path,
                    content.size());
    }
    std::memcpy(&header, content.data(), sizeof header);
    if (std::memcmp(header.magic, kRecordFileMagic, sizeof header.magic) != 0) {
        return fail(ErrorCode::kInvalid, "'{}' is no recording of system-probe", path);
    }
    if (header.abi_version != VDT_ABI_VERSION) {
        return fail(
            ErrorCode::kUnsupported,
            "'{}' has records of version {}, this program reads version {}: record it again", path,
            header.abi_version, VDT_ABI_VERSION);
    }
    recording.boot_time_ns_ = int64_t{header.boot_time_s} * kNsPerSecond;

    size_t at = sizeof header;
    while (at < content.size()) {
        uint32_t size = 0;
        const size_t left = content.size() - at;
        if (left >= sizeof size)
            std::memcpy(&size, content.data() + at, sizeof size);
        if (size < sizeof(vdt_header) || size > left) {
            return fail(ErrorCode::kInvalid,
                        "'{}' is damaged at byte {}: a record of {} bytes where {} are left", path,
                        at, size, left);
        }
        recording.offsets_.push_back(at);
        at += size;
    }
    return recording;
}

std::span<const std::byte> Recording::record(size_t index) const {
    const size_t begin = offsets_[index];
    const size_t end = index + 1 < offsets_.size() ? offsets_[index + 1] : bytes_.size();
    return std::as_bytes(std::span(bytes_).subspan(begin, end - begin));
}

}  // namespace vedette::probe
