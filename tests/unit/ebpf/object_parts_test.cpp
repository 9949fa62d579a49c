// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_parts.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "tests/unit/catch.h"

using namespace vedette::probe;

namespace {

std::vector<const bpf_program*> programs_in(const bpf_object& object) {
    std::vector<const bpf_program*> programs;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, &object) programs.push_back(program);
    return programs;
}

}  // namespace

TEST_CASE("the largest programs are divided first, so that parts take alike long") {
    CHECK(divide_programs({10, 50, 20, 30}, 2) == std::vector<size_t>{0, 0, 1, 1});
    CHECK(divide_programs({5, 5, 5}, 2) == std::vector<size_t>{0, 1, 0});
    CHECK(divide_programs({5, 7}, 1) == std::vector<size_t>{0, 0});
    CHECK(divide_programs({}, 2).empty());
}

TEST_CASE("the built-in object is opened with nothing to load") {
    const auto object = open_built_in_object();
    REQUIRE(object);
    const auto programs = programs_in(**object);
    CHECK_FALSE(programs.empty());
    CHECK(std::ranges::none_of(programs, bpf_program__autoload));
}

TEST_CASE("programs of cgroups do without the helper that 5.11 to 5.14 have for tracing alone") {
    const auto object = open_built_in_object();
    REQUIRE(object);
    size_t of_cgroups = 0;
    for (const bpf_program* program : programs_in(**object)) {
        if (!std::string_view(bpf_program__section_name(program)).starts_with("cgroup"))
            continue;
        ++of_cgroups;
        INFO(bpf_program__name(program));
        const std::span code(bpf_program__insns(program), bpf_program__insn_cnt(program));
        CHECK(std::ranges::none_of(code, [](const bpf_insn& insn) {
            return insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == 0 &&
                   insn.imm == BPF_FUNC_get_current_task_btf;
        }));
    }
    CHECK(of_cgroups > 0);
}
