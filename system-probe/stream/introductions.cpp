// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/introductions.h"

#include <boost/container/small_vector.hpp>
#include <limits>

namespace vedette::probe {
namespace {

bool is_of_known_process(const Image& image) {
    const Image* before = image.parent;
    return before != nullptr && before->told && before->process_key == image.process_key;
}

}  // namespace

void Introductions::introduce(const Image& image) {
    boost::container::small_vector<const Image*, 16> unknown;
    for (const Image* at = &image; at != nullptr && !at->told; at = at->parent)
        unknown.push_back(at);
    for (auto at = unknown.rbegin(); at != unknown.rend(); ++at) {
        (*at)->told = true;
        next_.changed(**at);
    }
}

void Introductions::changed(const Image& image) {
    if (image.told) {
        if (image.parent != nullptr)
            introduce(*image.parent);  // it may be another than before
        next_.changed(image);
    } else if (all_ || is_of_known_process(image)) {
        introduce(image);
    } else {
        some_wait_ = true;
    }
}

void Introductions::ended(const Image& image) {
    if (image.told)
        next_.ended(image);
}

void Introductions::gone(const Image& image) {
    if (image.told)
        next_.gone(image);
}

void Introductions::tell_all(bool all, ProcessResolver& resolver) {
    all_ = all;
    if (all)
        tell_living(resolver, std::numeric_limits<size_t>::max());
}

void Introductions::tick(ProcessResolver& resolver) {
    tell_living(resolver, kMaxByTick);
}

void Introductions::tell_living(ProcessResolver& resolver, size_t max) {
    if (!some_wait_)
        return;
    some_wait_ = false;
    size_t told = 0;
    resolver.for_each_living([&](const Image& image) {
        if (image.told)
            return;
        some_wait_ = told == max;
        if (some_wait_)
            return;
        introduce(image);
        ++told;
    });
}

void Introductions::all_are_told(const ProcessResolver& resolver) {
    resolver.for_each_image([](const Image& image) { image.told = true; });
    some_wait_ = false;
}

}  // namespace vedette::probe
