// SPDX-License-Identifier: Apache-2.0
//
// A process image as the mirror keeps it: as a message while somebody looks at it, as the message's bytes while nobody
// does, which is less than half of it. Most processes of a host do nothing for hours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "vedette/v1/process.pb.h"

namespace vedette::engine {

class StoredNode {
   public:
    bool is_open() const { return open_ != nullptr; }
    /// Unpacks it where that is needed. Valid until pack().
    v1::ProcessNode& open();
    void pack();
    /// What it takes, about.
    size_t bytes() const;

   private:
    std::unique_ptr<v1::ProcessNode> open_;
    std::string packed_;  ///< while open_ is null; both are empty at first
};

}  // namespace vedette::engine
