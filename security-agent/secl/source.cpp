// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/source.h"

#include <algorithm>

namespace vedette::secl {
namespace {

uint32_t count_code_points(std::string_view text) {
    return static_cast<uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

}  // namespace

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
    line_starts_.push_back(0);
    for (uint32_t i = 0; i < text_.size(); ++i) {
        if (text_[i] == '\n') {
            line_starts_.push_back(i + 1);
        }
    }
}

Position SourceFile::position(uint32_t offset) const {
    offset = std::min(offset, static_cast<uint32_t>(text_.size()));
    const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const auto line = static_cast<uint32_t>(next - line_starts_.begin());
    const uint32_t start = line_starts_[line - 1];
    return {line, count_code_points(std::string_view(text_).substr(start, offset - start)) + 1};
}

std::string_view SourceFile::line(uint32_t number) const {
    if (number == 0 || number > line_starts_.size()) {
        return {};
    }
    const uint32_t start = line_starts_[number - 1];
    std::string_view rest = std::string_view(text_).substr(start);
    rest = rest.substr(0, rest.find('\n'));
    return rest.ends_with('\r') ? rest.substr(0, rest.size() - 1) : rest;
}

uint32_t SourceFile::width(uint32_t begin, uint32_t end) const {
    begin = std::min(begin, static_cast<uint32_t>(text_.size()));
    end = std::clamp(end, begin, static_cast<uint32_t>(text_.size()));
    std::string_view text = std::string_view(text_).substr(begin, end - begin);
    text = text.substr(0, text.find_first_of("\r\n"));
    return std::max(1U, count_code_points(text));
}

uint32_t SourceText::file_offset(uint32_t offset) const {
    if (offsets.empty()) {
        return offset;
    }
    return offset < offsets.size() ? offsets[offset] : offsets.back() + 1;
}

SourceText source_from_string(std::string name, std::string text) {
    SourceText source;
    source.file = std::make_shared<SourceFile>(std::move(name), text);
    source.text = std::move(text);
    return source;
}

}  // namespace vedette::secl
