// SPDX-License-Identifier: Apache-2.0
//
// The one error idiom: a function that can fail because of its input or its environment returns
// Result<T>. Only the subset of tl::expected that std::expected shares is used, so that a newer
// compiler changes this file alone.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace vedette {

/// What kind of failure it is, for the caller that decides; the message is for the person who reads.
enum class ErrorCode {
    kInvalid,      ///< bad input: a setting, a rule, a record, a request
    kNotFound,     ///< the thing asked for does not exist
    kDenied,       ///< permission, capability or peer check refused it
    kExists,       ///< something else is already in that place
    kUnavailable,  ///< a peer, the kernel or a device cannot serve it now
    kUnsupported,  ///< this host or kernel cannot do it at all
    kLimit,        ///< a bound of ours was reached
    kIo,           ///< a system call failed
};

struct [[nodiscard]] Error {
    ErrorCode code = ErrorCode::kInvalid;
    int sys_errno = 0;    ///< errno of the failed system call, 0 when none was involved
    std::string message;  ///< complete sentence fragment: names the place and, where known, the fix

    /// "loading policy '/etc/x': yaml: ...": what was being done, in front of what went wrong.
    template <typename... Args>
    Error context(fmt::format_string<Args...> format, Args&&... args) && {
        message = fmt::format("{}: {}", fmt::format(format, std::forward<Args>(args)...), message);
        return std::move(*this);
    }
};

template <typename T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
   public:
    using tl::expected<T, Error>::expected;
};

/// Use as `return fail(ErrorCode::kInvalid, "port {} is out of range", port);`
template <typename... Args>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Error>(Error{code, 0, fmt::format(format, std::forward<Args>(args)...)});
}

/// The same for a failed system call: appends strerror(err).
template <typename... Args>
tl::unexpected<Error> fail_errno(int err, fmt::format_string<Args...> format, Args&&... args) {
    const auto code = err == EACCES || err == EPERM ? ErrorCode::kDenied
                      : err == ENOENT               ? ErrorCode::kNotFound
                      : err == EEXIST               ? ErrorCode::kExists
                                                    : ErrorCode::kIo;
    return tl::unexpected<Error>(
        Error{code, err,
              fmt::format("{}: {}", fmt::format(format, std::forward<Args>(args)...),
                          std::strerror(err))});
}

/// Passes an error of another Result on: `if (!x) return forward_error(x);`
template <typename T>
tl::unexpected<Error> forward_error(Result<T>& result) {
    return tl::unexpected<Error>(std::move(result.error()));
}

template <typename T, typename... Args>
tl::unexpected<Error> forward_error(Result<T>& result, fmt::format_string<Args...> format,
                                    Args&&... args) {
    return tl::unexpected<Error>(
        std::move(result.error()).context(format, std::forward<Args>(args)...));
}

}  // namespace vedette
