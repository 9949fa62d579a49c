// SPDX-License-Identifier: Apache-2.0
//
// `security-agent format`: alerts for the eye. Reads JSON lines, writes one compact line for each; what is no alert is
// passed on as it is, made harmless for the terminal.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace vedette::app {

/// An alert, or an event, which has no rule.
/// "12:04:31.120  shadow_read  open /etc/shadow  cat(4711) <- bash <- sshd  user root"
std::string format_alert(std::string_view json_line, bool colour);

/// Until the end of `in`; each line is flushed.
int run_format(std::istream& in, std::ostream& out, bool colour);

}  // namespace vedette::app
