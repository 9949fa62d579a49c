// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/file_metadata.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-probe/files/go_program.h"
#include "vedette/v1/process.pb.h"

namespace vedette::probe {
namespace {

// Constant families of the language (security-agent/secl/constants_network.cpp).
enum Type : uint32_t {
    kEmpty = 1,
    kShellScript = 2,
    kText = 3,
    kCompressed = 4,
    kBinary = 6,
    kLinuxExecutable = 7,
    kWindowsExecutable = 8,
    kMacosExecutable = 9,
};
enum Architecture : uint32_t { kX86 = 1, kX86_64 = 2, kArm = 3, kArm64 = 4 };
enum Abi : uint32_t { kBit32 = 1, kBit64 = 2 };

constexpr size_t kHeadBytes = 4096;
constexpr size_t kTailBytes = 512;

constexpr std::string_view kUpxMagic = "UPX!";

struct Magic {
    std::string_view bytes;
    uint32_t compression;
};
using namespace std::string_view_literals;
constexpr std::array<Magic, 6> kCompressions = {{{"\x1f\x8b"sv, 1},
                                                 {"PK\x03\x04"sv, 2},
                                                 {"\x28\xb5\x2f\xfd"sv, 3},
                                                 {"7z\xbc\xaf\x27\x1c"sv, 4},
                                                 {"BZh"sv, 5},
                                                 {"\xfd"
                                                  "7zXZ\0"sv,
                                                  6}}};

std::string read_text(const Content& content, uint64_t offset, size_t size) {
    std::string out(size, '\0');
    out.resize(content.read(offset, std::as_writable_bytes(std::span(out))));
    return out;
}

template <typename T>
std::optional<T> at(std::string_view bytes, size_t offset) {
    T out;
    if (offset > bytes.size() || bytes.size() - offset < sizeof out)
        return std::nullopt;
    std::memcpy(&out, bytes.data() + offset, sizeof out);
    return out;
}

uint32_t elf_architecture(uint16_t machine) {
    switch (machine) {
        case EM_386:
            return kX86;
        case EM_X86_64:
            return kX86_64;
        case EM_ARM:
            return kArm;
        case EM_AARCH64:
            return kArm64;
        default:
            return 0;
    }
}

/// IMAGE_FILE_MACHINE_* of the PE format.
uint32_t pe_architecture(uint16_t machine) {
    switch (machine) {
        case 0x014c:
            return kX86;
        case 0x8664:
            return kX86_64;
        case 0x01c0:
        case 0x01c4:
            return kArm;
        case 0xaa64:
            return kArm64;
        default:
            return 0;
    }
}

/// Programs of the other byte order have their fields swapped.
uint16_t in_order(uint16_t value, bool swapped) {
    return swapped ? static_cast<uint16_t>(value >> 8 | value << 8) : value;
}

void read_elf(const Content& content, std::string_view head, v1::FileMetadata& out) {
    const auto type = at<uint16_t>(head, offsetof(Elf64_Ehdr, e_type));
    const auto machine = at<uint16_t>(head, offsetof(Elf64_Ehdr, e_machine));
    if (!type || !machine) {
        out.set_type(kBinary);
        return;
    }
    const bool swapped = head[EI_DATA] == ELFDATA2MSB;
    const uint16_t kind = in_order(*type, swapped);
    const bool program = kind == ET_EXEC || kind == ET_DYN;
    out.set_type(program ? kLinuxExecutable : kBinary);
    out.set_is_executable(program);
    out.set_architecture(elf_architecture(in_order(*machine, swapped)));
    if (head[EI_CLASS] == ELFCLASS32)
        out.set_abi(kBit32);
    else if (head[EI_CLASS] == ELFCLASS64)
        out.set_abi(kBit64);
    const std::string tail =
        read_text(content, content.size - std::min<uint64_t>(content.size, kTailBytes), kTailBytes);
    out.set_is_upx_packed(head.find(kUpxMagic) != head.npos || tail.find(kUpxMagic) != tail.npos);
    out.set_is_garble_obfuscated(program && is_garbled_go_program(content));
}

bool read_pe(std::string_view head, v1::FileMetadata& out) {
    constexpr size_t kPointer = 0x3c;
    const auto start = at<uint32_t>(head, kPointer);
    if (!start || *start > head.size() || head.substr(*start, 4) != "PE\0\0"sv)
        return false;
    const uint32_t architecture = pe_architecture(at<uint16_t>(head, *start + 4).value_or(0));
    out.set_type(kWindowsExecutable);
    out.set_is_executable(true);
    out.set_architecture(architecture);
    if (architecture != 0)
        out.set_abi(architecture == kX86_64 || architecture == kArm64 ? kBit64 : kBit32);
    out.set_is_upx_packed(head.find("UPX0") != head.npos);
    return true;
}

/// MH_MAGIC and MH_MAGIC_64 in both orders. The magic of universal programs is also that of Java classes.
bool is_macho(std::string_view head) {
    static constexpr std::array<std::string_view, 4> kMagic = {
        "\xce\xfa\xed\xfe"sv, "\xcf\xfa\xed\xfe"sv, "\xfe\xed\xfa\xce"sv, "\xfe\xed\xfa\xcf"sv};
    return std::ranges::any_of(kMagic, [&](auto magic) { return head.starts_with(magic); });
}

/// "#!/usr/bin/env bash" and "#!/bin/sh -e" are for a shell, "#!/usr/bin/python3" is not.
bool is_for_shell(std::string_view line) {
    size_t begin = 0;
    while (begin < line.size()) {
        begin = line.find_first_not_of(" \t", begin);
        if (begin == line.npos)
            return false;
        const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
        std::string_view word = line.substr(begin, end - begin);
        word.remove_prefix(word.rfind('/') + 1);
        if (word.ends_with("sh"))
            return true;
        if (word != "env" && !word.starts_with('-'))
            return false;
        begin = end;
    }
    return false;
}

bool is_text(std::string_view head) {
    return std::ranges::none_of(head, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0x7f || (byte < 0x20 && !std::strchr("\t\n\v\f\r\x1b\b", c)) || c == '\0';
    });
}

}  // namespace

Content content_of(int fd, uint64_t size) {
    return {size, [fd](uint64_t offset, std::span<std::byte> into) -> size_t {
                size_t done = 0;
                while (done < into.size()) {
                    const ssize_t got = pread(fd, into.data() + done, into.size() - done,
                                              static_cast<off_t>(offset + done));
                    if (got < 0 && errno == EINTR)
                        continue;
                    if (got <= 0)
                        break;
                    done += static_cast<size_t>(got);
                }
                return done;
            }};
}

void read_metadata(const Content& content, v1::FileMetadata& out) {
    out.set_size(content.size);
    const std::string head = read_text(content, 0, kHeadBytes);
    if (head.empty()) {
        out.set_type(kEmpty);
        return;
    }
    if (head.starts_with(ELFMAG))
        return read_elf(content, head, out);
    if (head.starts_with("MZ") && read_pe(head, out))
        return;
    if (is_macho(head)) {
        out.set_type(kMacosExecutable);
        out.set_is_executable(true);
        return;
    }
    for (const auto& [magic, compression] : kCompressions) {
        if (head.starts_with(magic)) {
            out.set_type(kCompressed);
            out.set_compression(compression);
            return;
        }
    }
    if (head.starts_with("#!")) {
        const auto line = std::string_view(head).substr(2, head.find('\n') - 2);
        out.set_type(is_for_shell(line) ? kShellScript : is_text(head) ? kText : kBinary);
        out.set_is_executable(true);
        return;
    }
    out.set_type(is_text(head) ? kText : kBinary);
}

}  // namespace vedette::probe
