// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/libbpf_log.h"

#include "tests/unit/catch.h"

using vedette::probe::LibbpfLog;

TEST_CASE("the program that failed is found in what libbpf says") {
    LibbpfLog log;
    log.add("libbpf: prog 'handle_exec': -- BEGIN PROG LOAD LOG --\n");
    log.add("libbpf: prog 'handle_exec': failed to load: -13\n");
    log.add("libbpf: failed to load object 'vedette'\n");
    CHECK(log.failed_program() == "handle_exec");
}

TEST_CASE("a missing hook names its program too") {
    LibbpfLog log;
    log.add("libbpf: prog 'handle_do_filp_open': failed to find kernel BTF type ID of 'x': -3\n");
    CHECK(log.failed_program() == "handle_do_filp_open");
}

TEST_CASE("a failed map is no program's fault") {
    LibbpfLog log;
    log.add("libbpf: map 'ring': failed to create: Operation not permitted(-1)\n");
    CHECK(log.failed_program().empty());
    log.add("libbpf: prog '");
    CHECK(log.failed_program().empty());
}
