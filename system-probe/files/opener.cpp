// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/opener.h"

#include <future>
#include <utility>

namespace vedette::probe {

Result<UniqueFd> Opener::run(Open open) {
    if (worker_ == nullptr)
        return open();
    if (busy_->load())
        return fail(ErrorCode::kUnavailable, "a file system does not answer");
    auto answer = std::make_shared<std::promise<Result<UniqueFd>>>();
    auto opened = answer->get_future();
    busy_->store(true);
    const bool posted =
        worker_->post([busy = busy_, answer = std::move(answer), open = std::move(open)] {
            auto result = open();
            busy->store(false);
            answer->set_value(std::move(result));
        });
    if (!posted) {
        busy_->store(false);
        return fail(ErrorCode::kUnavailable, "too many files wait to be opened");
    }
    stuck_ = opened.wait_for(patience_) != std::future_status::ready;
    if (stuck_)
        return fail(ErrorCode::kUnavailable, "a file system does not answer");
    return opened.get();
}

}  // namespace vedette::probe
