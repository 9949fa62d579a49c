// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the files of a process in /proc, which hold names that the process chose: the records made of them must be
// sound. Parts of an input are parted by 0xff: stat, status, cgroup, loginuid, and where exe leads. Without libFuzzer
// the corpus runs in unit_fuzz_procfs.
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "system-probe/decode/decoder.h"
#include "system-probe/ebpf/proc_snapshot.h"

namespace {

using namespace vedette::probe;

class FakeProc {
   public:
    FakeProc() {
        std::string path = "/dev/shm/vedette-fuzz.XXXXXX";
        top_ = mkdtemp(path.data());
        std::filesystem::create_directory(process());
    }
    ~FakeProc() {
        std::error_code ignored;
        std::filesystem::remove_all(top_, ignored);
    }
    FakeProc(const FakeProc&) = delete;
    FakeProc& operator=(const FakeProc&) = delete;

    std::filesystem::path process() const { return top_ / "7"; }
    void write(const char* name, std::string_view text) const {
        std::ofstream(process() / name, std::ios::binary).write(text.data(), text.size());
    }
    void link(const char* name, std::string_view target) const {
        std::error_code ignored;
        std::filesystem::remove(process() / name, ignored);
        if (!target.empty() && target.find('\0') == std::string_view::npos)
            std::filesystem::create_symlink(target, process() / name, ignored);
    }
    std::string path() const { return top_; }

   private:
    std::filesystem::path top_;
};

std::string_view take(std::string_view& rest) {
    const auto part = rest.substr(0, rest.find('\xff'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const FakeProc proc;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    for (const char* name : {"stat", "status", "cgroup", "loginuid"})
        proc.write(name, take(rest));
    proc.link("exe", take(rest));
    Decoded decoded;
    const auto read = read_proc_snapshot(proc.path(), [&](std::span<const std::byte> record) {
        if (!decode(record, decoded))
            abort();
    });
    return read ? 0 : 1;
}
