// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/lines.h"

#include <utility>

namespace vedette::live {

void Lines::add(LinePtr line) {
    bytes_ += line->text.size();
    held_.push_back(std::move(line));
    while (held_.size() > limits_.lines || (bytes_ > limits_.bytes && held_.size() > 1))
        drop_oldest();
}

void Lines::clear() {
    while (!held_.empty())
        drop_oldest();
}

void Lines::drop_oldest() {
    bytes_ -= held_.front()->text.size();
    held_.pop_front();
    ++first_;
}

}  // namespace vedette::live
