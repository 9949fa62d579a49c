// SPDX-License-Identifier: Apache-2.0
//
// Prints the policy of N rules that the benchmarks share: print_policy N
#include <cstdio>
#include <cstdlib>

#include "tests/bench/realistic_rules.h"

int main(int argc, char** argv) {
    const int rules = argc == 2 ? std::atoi(argv[1]) : 0;
    if (rules < 1) {
        std::fputs("usage: print_policy N\n", stderr);
        return 2;
    }
    std::fputs(vedette::bench::realistic_policy(rules).c_str(), stdout);
    return 0;
}
