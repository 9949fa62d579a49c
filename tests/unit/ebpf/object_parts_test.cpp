// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/object_parts.h"

#include <bpf/libbpf.h>

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
