// SPDX-License-Identifier: Apache-2.0
//
// Build tool: writes docs/reference/constants.md from the tables of constants.h to standard output.
#include <cstdio>
#include <string>

#include "security-agent/secl/constants.h"

using vedette::secl::Constant;
using vedette::secl::ConstantFamily;

namespace {

constexpr char kHead[] =
    "<!-- Generated from security-agent/secl/constants_*.cpp by `./dev doc`; change those, not "
    "this. -->\n"
    "# Constants\n\n"
    "Names that stand for numbers in rules, by family; the [fields](fields.md) say which family "
    "suits them. A name\n"
    "means the same number wherever it stands. Values are x86_64's: `security-agent runtime "
    "policy constants` prints those of\n"
    "the host it runs on.\n";

void print_family(const ConstantFamily& family) {
    std::printf("\n## %s\n\n%s.\n\n| Name | Value |\n|---|---|\n", std::string(family.name).c_str(),
                std::string(family.doc).c_str());
    for (const Constant& constant : family.constants) {
        std::printf("| `%s` | %lld |\n", std::string(constant.name).c_str(),
                    static_cast<long long>(constant.value));
    }
}

}  // namespace

int main() {
    std::fputs(kHead, stdout);
    for (const ConstantFamily& family : vedette::secl::constant_families()) {
        print_family(family);
    }
    return 0;
}
