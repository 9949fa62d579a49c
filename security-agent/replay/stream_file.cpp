// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/stream_file.h"

#include <endian.h>

#include <boost/crc.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "security-agent/secl/diagnostics_json.h"

namespace vedette::replay {
namespace {

constexpr std::string_view kMagic = "VDTSTRM\n";

uint32_t checksum(std::string_view payload) {
    boost::crc_32_type crc;
    crc.process_bytes(payload.data(), payload.size());
    return crc.checksum();
}

void append_number(std::string& out, uint32_t number) {
    const uint32_t little = htole32(number);
    char bytes[sizeof little];
    std::memcpy(bytes, &little, sizeof little);
    out.append(bytes, sizeof little);
}

uint32_t number_at(const char* bytes) {
    uint32_t little = 0;
    std::memcpy(&little, bytes, sizeof little);
    return le32toh(little);
}

std::string frame(std::string_view payload) {
    std::string out;
    out.reserve(payload.size() + 8);
    append_number(out, static_cast<uint32_t>(payload.size()));
    append_number(out, checksum(payload));
    return out.append(payload);
}

std::string member(const boost::json::object& object, std::string_view key) {
    const boost::json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string stream_header(const StreamInfo& info) {
    const engine::AgentFacts& agent = info.agent;
    boost::json::object out;
    for (const auto& [key, value] :
         {std::pair("version", &agent.version), std::pair("os", &agent.os),
          std::pair("arch", &agent.arch), std::pair("origin", &agent.origin),
          std::pair("kernel_version", &agent.kernel_version),
          std::pair("distribution", &agent.distribution), std::pair("hostname", &info.hostname)})
        out[key] = secl::valid_utf8(*value);
    out["started_ns"] = info.started_ns;
    std::string text(kMagic);
    append_number(text, kStreamVersion);
    return text + frame(boost::json::serialize(out));
}

std::string stream_frame(std::string_view message) {
    return frame(message);
}

Result<StreamReader> StreamReader::open(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (!file)
        return fail_errno(errno, "'{}'", path);
    StreamReader reader(path, file);
    if (Result<> header = reader.read_header(); !header)
        return forward_error(header);
    return reader;
}

bool StreamReader::read(char* out, size_t size) {
    const size_t got = std::fread(out, 1, size, file_.get());
    offset_ += got;
    return got == size;
}

Result<> StreamReader::read_header() {
    char start[12];
    if (!read(start, sizeof start) || std::string_view(start, kMagic.size()) != kMagic)
        return fail(ErrorCode::kInvalid, "'{}' is no recorded stream", path_);
    if (const uint32_t version = number_at(start + kMagic.size()); version != kStreamVersion)
        return fail(ErrorCode::kUnsupported, "'{}' has format {}, this program reads {}", path_,
                    version, kStreamVersion);
    std::string payload;
    Result<bool> found = read_frame(payload);
    if (!found)
        return forward_error(found);
    boost::system::error_code error;
    const auto value = boost::json::parse(payload, error);
    if (!*found || error || !value.is_object())
        return fail(ErrorCode::kInvalid, "'{}' does not say where it comes from", path_);
    const auto& object = value.get_object();
    info_.agent = {member(object, "version"),        member(object, "os"),
                   member(object, "arch"),           member(object, "origin"),
                   member(object, "kernel_version"), member(object, "distribution")};
    info_.hostname = member(object, "hostname");
    if (const auto* started = object.if_contains("started_ns"); started && started->is_int64())
        info_.started_ns = started->get_int64();
    return {};
}

Result<bool> StreamReader::read_frame(std::string& payload) {
    const uint64_t begin = offset_;
    char head[8];
    const size_t got = std::fread(head, 1, sizeof head, file_.get());
    offset_ += got;
    if (got == 0)
        return false;
    if (got != sizeof head)
        return fail(ErrorCode::kInvalid, "'{}' ends in the middle of a message at offset {}", path_,
                    begin);
    const uint32_t size = number_at(head);
    if (size > kMaxFrame)
        return fail(ErrorCode::kInvalid, "'{}' is damaged at offset {}: a message of {} bytes",
                    path_, begin, size);
    payload.resize(size);
    if (!read(payload.data(), size))
        return fail(ErrorCode::kInvalid, "'{}' ends in the middle of a message at offset {}", path_,
                    begin);
    if (checksum(payload) != number_at(head + 4))
        return fail(ErrorCode::kInvalid, "'{}' is damaged at offset {}: wrong checksum", path_,
                    begin);
    return true;
}

Result<std::optional<v1::SubscribeResponse>> StreamReader::next() {
    const uint64_t begin = offset_;
    std::string payload;
    Result<bool> found = read_frame(payload);
    if (!found)
        return forward_error(found);
    if (!*found)
        return std::optional<v1::SubscribeResponse>();
    v1::SubscribeResponse message;
    if (!message.ParseFromString(payload))
        return fail(ErrorCode::kInvalid, "'{}' is damaged at offset {}: no message of the stream",
                    path_, begin);
    return std::optional<v1::SubscribeResponse>(std::move(message));
}

}  // namespace vedette::replay
