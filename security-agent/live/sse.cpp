// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/sse.h"

#include <fmt/format.h>

#include <utility>

namespace vedette::live {
namespace {

constexpr size_t kMaxBytes = 64U << 10;
constexpr int kRetryMs = 2000;

class SseStream final : public api::BodyStream {
   public:
    explicit SseStream(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}

    void start(std::function<void()> wake) override { listener_->on_news(std::move(wake)); }

    std::string take() override {
        std::string out;
        // The id comes first, so that who never got an alert can come back, too.
        if (!std::exchange(greeted_, true))
            out = fmt::format("retry: {}\nid: {}\nevent: hello\ndata: {{}}\n\n", kRetryMs,
                              listener_->id());
        bool more = true;
        while (more && out.size() < kMaxBytes)
            for (const Listener::Item& item : listener_->take(kMaxBytes, more))
                add(out, item);
        return out;
    }

    std::string heartbeat() override { return ": still here\n\n"; }

   private:
    static void add(std::string& out, const Listener::Item& item) {
        if (item.gap) {
            out += fmt::format(
                "event: gap\ndata: {{\"missed\":{},\"of\":\"{}\",\"reason\":\"{}\"}}\n\n",
                item.gap->missed, item.gap->events ? "events" : "alerts",
                to_string(item.gap->reason));
            return;
        }
        if (!item.event)
            out += fmt::format("id: {}\n", item.id);
        out +=
            fmt::format("event: {}\ndata: {}\n\n", item.event ? "event" : "alert", item.line->text);
    }

    std::shared_ptr<Listener> listener_;
    bool greeted_ = false;
};

}  // namespace

std::shared_ptr<api::BodyStream> sse_stream(std::shared_ptr<Listener> listener) {
    return std::make_shared<SseStream>(std::move(listener));
}

}  // namespace vedette::live
