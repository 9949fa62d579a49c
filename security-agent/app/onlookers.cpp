// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/onlookers.h"

namespace vedette::app {

void Onlookers::look(bool begins) {
    if (begins) {
        ++present_;
        settle();
    } else if (--present_ == 0 && open_) {
        hooks_.later([this] { settle(); });
    }
}

void Onlookers::open() {
    open_ = true;
    if (present_ > 0)
        settle();
}

// By then others may have come, or left.
void Onlookers::settle() {
    const std::lock_guard lock(telling_);
    const bool any = present_ > 0;
    if (open_ && std::exchange(told_, any) != any)
        hooks_.tell(any);
}

}  // namespace vedette::app
