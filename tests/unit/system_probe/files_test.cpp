// SPDX-License-Identifier: Apache-2.0
//
// Files as other processes see them: which one is opened, and what is said of its content.
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "system-probe/files/file_desk.h"
#include "system-probe/files/file_metadata.h"
#include "system-probe/files/fuzzy_hash.h"
#include "system-probe/files/hash_cache.h"
#include "system-probe/files/open_seen.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/temp_dir.h"
#include "vedette/v1/process.pb.h"

using namespace vedette;
using namespace vedette::probe;
namespace fs = std::filesystem;

namespace {

struct Place : test::TempDir {
    const fs::path path = TempDir::path();
};

SeenFile seen(const std::string& path) {
    struct stat file = {};
    REQUIRE(stat(path.c_str(), &file) == 0);
    SeenFile out;
    out.path = path;
    out.inode = file.st_ino;
    out.device = static_cast<uint32_t>(major(file.st_dev) << 20 | minor(file.st_dev));
    out.filesystem = "ext4";
    return out;
}

const uint32_t kSelf[] = {static_cast<uint32_t>(getpid())};

std::string content_of_seen(const SeenFile& file, const Viewers& viewers = {.pids = kSelf}) {
    const auto fd = open_seen(file, viewers);
    INFO((fd ? "" : fd.error().message));
    REQUIRE(fd);
    return *read_all(fd->get(), 1 << 20, file.path);
}

ErrorCode refusal(const SeenFile& file, const Viewers& viewers = {.pids = kSelf}) {
    const auto fd = open_seen(file, viewers);
    REQUIRE_FALSE(fd);
    return fd.error().code;
}

std::string fuzzy(const std::string& content, size_t chunk) {
    FuzzyHash hash;
    for (size_t at = 0; at < content.size(); at += chunk) {
        const auto part = std::string_view(content).substr(at, chunk);
        hash.add({reinterpret_cast<const unsigned char*>(part.data()), part.size()});
    }
    return hash.text();
}

/// A content that is the same everywhere.
std::string some_bytes() {
    std::string out;
    uint32_t x = 12345;
    for (int i = 0; i < 50000; ++i) {
        x = (x * 1103515245u + 12345u) & 0x7fffffffu;
        out += (i / 997) % 3 ? static_cast<char>(x >> 16 & 0xff) : static_cast<char>(65 + i % 7);
    }
    return out;
}

v1::FileMetadata metadata_of(const std::string& bytes) {
    v1::FileMetadata out;
    const Content content{bytes.size(), [&](uint64_t offset, std::span<std::byte> into) {
                              if (offset >= bytes.size())
                                  return size_t{0};
                              const size_t got =
                                  std::min<size_t>(into.size(), bytes.size() - offset);
                              std::memcpy(into.data(), bytes.data() + offset, got);
                              return got;
                          }};
    read_metadata(content, out);
    return out;
}

std::string elf(uint16_t type, uint16_t machine, unsigned char bits) {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = bits;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = type;
    header.e_machine = machine;
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
           std::string(1000, '\0');
}

/// With one section of build information, as the Go linker writes it.
std::string go_program(const std::string& version) {
    std::string out = elf(ET_EXEC, EM_X86_64, ELFCLASS64).substr(0, sizeof(Elf64_Ehdr));
    std::string info = "\xff Go buildinf:" + std::string(1, '\x08') + std::string(1, '\x02') +
                       std::string(16, '\0');
    info += static_cast<char>(version.size()) + version + std::string(64, '\0');
    const std::string names = std::string("\0.go.buildinfo\0", 15);
    Elf64_Shdr sections[2] = {};
    sections[0].sh_offset = out.size() + sizeof sections;
    sections[0].sh_size = names.size();
    sections[1].sh_name = 1;
    sections[1].sh_offset = sections[0].sh_offset + names.size();
    sections[1].sh_size = info.size();
    Elf64_Ehdr header;
    std::memcpy(&header, out.data(), sizeof header);
    header.e_shoff = out.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 2;
    header.e_shstrndx = 0;
    std::memcpy(out.data(), &header, sizeof header);
    return out + std::string(reinterpret_cast<const char*>(sections), sizeof sections) + names +
           info;
}

}  // namespace

TEST_CASE("files: the very inode is opened, by a path below the root of the process") {
    const Place place;
    const SeenFile file = seen(place.write("file", "content"));
    CHECK(content_of_seen(file) == "content");
    SECTION("another file has its name by now") {
        place.write("other", "another");
        fs::rename(place.path / "other", place.path / "file");
        CHECK(refusal(file) == ErrorCode::kNotFound);
    }
    SECTION("it is gone") {
        fs::remove(file.path);
        CHECK(refusal(file) == ErrorCode::kNotFound);
    }
    SECTION("a symbolic link is not followed") {
        fs::rename(file.path, place.path / "moved");
        fs::create_symlink(place.path / "moved", file.path);
        CHECK(refusal(file) == ErrorCode::kNotFound);
    }
    SECTION("the inode of another device is not it") {
        SeenFile other = file;
        other.device ^= 1;
        CHECK(refusal(other) == ErrorCode::kNotFound);
    }
    SECTION("a process that is gone sees nothing, the next one is asked") {
        const uint32_t gone[] = {0x7ffffff0, kSelf[0]};
        CHECK(content_of_seen(file, {.pids = gone}) == "content");
        CHECK(refusal(file, {.pids = std::span(gone).first(1)}) == ErrorCode::kNotFound);
    }
    SECTION("a process in another mount namespace is not asked") {
        CHECK(refusal(file, {.pids = kSelf, .mntns = 7}) == ErrorCode::kNotFound);
    }
    SECTION("a relative path is no place") {
        SeenFile relative = file;
        relative.path = "file";
        CHECK(refusal(relative) == ErrorCode::kNotFound);
    }
}

TEST_CASE("files: what is no regular file, or not of this host, is left alone") {
    const Place place;
    const std::string fifo = place.path / "fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(refusal(seen(fifo)) == ErrorCode::kInvalid);
    CHECK(refusal(seen(place.path)) == ErrorCode::kInvalid);
    CHECK(refusal(seen("/dev/null")) == ErrorCode::kInvalid);
    for (const char* filesystem : {"fuse", "fuse.sshfs", "fuseblk", "nfs", "nfs4", "9p", "cifs"}) {
        SeenFile file = seen(place.write("file", "content"));
        file.filesystem = filesystem;
        CHECK(refusal(file) == ErrorCode::kUnsupported);
    }
}

TEST_CASE("files: the program that a process runs is found without a path") {
    SeenFile program = seen("/proc/self/exe");
    program.path = "";
    CHECK(open_seen(program, {.pids = kSelf, .program = true}));
    CHECK(refusal(program) == ErrorCode::kNotFound);
    program.inode += 1;
    CHECK(refusal(program, {.pids = kSelf, .program = true}) == ErrorCode::kNotFound);
}

TEST_CASE("files: nothing below a root leads out of it") {
    const Place place;
    place.write("outside", "outside");
    place.write("root/inside", "inside");
    fs::create_symlink("/outside", place.path / "root/absolute");
    fs::create_symlink("../outside", place.path / "root/relative");
    const UniqueFd root(open((place.path / "root").c_str(), O_PATH | O_DIRECTORY));
    CHECK(open_below(root.get(), "inside"));
    CHECK(open_below(root.get(), "/inside"));
    for (const char* path : {"absolute", "relative", "../outside", "/../outside", "none"})
        CHECK(open_below(root.get(), path).error().code == ErrorCode::kNotFound);
    CHECK(open_below(root.get(), ".").error().code == ErrorCode::kInvalid);
}

TEST_CASE("files: hashes are those that everybody else computes") {
    const Place place;
    const auto fd = open_file(place.write("abc", "abc"), O_RDONLY);
    REQUIRE(fd);
    const HashAlgorithm all[] = {HashAlgorithm::kMd5, HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                                 HashAlgorithm::kSsdeep};
    const auto hashes = hash_content(fd->get(), all, 3);
    REQUIRE(hashes);
    CHECK(*hashes == std::vector<std::string>{
                         "md5:900150983cd24fb0d6963f7d28e17f72",
                         "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
                         "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                         "ssdeep:3:uG:uG"});
    CHECK(hash_content(fd->get(), all, 2).error().code == ErrorCode::kLimit);
    CHECK(parse_hash_algorithm("sha256"));
    CHECK(parse_hash_algorithm("SHA256").error().code == ErrorCode::kInvalid);
}

TEST_CASE("files: the fuzzy hash is ssdeep's, however the content comes") {
    // ssdeep 2.14.1 says so.
    const std::string expected =
        "768:gnbhew6bkT6/0PMo0RexQlm9cUtPobluG+YhKISH4w9v2DoK2MPi6:"
        "hw6QTBEokPlm9ltPop2UKIUADoK22X";
    for (const size_t chunk : {1u, 7u, 4096u, 65536u})
        CHECK(fuzzy(some_bytes(), chunk) == expected);
    CHECK(fuzzy("", 1) == "3::");
}

TEST_CASE("files: hashes of a file are kept until it changes") {
    HashCache cache(2);
    constexpr int64_t kNow = 1'000'000'000'000;
    const auto version = [](uint64_t inode, int64_t changed) {
        return FileVersion{1, inode, 10, changed, changed};
    };
    cache.add(version(1, 5), {"one"}, kNow);
    cache.add(version(2, 5), {"two"}, kNow);
    REQUIRE(cache.find(version(1, 5)));
    CHECK(cache.find(version(1, 5))->front() == "one");
    CHECK_FALSE(cache.find(version(1, 6)));
    cache.add(version(3, 5), {"three"}, kNow);
    CHECK_FALSE(cache.find(version(2, 5)));  // used longest ago
    CHECK(cache.find(version(1, 5)));
    cache.add(version(4, kNow - 1), {"just now"}, kNow);
    CHECK_FALSE(cache.find(version(4, kNow - 1)));
    CHECK(cache.size() == 2);
}

TEST_CASE("files: metadata of programs, scripts and archives") {
    const auto program = metadata_of(elf(ET_DYN, EM_AARCH64, ELFCLASS64));
    CHECK(program.type() == 7);
    CHECK(program.is_executable());
    CHECK(program.architecture() == 4);
    CHECK(program.abi() == 2);
    CHECK_FALSE(program.is_upx_packed());
    CHECK(metadata_of(elf(ET_REL, EM_386, ELFCLASS32)).type() == 6);
    CHECK(metadata_of(elf(ET_EXEC, EM_386, ELFCLASS32)).abi() == 1);
    CHECK(metadata_of(elf(ET_EXEC, EM_X86_64, ELFCLASS64) + "UPX!").is_upx_packed());
    CHECK(metadata_of("").type() == 1);
    CHECK(metadata_of("#!/bin/bash -e\n").type() == 2);
    CHECK(metadata_of("#! /usr/bin/env -S zsh\n").type() == 2);
    CHECK(metadata_of("#!/usr/bin/python3\n").type() == 3);
    CHECK(metadata_of("#!/usr/bin/python3\n").is_executable());
    CHECK(metadata_of("plain text \xc3\xa4\n").type() == 3);
    CHECK(metadata_of(std::string("a\0b", 3)).type() == 6);
    CHECK(metadata_of("\x1f\x8b\x08").compression() == 1);
    CHECK(metadata_of("\x1f\x8b\x08").type() == 4);
    CHECK(metadata_of("BZh9").compression() == 5);
    CHECK(metadata_of("MZ").type() == 3);
    std::string windows = "MZ" + std::string(0x3a, '\0') + std::string("\x40\0\0\0", 4) +
                          std::string("PE\0\0\x64\x86", 6);
    CHECK(metadata_of(windows).type() == 8);
    CHECK(metadata_of(windows).architecture() == 2);
    CHECK(metadata_of("\xcf\xfa\xed\xfe\x07").type() == 9);
    CHECK(metadata_of(go_program("unknown")).is_garble_obfuscated());
    CHECK_FALSE(metadata_of(go_program("go1.22.1")).is_garble_obfuscated());
}

TEST_CASE("files: metadata of nonsense does no harm") {
    std::mt19937 random(7);
    for (const std::string& start : {go_program("unknown"), elf(ET_EXEC, EM_386, ELFCLASS32)}) {
        for (int round = 0; round < 3000; ++round) {
            std::string bytes = start.substr(0, random() % (start.size() + 1));
            for (unsigned change = random() % 8; change > 0 && !bytes.empty(); --change)
                bytes[random() % bytes.size()] = static_cast<char>(random());
            CHECK(metadata_of(bytes).size() == bytes.size());
        }
    }
}

TEST_CASE("files: the desk answers within its limits") {
    const Place place;
    FileDesk::Options options;
    options.max_file_size = 10;
    options.max_hash_rate = 1;
    options.metadata = true;
    Opener opener(nullptr);
    FileDesk desk(options, opener);
    const auto ask = [&](const std::string& path, uint64_t max_file_size = 0) {
        v1::FileQuestion question;
        const SeenFile file = seen(path);
        question.set_id(5);
        question.mutable_file()->set_path(path);
        question.mutable_file()->set_inode(file.inode);
        question.mutable_file()->set_device(file.device);
        question.add_pids(kSelf[0]);
        question.set_hashes(true);
        question.set_max_file_size(max_file_size);
        return desk.answer(question);
    };
    CHECK(ask(place.write("empty", "")).hash_state() == v1::File::HASH_STATE_EMPTY);
    const std::string big = place.write("big", "eleven byte");
    CHECK(ask(big).hash_state() == v1::File::HASH_STATE_TOO_BIG);
    const auto answer = ask(big, 11);
    CHECK(answer.id() == 5);
    CHECK(answer.hash_state() == v1::File::HASH_STATE_DONE);
    CHECK(answer.hashes_size() == 2);
    CHECK_FALSE(answer.has_metadata());
    CHECK(ask(place.write("second", "x")).hash_state() == v1::File::HASH_STATE_RATE_LIMITED);
    CHECK(ask(place.path).hash_state() == v1::File::HASH_STATE_DONE);
    CHECK(desk.counts().questions == 5);
    CHECK(desk.counts().limited == 1);
}
