// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/onlookers.h"

namespace vedette::app {

void Onlookers::look(bool begins) {
    if (begins) {
        if (++present_ == 1)
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
    if (open_)
        hooks_.tell(present_ > 0);
}

}  // namespace vedette::app
