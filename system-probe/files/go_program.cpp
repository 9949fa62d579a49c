// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/go_program.h"

#include <elf.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-probe/files/file_metadata.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxSections = 256;
constexpr size_t kMaxNames = 16u << 10;

// debug/buildinfo of the Go library: magic, pointer size, flags, and from byte 32 on the version with its length.
constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr size_t kFlagsAt = 15;
constexpr size_t kVersionAt = 32;
constexpr unsigned char kInline = 2;  // Go 1.18 on

template <typename T>
std::optional<T> read_at(const Content& content, uint64_t offset) {
    T out;
    if (content.read(offset, std::as_writable_bytes(std::span(&out, 1))) != sizeof out)
        return std::nullopt;
    return out;
}

std::optional<Elf64_Shdr> find_section(const Content& content, const Elf64_Ehdr& header,
                                       std::string_view wanted) {
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > kMaxSections ||
        header.e_shstrndx >= header.e_shnum || header.e_shoff > content.size)
        return std::nullopt;
    const auto names = read_at<Elf64_Shdr>(
        content, header.e_shoff + uint64_t{header.e_shstrndx} * sizeof(Elf64_Shdr));
    if (!names || names->sh_size > kMaxNames || names->sh_offset > content.size)
        return std::nullopt;
    std::string text(names->sh_size, '\0');
    text.resize(content.read(names->sh_offset, std::as_writable_bytes(std::span(text))));
    for (size_t i = 0; i < header.e_shnum; ++i) {
        const auto section = read_at<Elf64_Shdr>(content, header.e_shoff + i * sizeof(Elf64_Shdr));
        if (!section)
            return std::nullopt;
        if (section->sh_name < text.size() &&
            std::string_view(text.c_str() + section->sh_name) == wanted)
            return section;
    }
    return std::nullopt;
}

}  // namespace

bool is_garbled_go_program(const Content& content) {
    const auto header = read_at<Elf64_Ehdr>(content, 0);
    if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB)
        return false;
    const auto section = find_section(content, *header, ".go.buildinfo");
    if (!section || section->sh_offset > content.size)
        return false;
    std::string info(kVersionAt + 8, '\0');
    info.resize(content.read(section->sh_offset, std::as_writable_bytes(std::span(info))));
    if (info.size() < kVersionAt + 8 || !info.starts_with(kMagic) ||
        !(static_cast<unsigned char>(info[kFlagsAt]) & kInline))
        return false;
    constexpr std::string_view kUnknown = "\x07unknown";
    return info[kVersionAt] == '\0' || std::string_view(info).substr(kVersionAt) == kUnknown;
}

}  // namespace vedette::probe
