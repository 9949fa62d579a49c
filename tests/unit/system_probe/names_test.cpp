// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/names.h"

#include "common/os/fd.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

TEST_CASE("names are read once and again when the file changes") {
    const test::TempDir dir;
    const auto path = dir / "passwd";
    NameTable names(path);
    names.refresh();
    CHECK(names.find(0).empty());  // no file, no names

    REQUIRE(write_file_atomic(path, "root:x:0:0::/root:/bin/sh\nbin:x:1:1\ntoor:x:0:0\n", 0644));
    names.refresh();
    CHECK(names.find(0) == "root");  // the first line of an id wins
    CHECK(names.find(1) == "bin");
    CHECK(names.find(2).empty());

    REQUIRE(write_file_atomic(path, "admin:x:0:0\n", 0644));
    names.refresh();
    CHECK(names.find(0) == "admin");
    CHECK(names.find(1).empty());
}

TEST_CASE("lines that make no sense are skipped") {
    const test::TempDir dir;
    const auto path = dir / "group";
    REQUIRE(write_file_atomic(path,
                              "\n:x:1:\nnocolon\na:x:\nb:x:-1:\nc:x:99999999999:\nd:x:7x:\n" +
                                  std::string(300, 'e') + ":x:8:\n+::::\nlast:x:4294967295:",
                              0644));
    NameTable names(path);
    names.refresh();
    for (const uint32_t id : {0u, 1u, 7u, 8u})
        CHECK(names.find(id).empty());
    CHECK(names.find(4294967295u) == "last");
}

}  // namespace
}  // namespace vedette::probe
