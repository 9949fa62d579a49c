// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/stream_hub.h"

#include <utility>

#include "common/version.h"

namespace vedette::probe {
namespace {

Frame serialize(const v1::SubscribeResponse& response) {
    return std::make_shared<const std::string>(response.SerializeAsString());
}

}  // namespace

StreamHub::StreamHub(Batcher& batcher, BatchQueue& queue, const ProcessResolver& resolver,
                     const WorkloadTable& workloads, uint64_t instance_id)
    : batcher_(batcher),
      queue_(queue),
      resolver_(resolver),
      workloads_(workloads),
      instance_id_(instance_id) {}

StreamHub::Subscription StreamHub::subscribe(std::shared_ptr<Subscriber> subscriber,
                                             const v1::Hello& hello) {
    Subscription result;
    result.replaced = connected();
    if (result.replaced)
        subscriber_->close("replaced by a newer subscriber");
    // It may have hung up by now: then it is taken all the same, and the next flush() lets go of it.
    subscriber_ = std::move(subscriber);
    batcher_.flush();  // the snapshot is of now: what came before must be in the queue
    batcher_.send_differences(hello.takes_differences());
    const bool left_out = !hello.takes_differences() && queue_.leave_out_differences();

    const bool known = hello.instance_id() == instance_id_;
    const auto resume = known ? queue_.resume(hello.last_sequence()) : queue_.resume_unknown();
    result.missed = resume.missed;
    result.reset_mirror = !resume.complete || left_out;

    v1::SubscribeResponse response;
    auto& welcome = *response.mutable_welcome();
    welcome.set_probe_version(std::string(version().text));
    welcome.set_instance_id(instance_id_);
    welcome.set_next_sequence(resume.next_sequence);
    welcome.set_missed(result.missed);
    welcome.set_reset_mirror(result.reset_mirror);
    std::vector<Frame> first = {serialize(response)};
    if (result.reset_mirror)
        add_snapshot(first, resume.next_sequence);
    queue_.set_reader(true);
    subscriber_->begin(std::move(first), resume.number);
    return result;
}

/// The held batches that follow repeat some of these changes, and end in the same state.
void StreamHub::add_snapshot(std::vector<Frame>& frames, uint64_t sequence) const {
    v1::SubscribeResponse response;
    size_t bytes = 0;
    const auto finish = [&] {
        if (bytes == 0)
            return;
        response.mutable_batch()->set_first_sequence(sequence);
        frames.push_back(serialize(response));
        response.Clear();
        bytes = 0;
    };
    const auto make_room = [&](size_t size) {
        if (bytes + size > Batcher::kMaxBytes)
            finish();
        bytes += size;
    };
    workloads_.for_each([&](const v1::Workload& workload) {
        make_room(workload.ByteSizeLong());
        *response.mutable_batch()->add_workloads()->mutable_workload() = workload;
    });
    resolver_.for_each_node([&](v1::ProcessNode node) {
        make_room(node.ByteSizeLong());
        *response.mutable_batch()->add_processes()->mutable_node() = std::move(node);
    });
    finish();
}

bool StreamHub::ask(const v1::Question& question) {
    if (!connected())
        return false;
    v1::SubscribeResponse response;
    *response.mutable_question() = question;
    subscriber_->send(serialize(response));
    return true;
}

void StreamHub::flush() {
    batcher_.flush();
    if (!connected()) {
        queue_.set_reader(false);
        subscriber_.reset();
        return;
    }
    subscriber_->wake();
}

void StreamHub::finish(const std::string& reason) {
    flush();
    if (connected())
        subscriber_->close_when_drained(reason);
}

}  // namespace vedette::probe
