// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/attachments.h"

#include "tests/unit/catch.h"

using namespace vedette::probe;

namespace {

constexpr AttachedProgram kAttached[] = {{"after_chmod", true},
                                         {"dispatch_sys_enter", false},
                                         {"dispatch_sys_exit", false},
                                         {"handle_fork", false},
                                         {"handle_packet_in", false}};

/// All that goes, in its order.
std::vector<std::string> detached(const std::vector<std::string>& wanted, bool trampolines) {
    std::vector<AttachedProgram> left(std::begin(kAttached), std::end(kAttached));
    std::vector<std::string> order;
    for (;;) {
        const std::string_view next = next_to_detach(left, wanted, trampolines);
        if (next.empty())
            return order;
        order.emplace_back(next);
        std::erase_if(left, [&](const AttachedProgram& program) { return program.name == next; });
    }
}

}  // namespace

TEST_CASE("what every system call pays for is detached first") {
    CHECK(detached({"handle_fork"}, true) ==
          std::vector<std::string>{"dispatch_sys_enter", "dispatch_sys_exit", "after_chmod",
                                   "handle_packet_in"});
}

TEST_CASE("what is wanted stays, dispatchers as well") {
    CHECK(detached({"dispatch_sys_exit", "handle_fork", "handle_packet_in"}, true) ==
          std::vector<std::string>{"dispatch_sys_enter", "after_chmod"});
    CHECK(next_to_detach({}, {}, true).empty());
}

TEST_CASE("trampolines stay where the kernel might not run them once more") {
    CHECK(detached({}, false) == std::vector<std::string>{"dispatch_sys_enter", "dispatch_sys_exit",
                                                          "handle_fork", "handle_packet_in"});
}
