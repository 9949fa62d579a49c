// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vedette::probe {

/// The command line of system-probe. Exit codes: 0 done; 1 failed (logged); 2 wrong usage or settings.
int run_command_line(int argc, char** argv);

}  // namespace vedette::probe
