// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/lifecycle_filter.h"

#include <algorithm>

#include "vedette/v1/event.pb.h"
#include "vedette/v1/event_stream.pb.h"

namespace vedette::probe {

void LifecycleFilter::apply(const v1::FilterPlan& plan) {
    const auto find = [&plan](int type) -> const v1::TypeFilter* {
        const auto found = std::ranges::find(plan.types(), static_cast<uint32_t>(type),
                                             &v1::TypeFilter::event_type);
        return found == plan.types().end() ? nullptr : &*found;
    };
    const v1::TypeFilter* execs = find(v1::Event::kExecFieldNumber);
    forks_ = !plan.lifecycle() || find(v1::Event::kForkFieldNumber) != nullptr;
    exits_ = !plan.lifecycle() || find(v1::Event::kExitFieldNumber) != nullptr;
    execs_ = !plan.lifecycle() || execs != nullptr;
    of_execs_ = plan.lifecycle() && execs != nullptr ? ExecFilter::of(*execs) : std::nullopt;
}

bool LifecycleFilter::passes(vdt_type type, const Image* image) {
    if (wanted(type, image))
        return true;
    ++kept_back_[type];
    return false;
}

bool LifecycleFilter::wanted(vdt_type type, const Image* image) const {
    switch (type) {
        case VDT_FORK:
            return forks_ || image == nullptr;
        case VDT_EXIT:
            return exits_ || image == nullptr || has_abnormal_path(*image);
        case VDT_EXEC:
            if (image == nullptr || is_unsound(*image))
                return true;
            return execs_ && (!of_execs_ || of_execs_->passes(*image));
        default:
            return true;
    }
}

}  // namespace vedette::probe
