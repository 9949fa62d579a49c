// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/paths.h"

#include "tests/unit/catch.h"

namespace vedette::probe {
namespace {

TEST_CASE("paths are cleaned by their letters") {
    CHECK(clean_path("/") == "/");
    CHECK(clean_path("///") == "/");
    CHECK(clean_path("/a//b/./c/../d/") == "/a/b/d");
    CHECK(clean_path("/../../x") == "/x");
    CHECK(clean_path("/a/..") == "/");
    CHECK(clean_path("/...") == "/...");
    CHECK(clean_path("/a/\n b") == "/a/\n b");
}

TEST_CASE("a relative path needs a directory that is known") {
    CHECK(join_path("/home/me", "x") == "/home/me/x");
    CHECK(join_path("/home/me", "/x") == "/x");
    CHECK(join_path("/home/me", "../../../x") == "/x");
    CHECK(join_path("", "x").empty());
    CHECK(join_path("not/absolute", "x").empty());
}

TEST_CASE("files without a path keep their name") {
    CHECK(unnamed_file("/memfd:payload (deleted)") == "memfd:payload");
    CHECK(unnamed_file("memfd:") == "memfd:");
    CHECK(unnamed_file("memfd: (deleted) (deleted)") == "memfd: (deleted)");
    CHECK(without_deleted_suffix("/tmp/x (deleted)") == "/tmp/x");
    CHECK(without_deleted_suffix("/tmp/x") == "/tmp/x");
}

}  // namespace
}  // namespace vedette::probe
