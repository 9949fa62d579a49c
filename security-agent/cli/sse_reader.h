// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events out of the pieces they come in (WHATWG HTML, section 9.2).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace vedette::cli {

struct ServerEvent {
    std::string name;  ///< "message" when it has none
    std::string data;
};

class SseReader {
   public:
    /// A longer line ends the stream: no alert is.
    static constexpr size_t kMaxLine = 8U << 20;

    /// Calls `use` for each event that is complete. False: a line is too long.
    bool feed(std::string_view piece, const std::function<void(const ServerEvent&)>& use);
    /// What to come back with.
    const std::string& last_id() const { return last_id_; }
    /// After a connection has ended: what is incomplete goes.
    void restart();

   private:
    void line(std::string_view text, const std::function<void(const ServerEvent&)>& use);

    std::string pending_;
    ServerEvent event_;
    std::string id_;
    bool has_data_ = false;
    std::string last_id_;
};

}  // namespace vedette::cli
