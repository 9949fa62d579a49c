// SPDX-License-Identifier: Apache-2.0
#include "system-probe/packets/tls_version.h"

#include <algorithm>

namespace vedette::probe {
namespace {

constexpr uint8_t kChangeCipherSpec = 20, kHandshake = 22, kApplicationData = 23;
constexpr uint8_t kClientHello = 1, kServerHello = 2;
constexpr uint16_t kSupportedVersions = 43;
constexpr size_t kRandomSize = 32;
constexpr uint16_t kOldest = 0x0300, kNewest = 0x0304;

/// Reads at a position that only grows; everything is 0 or empty once something did not fit.
class Reader {
   public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    bool at_end() const { return bytes_.empty(); }

    uint32_t number(size_t size) {
        uint32_t out = 0;
        for (const char c : take(size))
            out = out << 8 | static_cast<unsigned char>(c);
        return out;
    }

    std::string_view take(size_t size) {
        if (size > bytes_.size()) {
            ok_ = false;
            bytes_ = {};
            return {};
        }
        const auto out = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return out;
    }

    /// A length of `size` bytes and what it counts; what is not there of it is left out.
    std::string_view list(size_t size) {
        const size_t length = number(size);
        return take(std::min(length, bytes_.size()));
    }

   private:
    std::string_view bytes_;
    bool ok_ = true;
};

bool is_version(uint32_t version) {
    return version >= kOldest && version <= kNewest;
}

/// Of the extension supported_versions: the server's one, or the newest of a client's list.
uint16_t supported_version(uint8_t hello, std::string_view data) {
    Reader reader(data);
    if (hello == kServerHello)
        return static_cast<uint16_t>(reader.number(2));
    Reader list(reader.list(1));
    uint32_t newest = 0;
    while (!list.at_end()) {
        const uint32_t version = list.number(2);
        if (is_version(version))
            newest = std::max(newest, version);
    }
    return static_cast<uint16_t>(newest);
}

uint16_t hello_version(Reader reader) {
    const auto hello = static_cast<uint8_t>(reader.number(1));
    if (hello != kClientHello && hello != kServerHello)
        return 0;
    reader.number(3);
    const uint32_t legacy = reader.number(2);
    reader.take(kRandomSize);
    reader.list(1);  // session
    if (!reader.ok() || !is_version(legacy))
        return 0;
    reader.take(hello == kClientHello ? reader.number(2) : 2);  // cipher suites
    reader.take(hello == kClientHello ? reader.number(1) : 1);  // compression
    Reader extensions(reader.list(2));
    while (!extensions.at_end()) {
        const uint32_t type = extensions.number(2);
        const auto data = extensions.list(2);
        const uint16_t version = type == kSupportedVersions ? supported_version(hello, data) : 0;
        if (is_version(version))
            return version;
    }
    return static_cast<uint16_t>(legacy);
}

}  // namespace

uint16_t tls_version(std::string_view payload) {
    Reader reader(payload);
    const uint32_t type = reader.number(1);
    const uint32_t version = reader.number(2);
    const uint32_t length = reader.number(2);
    // RFC 8446 5.1: at most 2^14, and 256 more of what is encrypted.
    if (!reader.ok() || type < kChangeCipherSpec || type > kApplicationData || length == 0 ||
        length > (1U << 14) + 2048 || !is_version(version))
        return 0;
    const uint16_t hello = type == kHandshake ? hello_version(reader) : 0;
    return hello != 0 ? hello : static_cast<uint16_t>(version);
}

}  // namespace vedette::probe
