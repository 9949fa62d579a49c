// SPDX-License-Identifier: Apache-2.0
//
// The session token: who can read the file may use the API. Whichever process of the pair or of its command line
// comes first creates it; everybody else reads it.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace vedette::ipc {

class Token {
   public:
    /// The shortest token a file may hold.
    static constexpr size_t kMinLength = 32;

    /// Errors: kNotFound; kDenied for a symbolic link, a foreign owner or a mode that lets others read; kInvalid for
    /// a short token or one with bytes outside printable ASCII. Each names the file and the fix.
    static Result<Token> load(const std::string& path);

    /// load(), or 32 random bytes as 64 hex digits written to a new file of mode 0600. Any number of processes and
    /// threads may call it at once: all get the same token.
    static Result<Token> load_or_create(const std::string& path);

    /// Takes as long for a wrong guess as for a right one.
    bool matches(std::string_view guess) const;

    /// For the client's Authorization header only: never log it.
    const std::string& text() const { return text_; }

   private:
    explicit Token(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// Errors: kDenied when `fd` (opened from `path`) is not a regular file that only this user or root can read.
Result<> check_secret_file(int fd, const std::string& path);

}  // namespace vedette::ipc
