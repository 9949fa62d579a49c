// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_parts.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "tests/unit/catch.h"

using namespace vedette::probe;

TEST_CASE("the largest programs are divided first, so that parts take alike long") {
    CHECK(divide_programs({10, 50, 20, 30}, 2) == std::vector<size_t>{0, 0, 1, 1});
    CHECK(divide_programs({5, 5, 5}, 2) == std::vector<size_t>{0, 1, 0});
    CHECK(divide_programs({5, 7}, 1) == std::vector<size_t>{0, 0});
    CHECK(divide_programs({}, 2).empty());
}

TEST_CASE("the built-in object is opened with nothing to load") {
    const auto object = open_built_in_object();
    REQUIRE(object);
    size_t programs = 0;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object->get()) {
        ++programs;
        CHECK_FALSE(bpf_program__autoload(program));
    }
    CHECK(programs > 0);
}

TEST_CASE("programs of cgroups do without the helper that 5.11 to 5.14 have for tracing alone") {
    const auto object = open_built_in_object();
    REQUIRE(object);
    size_t programs = 0;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object->get()) {
        if (!std::string_view(bpf_program__section_name(program)).starts_with("cgroup"))
            continue;
        ++programs;
        INFO(bpf_program__name(program));
        const std::span code(bpf_program__insns(program), bpf_program__insn_cnt(program));
        CHECK(std::ranges::none_of(code, [](const bpf_insn& insn) {
            return insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == 0 &&
                   insn.imm == BPF_FUNC_get_current_task_btf;
        }));
    }
    CHECK(programs > 0);
}
