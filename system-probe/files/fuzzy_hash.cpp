// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/fuzzy_hash.h"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::probe {
namespace {

constexpr uint32_t kPrime = 0x01000193;  // of FNV-1

char letter(uint32_t hash) {
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[hash % 64];
}

uint32_t mix(uint32_t hash, uint32_t byte) {
    return hash * kPrime ^ byte;
}

}  // namespace

uint32_t FuzzyHash::Rolling::add(uint32_t byte) {
    weighted += uint32_t{kWindow} * byte - sum;
    sum += byte - window[at];
    window[at] = byte;
    at = (at + 1) % kWindow;
    shifted = shifted << 5 ^ byte;
    return value();
}

void FuzzyHash::add(std::span<const unsigned char> bytes) {
    length_ += bytes.size();
    for (const unsigned char byte : bytes) {
        const uint32_t rolled = rolling_.add(byte);
        for (size_t i = first_; i < end_; ++i) {
            pieces_[i].hash = mix(pieces_[i].hash, byte);
            pieces_[i].half_hash = mix(pieces_[i].half_hash, byte);
        }
        // A cut of one size is a cut of every smaller one.
        for (size_t i = first_; i < end_ && rolled % piece_size(i) == piece_size(i) - 1; ++i)
            cut(i);
    }
    let_go();
}

void FuzzyHash::cut(size_t index) {
    Pieces& pieces = pieces_[index];
    if (pieces.letters == 0 && end_ < kSizes && index + 1 == end_) {
        // Until its first cut a size is like the one below it.
        pieces_[end_] = pieces;
        ++end_;
    }
    pieces.text[pieces.letters] = static_cast<uint8_t>(letter(pieces.hash));
    pieces.half_last = static_cast<uint8_t>(letter(pieces.half_hash));
    pieces.has_half_last = true;
    if (pieces.letters == kLetters - 1) {
        pieces.has_last = true;  // the last piece goes on to the end
        return;
    }
    ++pieces.letters;
    pieces.hash = kStart;
    if (pieces.letters < kLetters / 2) {
        pieces.half_hash = kStart;
        pieces.has_half_last = false;
    }
}

void FuzzyHash::let_go() {
    while (end_ - first_ >= 2 && piece_size(first_) * kLetters < length_ &&
           pieces_[first_ + 1].letters >= kLetters / 2)
        ++first_;
}

std::string FuzzyHash::first_text(const Pieces& pieces) const {
    std::string out(pieces.text.begin(), pieces.text.begin() + static_cast<long>(pieces.letters));
    if (rolling_.value() != 0)
        out += letter(pieces.hash);
    else if (pieces.has_last)
        out += static_cast<char>(pieces.text[kLetters - 1]);
    return out;
}

std::string FuzzyHash::half_text(const Pieces& pieces) const {
    const size_t whole = std::min(pieces.letters, kLetters / 2 - 1);
    std::string out(pieces.text.begin(), pieces.text.begin() + static_cast<long>(whole));
    if (rolling_.value() != 0)
        out += letter(pieces.half_hash);
    else if (pieces.has_half_last)
        out += static_cast<char>(pieces.half_last);
    return out;
}

std::string FuzzyHash::text() const {
    size_t index = first_;
    while (index + 1 < kSizes && piece_size(index) * kLetters < length_)
        ++index;
    index = std::min(index, end_ - 1);
    while (index > first_ && pieces_[index].letters < kLetters / 2)
        --index;
    // A size above all that were cut has one piece so far, from the start on.
    std::string second;
    if (index + 1 < end_)
        second = half_text(pieces_[index + 1]);
    else if (rolling_.value() != 0)
        second = letter(pieces_[index].half_hash);
    return fmt::format("{}:{}:{}", piece_size(index), first_text(pieces_[index]), second);
}

}  // namespace vedette::probe
