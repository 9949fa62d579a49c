// SPDX-License-Identifier: Apache-2.0
//
// The sessions of people. One by ssh begins when a process that is called sshd executes something else: all that descends
// from it keeps the session for good, whatever it calls itself. Names and environment are a process's own to choose:
// whoever is outside of any session can pretend to be one, but nobody inside can leave theirs or take another.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "vedette/v1/process.pb.h"

namespace vedette::probe {

/// Changes once at most, when the log says how the client proved who it is.
using UserSessionPtr = std::shared_ptr<v1::UserSession>;

/// What begins when `before` (comm of the image or process before it) executes `now`; nullptr: nothing does. `envp`:
/// strings ended by NUL; `user`: name of who runs it.
UserSessionPtr begin_session(std::string_view before, std::string_view now, std::string_view envp,
                             std::string_view user);

/// As a log writes it; empty when these are no 4 or 16 bytes.
std::string address_text(const std::string& bytes);

}  // namespace vedette::probe
