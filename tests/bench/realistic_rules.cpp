// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/realistic_rules.h"

#include <fmt/format.h>

#include <array>

namespace vedette::bench {
namespace {

// A name that no other number gives and that no program has.
std::string word(int number) {
    static constexpr std::array kSyllables = {"ka", "ro",  "mi", "tes", "lu", "vor", "ne", "shi",
                                              "pa", "gul", "be", "dra", "xo", "wen", "fy", "ju"};
    std::string out;
    for (int i = 0; i < 4; ++i, number /= 16) {
        out += kSyllables[static_cast<size_t>((number + i * 7) % 16)];
    }
    return out;
}

std::string open_rule(int n) {
    const std::string name = word(n);
    switch (n % 10 - 5) {
        case 0:
            return fmt::format(
                R"(open.file.path in ["/etc/{0}/{0}.conf", "/etc/{0}.d/main"] && open.flags & WRITES > 0 && process.file.path not in TOOLS)",
                name);
        case 1:
            return fmt::format(
                R"(open.file.path in [~"/var/lib/{0}/**", ~"/srv/*/{0}/*.key"] && process.file.name != "{0}d")",
                name);
        case 2:
            return fmt::format(
                R"(open.file.name in [~"{0}*.so", ".{0}_history"] && open.flags & (O_CREAT | O_TRUNC) > 0)",
                name);
        default:
            return fmt::format(
                R"(open.file.path =~ "/home/*/.{0}/**" && open.retval != EACCES && process.ancestors.file.name not in ["{0}", "sshd-{0}"])",
                name);
    }
}

std::string exec_rule(int n) {
    const std::string name = word(n);
    switch (n % 10) {
        case 0:
            return fmt::format(
                R"(exec.file.name in ["{0}", "{0}-cli"] && exec.args_flags in ["d", "decode"])",
                name);
        case 1:
            return fmt::format(
                R"(exec.file.path in [~"/tmp/{0}*", ~"/dev/shm/{0}/**"] && exec.tty_name != "")",
                name);
        case 2:
            return fmt::format(
                R"(exec.comm == "{0}" && exec.args in [~"*{0}.example/*", ~"* -x {0} *"])", name);
        case 3:
            return fmt::format(
                R"(exec.file.name in ["bash", "sh", "dash"] && process.ancestors.file.name in ["{0}", ~"{0}-*"] && process.uid != 0)",
                name);
        default:
            return fmt::format(
                R"(exec.envs in ["{0}_PRELOAD"] && (exec.file.name == "ld-{0}.so" || exec.args =~ "*--{0}=*"))",
                name);
    }
}

std::string connect_rule(int n) {
    return fmt::format(R"(connect.addr.ip in [198.{}.{}.0/24] && connect.addr.port in [{}, {}])",
                       18 + n % 2, n / 2 % 256, 4000 + n % 20000, 30000 + n % 10000);
}

// Ten in turn: every kind stands in every policy.
std::string expression(int n) {
    const int kind = n % 10;
    return kind < 5 ? exec_rule(n) : kind < 9 ? open_rule(n) : connect_rule(n);
}

}  // namespace

std::string realistic_policy(int rules) {
    std::string out = R"(version: "1"
macros:
  - id: WRITES
    expression: (O_CREAT | O_TRUNC | O_APPEND | O_RDWR | O_WRONLY)
  - id: TOOLS
    expression: '["/usr/bin/dpkg", "/usr/bin/apt-get", "/usr/bin/rpm", ~"/usr/lib/apt/**"]'
rules:
)";
    for (int n = 0; n < rules; ++n) {
        out += fmt::format("  - id: rule_{}\n    expression: '{}'\n", n, expression(n));
    }
    return out;
}

}  // namespace vedette::bench
