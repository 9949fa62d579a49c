// SPDX-License-Identifier: Apache-2.0
//
// The wall for exceptions of libraries: our own code throws none.
#include <cstdio>
#include <exception>

#include "system-probe/cli/cli.h"

int main(int argc, char** argv) {
    try {
        return vedette::probe::run_command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "system-probe: unexpected: %s\n", error.what());
        return 1;
    }
}
