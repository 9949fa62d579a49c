// SPDX-License-Identifier: Apache-2.0
#include "system-probe/packets/dns_message.h"

#include <algorithm>

namespace vedette::probe {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr size_t kMaxName = 255;       // octets on the wire, RFC 1035 3.1
constexpr unsigned kMaxRecords = 256;  // of the answer section, that are looked at
constexpr uint16_t kInternet = 1;
constexpr uint16_t kTypeA = 1, kTypeCname = 5, kTypeAaaa = 28, kTypeOpt = 41;

/// Reads at a position that only grows; everything fails once something did.
class Reader {
   public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }

    uint16_t u16() {
        const auto bytes = take(2);
        return ok_ ? static_cast<uint16_t>(byte(bytes[0]) << 8 | byte(bytes[1])) : uint16_t{0};
    }

    uint32_t u32() {
        const uint32_t high = u16();
        return high << 16 | u16();
    }

    std::string_view take(size_t size) {
        if (!ok_ || size > bytes_.size() - at_) {
            ok_ = false;
            return {};
        }
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }

    /// The name here; a compressed rest is read where it is.
    std::string name() {
        std::string out;
        size_t at = at_;
        size_t chunk = at_;  // where the labels that are being read began
        size_t wire = 0;
        bool jumped = false;
        for (;;) {
            if (at >= bytes_.size())
                return broken();
            const unsigned length = byte(bytes_[at]);
            if ((length & 0xc0) == 0xc0) {
                if (bytes_.size() - at < 2)
                    return broken();
                const size_t target = (length & 0x3f) << 8 | byte(bytes_[at + 1]);
                if (!jumped)
                    at_ = at + 2;
                jumped = true;
                // Strictly backwards: a loop cannot be.
                if (target >= chunk)
                    return broken();
                at = chunk = target;
                continue;
            }
            wire += length + 1;
            if ((length & 0xc0) != 0 || length >= bytes_.size() - at || wire > kMaxName)
                return broken();
            at += 1;
            if (length == 0)
                break;
            append_label(out, bytes_.substr(at, length));
            at += length;
        }
        if (!jumped)
            at_ = at;
        return out;
    }

    /// The name in `data`, which was taken from here.
    std::string name_in(std::string_view data) const {
        Reader inside(bytes_);
        inside.at_ = static_cast<size_t>(data.data() - bytes_.data());
        std::string name = inside.name();
        return inside.ok() ? name : std::string();
    }

   private:
    static unsigned byte(char c) { return static_cast<unsigned char>(c); }

    static void append_label(std::string& out, std::string_view label) {
        if (!out.empty())
            out += '.';
        for (const char c : label) {
            if (c == '.' || c == '\\')
                out += '\\';
            out += c;
        }
    }

    std::string broken() {
        ok_ = false;
        return {};
    }

    std::string_view bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

void read_answer(Reader& reader, DnsMessage& out) {
    reader.name();
    const uint16_t type = reader.u16();
    const uint16_t qclass = reader.u16();
    const uint32_t ttl = reader.u32();
    const auto data = reader.take(reader.u16());
    if (!reader.ok() || qclass != kInternet)
        return;
    if ((type == kTypeA && data.size() == 4) || (type == kTypeAaaa && data.size() == 16)) {
        if (out.addresses.size() == DnsMessage::kMaxAddresses)
            return;
        out.addresses.emplace_back(data);
    } else if (type == kTypeCname) {
        std::string alias = reader.name_in(data);
        if (alias.empty() || out.aliases.size() == DnsMessage::kMaxAliases)
            return;
        out.aliases.push_back(std::move(alias));
    } else {
        return;
    }
    const bool is_first = out.addresses.size() + out.aliases.size() == 1;
    out.ttl_s = is_first ? ttl : std::min(out.ttl_s, ttl);
}

/// The upper bits of the code are in the one OPT record that there may be (RFC 6891 6.1.3).
void read_extended_code(Reader& reader, unsigned records, DnsMessage& out) {
    for (unsigned i = 0; i < records && reader.ok(); ++i) {
        reader.name();
        const uint16_t type = reader.u16();
        reader.u16();
        const uint32_t extended = reader.u32() >> 24;
        reader.take(reader.u16());
        if (type != kTypeOpt || !reader.ok())
            continue;
        out.code = static_cast<uint16_t>(out.code | extended << 4);
        return;
    }
}

}  // namespace

std::optional<DnsMessage> parse_dns_message(std::string_view bytes) {
    if (bytes.size() < kHeaderSize)
        return std::nullopt;
    Reader reader(bytes);
    DnsMessage out;
    out.id = reader.u16();
    const uint16_t flags = reader.u16();
    out.is_response = (flags & 0x8000) != 0;
    out.code = out.is_response ? flags & 0xf : 0;
    out.question_count = reader.u16();
    const uint16_t answers = reader.u16();
    const unsigned others = reader.u16() + unsigned{reader.u16()};  // authority, additional
    for (unsigned i = 0; i < out.question_count && reader.ok(); ++i) {
        std::string name = reader.name();
        const uint16_t type = reader.u16();
        const uint16_t qclass = reader.u16();
        if (i != 0 || !reader.ok())
            continue;
        out.name = std::move(name);
        out.type = type;
        out.qclass = qclass;
    }
    for (unsigned i = 0;
         out.is_response && i < std::min<unsigned>(answers, kMaxRecords) && reader.ok(); ++i)
        read_answer(reader, out);
    if (out.is_response && answers <= kMaxRecords)
        read_extended_code(reader, std::min(others, kMaxRecords), out);
    return out;
}

}  // namespace vedette::probe
