// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/os/fd.h"
#include "system-probe/files/package_database.h"
#include "system-probe/files/packages.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"

using namespace vedette;
using namespace vedette::probe;
namespace fs = std::filesystem;

namespace {

/// A root directory with databases in it.
struct Root : test::TempDir {
    const fs::path path = TempDir::path();
    const UniqueFd fd{open(path.c_str(), O_PATH | O_DIRECTORY)};
};

constexpr char kStatus[] =
    "Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\n"
    "Version: 9.1-1+b2\nSource: coreutils (9.1-1)\nDescription: x\n Version: 66\n\n"
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n"
    "Source: glibc\nVersion: 2:2.36-9-deb12\n\n"
    "Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.5.12-2\n\n"
    "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n"
    "Package: removed\nStatus: deinstall ok config-files\nVersion: 1\n\n"
    "Package: ../../../../outside\nStatus: install ok installed\nVersion: 1\n";

void write_dpkg(const Root& root) {
    root.write("var/lib/dpkg/status", kStatus);
    root.write("var/lib/dpkg/info/coreutils.list",
               "/.\n/bin\n/bin/ls\n/usr\n/usr/bin\n/usr/bin/[\n");
    root.write("var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/libc.so.6\n");
    root.write("var/lib/dpkg/info/dash.list", "/.\n/bin\n/bin/dash\n/bin/sh\n");
    root.write("var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n/bin/sh\n");
    root.write("var/lib/dpkg/info/removed.list", "/etc/removed\n");
    root.write("var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n");
    root.write("outside.list", "/stolen\n");
    fs::create_directories(root.path / "usr/bin");
    fs::create_symlink("usr/bin", root.path / "bin");
}

std::string name_of(const PackageIndex& index, std::string_view path) {
    const v1::Package* package = index.find(path);
    return package ? package->name() : "";
}

}  // namespace

TEST_CASE("packages: versions of dpkg have three parts") {
    const auto parts = [](std::string_view text) {
        v1::Package package;
        set_dpkg_version(package, text);
        return fmt::format("{}|{}|{}", package.epoch(), package.version(), package.release());
    };
    CHECK(parts("1:2.3-4") == "1|2.3|4");
    CHECK(parts("2.3") == "0|2.3|");
    CHECK(parts("2.3-rc1-4~deb12u1") == "0|2.3-rc1|4~deb12u1");
    CHECK(parts("") == "0||");
    CHECK(parts("99999999999:1") == "0|1|");
}

TEST_CASE("packages: dpkg knows whose file it is, on a merged /usr and through diversions") {
    const Root root;
    write_dpkg(root);
    const PackageIndex index = read_databases(root.fd.get());
    CHECK(index.packages() == 5);
    const v1::Package* coreutils = index.find("/usr/bin/ls");
    REQUIRE(coreutils);
    CHECK(coreutils->name() == "coreutils");
    CHECK(coreutils->version() == "9.1");
    CHECK(coreutils->release() == "1+b2");
    CHECK(coreutils->source_version() == "9.1");
    CHECK(coreutils->source_release() == "1");
    CHECK(index.find("/bin/ls") == coreutils);
    CHECK(name_of(index, "/usr/bin/[") == "coreutils");
    const v1::Package* libc = index.find("/lib/libc.so.6");
    REQUIRE(libc);
    CHECK(libc->epoch() == 2);
    CHECK(libc->version() == "2.36-9");
    CHECK(libc->source_release() == "deb12");
    CHECK(name_of(index, "/usr/bin/sh") == "dash");
    CHECK(name_of(index, "/usr/bin/sh.distrib") == "bash");
    for (const char* path : {"/usr/bin", "/usr", "/", "", "/usr/bin/l", "/etc/removed", "/stolen"})
        CHECK(name_of(index, path).empty());
}

TEST_CASE("packages: images without dpkg, and apk") {
    const Root root;
    root.write("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n");
    root.write("var/lib/dpkg/status.d/base.md5sums",
               "d41d8cd98f00b204e9800998ecf8427e  etc/issue\n");
    root.write("lib/apk/db/installed",
               "C:Q1=\nP:busybox\nV:1.36.1-r5\no:busybox\nF:bin\nR:busybox\na:0:0:755\nF:\n"
               "R:top\n\nP:musl\nV:1.2\nF:lib\nR:ld-musl-x86_64.so.1\n\nV:9\nF:x\nR:nobody\n");
    const PackageIndex index = read_databases(root.fd.get());
    CHECK(name_of(index, "/etc/issue") == "base-files");
    REQUIRE(index.find("/bin/busybox"));
    CHECK(index.find("/bin/busybox")->version() == "1.36.1-r5");
    CHECK(name_of(index, "/top") == "busybox");
    CHECK(name_of(index, "/lib/ld-musl-x86_64.so.1") == "musl");
    CHECK(name_of(index, "/x/nobody").empty());
}

TEST_CASE(
    "packages: a root is read once, again when its database changes, and only for system users") {
    const Root root;
    write_dpkg(root);
    const uint32_t owner = geteuid();
    Packages packages(1 << 20);
    REQUIRE(packages.find(root.fd.get(), "/bin/ls", owner));
    CHECK_FALSE(packages.find(root.fd.get(), "/bin/ls", owner + 1000));
    CHECK(packages.find(root.fd.get(), "/bin/ls", owner + 999));
    const Root other;
    CHECK_FALSE(packages.find(other.fd.get(), "/bin/ls", owner));
    CHECK(packages.roots() == 2);
    const DatabaseStamp before = stamp_databases(root.fd.get());
    CHECK(stamp_databases(root.fd.get()) == before);
    root.write("var/lib/dpkg/status", std::string(kStatus) + "\nPackage: new\nVersion: 1\n");
    CHECK_FALSE(stamp_databases(root.fd.get()) == before);
    CHECK_FALSE(stamp_databases(other.fd.get()).any());
    Packages small(1);
    CHECK(small.find(root.fd.get(), "/bin/ls", owner));
    CHECK_FALSE(small.find(other.fd.get(), "/bin/ls", owner));
    CHECK(small.roots() == 1);
}

TEST_CASE("packages: files beyond the bound are not known, the others are") {
    PackageIndex index;
    v1::Package package;
    package.set_name("huge");
    const uint32_t number = index.add_package(package);
    for (size_t i = 0; i < PackageIndex::kMaxFiles + 10; ++i)
        index.add_file(number, fmt::format("/{}", i));
    index.finish();
    CHECK(index.files() == PackageIndex::kMaxFiles);
    CHECK(index.bytes() < 20u << 20);
    CHECK(index.find("/0"));
}
