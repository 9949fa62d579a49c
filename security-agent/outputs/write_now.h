// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace vedette::outputs {

/// A descriptor, and whether it can say that it would have to wait.
class NowWriter {
   public:
    /// As Sink::write_now(). Pipes and sockets know it, so do files on XFS and Btrfs; who does not is not asked again.
    size_t write_line(int fd, std::string_view line);

   private:
    bool knows_ = true;
};

}  // namespace vedette::outputs
