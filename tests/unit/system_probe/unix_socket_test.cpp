// SPDX-License-Identifier: Apache-2.0
#include "system-probe/stream/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "system-probe/app/run_dir.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"

namespace vedette::probe {
namespace {

using test::TempDir;

std::string error_of(const std::string& path) {
    const auto socket = UnixSocket::listen(path, std::nullopt);
    return socket ? "" : socket.error().message;
}

bool exists(const std::string& path) {
    struct stat found = {};
    return lstat(path.c_str(), &found) == 0;
}

/// A socket bound at the path; listening when `live`.
UniqueFd foreign_socket(const std::string& path, bool live) {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (live)
        REQUIRE(listen(fd.get(), 1) == 0);
    return fd;
}

TEST_CASE("a free place is taken, mode 0660, and given back") {
    const TempDir dir;
    const auto path = dir / "s.sock";
    {
        const auto socket = UnixSocket::listen(path, getegid());
        REQUIRE(socket);
        struct stat made = {};
        REQUIRE(lstat(path.c_str(), &made) == 0);
        CHECK(S_ISSOCK(made.st_mode));
        CHECK((made.st_mode & 07777) == 0660);
        CHECK(made.st_gid == getegid());
    }
    CHECK_FALSE(exists(path));
    CHECK(exists(path + ".lock"));
}

TEST_CASE("a second instance is told who has the place") {
    const TempDir dir;
    const auto path = dir / "s.sock";
    const auto first = UnixSocket::listen(path, std::nullopt);
    REQUIRE(first);
    CHECK_THAT(error_of(path), ContainsSubstring("another system-probe is running (pid " +
                                                 std::to_string(getpid())));
    CHECK(exists(path));
}

TEST_CASE("a stale socket of ours is replaced, a live one is not") {
    const TempDir dir;
    const auto path = dir / "s.sock";
    {
        foreign_socket(path, true);
    }
    REQUIRE(exists(path));
    CHECK(error_of(path).empty());
    const auto live = foreign_socket(path, true);
    CHECK_THAT(error_of(path), ContainsSubstring("another program listens on"));
    CHECK(exists(path));
}

TEST_CASE("what is no socket is left alone") {
    const TempDir dir;
    const auto path = dir / "s.sock";
    SECTION("a file") {
        REQUIRE(write_file_atomic(path, "precious", 0644));
    }
    SECTION("a directory") {
        REQUIRE(mkdir(path.c_str(), 0755) == 0);
    }
    SECTION("a link to a socket") {
        const auto live = foreign_socket(dir / "other.sock", true);
        REQUIRE(symlink((dir / "other.sock").c_str(), path.c_str()) == 0);
        CHECK_THAT(error_of(path), ContainsSubstring("is no socket"));
    }
    CHECK_THAT(error_of(path), ContainsSubstring("is no socket"));
    CHECK(exists(path));
}

TEST_CASE("a socket of somebody else is left alone") {
    if (geteuid() != 0) {
        WARN("needs root to give a socket away");
        return;
    }
    const TempDir dir;
    const auto path = dir / "s.sock";
    {
        foreign_socket(path, true);
    }
    REQUIRE(lchown(path.c_str(), 65534, 65534) == 0);
    CHECK_THAT(error_of(path), ContainsSubstring("belongs to uid 65534"));
    CHECK(exists(path));
}

TEST_CASE("a directory in which others can write is refused") {
    const TempDir dir;
    REQUIRE(chmod(dir.path().c_str(), 0777) == 0);
    CHECK_THAT(error_of(dir / "s.sock"), ContainsSubstring("mode 0777"));
    REQUIRE(chmod(dir.path().c_str(), 01777) == 0);  // like /tmp: nobody can rename our socket away
    CHECK(error_of(dir / "s.sock").empty());
}

TEST_CASE("paths that cannot be") {
    const TempDir dir;
    CHECK_THAT(error_of("relative.sock"), ContainsSubstring("must be absolute"));
    CHECK_THAT(error_of(dir / std::string(120, 'x')), ContainsSubstring("longer than 107 bytes"));
    CHECK_THAT(error_of(dir / "no/such/s.sock"), ContainsSubstring("No such file"));
}

TEST_CASE("a lock file that is a link is not followed") {
    const TempDir dir;
    REQUIRE(symlink((dir / "target").c_str(), (dir / "s.sock.lock").c_str()) == 0);
    CHECK_FALSE(error_of(dir / "s.sock").empty());
    CHECK_FALSE(exists(dir / "target"));
}

TEST_CASE("the run directory is made 0755, or must be safe") {
    const TempDir dir;
    const auto path = dir / "run";
    const auto error = [&] {
        const auto made = prepare_run_dir(path);
        return made ? std::string() : made.error().message;
    };
    const mode_t before = umask(0077);
    CHECK(error().empty());
    umask(before);
    struct stat made = {};
    REQUIRE(stat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 07777) == 0755);
    CHECK(error().empty());
    REQUIRE(chmod(path.c_str(), 0775) == 0);
    CHECK_THAT(error(), ContainsSubstring("others can write"));
    if (geteuid() == 0) {
        REQUIRE(chmod(path.c_str(), 0755) == 0);
        REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
        CHECK_THAT(error(), ContainsSubstring("belongs to uid 65534"));
    }
    REQUIRE(rmdir(path.c_str()) == 0);
    REQUIRE(symlink("/tmp", path.c_str()) == 0);
    CHECK_THAT(error(), ContainsSubstring("a symbolic link"));
    REQUIRE(unlink(path.c_str()) == 0);
    REQUIRE(write_file_atomic(path, "", 0644));
    CHECK_THAT(error(), ContainsSubstring("no directory"));
    CHECK_FALSE(prepare_run_dir("relative"));
    CHECK_FALSE(prepare_run_dir(dir / "no/such"));
}

}  // namespace
}  // namespace vedette::probe
