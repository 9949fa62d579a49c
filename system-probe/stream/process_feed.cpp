// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/process_feed.h"

#include <algorithm>
#include <utility>

#include "system-probe/resolvers/process_node.h"

namespace vedette::probe {
namespace {

v1::ProcessEvent::Type type_of(const v1::Event& event) {
    switch (event.payload_case()) {
        case v1::Event::kFork:
            return v1::ProcessEvent::TYPE_FORK;
        case v1::Event::kExec:
            return v1::ProcessEvent::TYPE_EXEC;
        case v1::Event::kExit:
            return v1::ProcessEvent::TYPE_EXIT;
        default:
            return v1::ProcessEvent::TYPE_UNSPECIFIED;
    }
}

}  // namespace

void ProcessFeed::changed(const Image& image) {
    remember(image);
    next_.changed(image);
}

void ProcessFeed::ended(const Image& image) {
    remember(image);
    next_.ended(image);
}

void ProcessFeed::remember(const Image& image) {
    if (!listeners_.empty())
        fill_node(changed_.emplace_back(), image, names_);
}

void ProcessFeed::event(const v1::Event& event) {
    if (listeners_.empty())
        return;
    const auto type = type_of(event);
    const auto node = std::ranges::find(changed_, event.process_key(), &v1::ProcessNode::key);
    if (type != v1::ProcessEvent::TYPE_UNSPECIFIED && node != changed_.end()) {
        v1::ProcessEvent out;
        out.set_type(type);
        out.set_timestamp(event.timestamp());
        *out.mutable_process() = std::move(*node);
        if (event.has_exit())
            *out.mutable_exit() = event.exit();
        push(std::move(out));
    }
    changed_.clear();
}

void ProcessFeed::push(v1::ProcessEvent event) {
    const auto shared = std::make_shared<const v1::ProcessEvent>(std::move(event));
    std::erase_if(listeners_, [&](const auto& listener) { return !listener->push(shared); });
}

bool ProcessFeed::add(std::shared_ptr<ProcessListener> listener, const ProcessResolver* resolver) {
    if (listeners_.size() >= kMaxListeners)
        return false;
    if (resolver != nullptr)
        resolver->for_each_node([&](v1::ProcessNode node) {
            auto event = std::make_shared<v1::ProcessEvent>();
            event->set_type(v1::ProcessEvent::TYPE_SNAPSHOT);
            *event->mutable_process() = std::move(node);
            if (event->process().exit_time() == 0)
                listener->push(std::move(event));
        });
    listener->flush();
    listeners_.push_back(std::move(listener));
    return true;
}

void ProcessFeed::flush() {
    for (const auto& listener : listeners_)
        listener->flush();
}

void ProcessFeed::close(const std::string& reason) {
    for (const auto& listener : listeners_)
        listener->close(reason);
    listeners_.clear();
}

}  // namespace vedette::probe
