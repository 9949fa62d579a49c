// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/bpf_error.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/unit/catch.h"

using namespace vedette::probe;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kBpf = 1ULL << 39;
constexpr uint64_t kPerfmon = 1ULL << 38;
constexpr uint64_t kNetAdmin = 1ULL << 12;
constexpr uint64_t kSysAdmin = 1ULL << 21;

HostFacts able_host() {
    HostFacts facts;
    facts.capabilities = kBpf | kPerfmon | kNetAdmin;
    facts.kernel = "6.1.0-test";
    return facts;
}

/// A directory that looks like / as far as the facts go.
class FakeRoot {
   public:
    FakeRoot() : path_(fs::temp_directory_path() / ("vdt-root-" + std::to_string(getpid()))) {
        fs::create_directories(path_ / "proc/self");
        fs::create_directories(path_ / "sys/kernel/security");
        fs::create_directories(path_ / "sys/kernel/btf");
    }
    ~FakeRoot() { fs::remove_all(path_); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
    }
    std::string path() const { return path_.string(); }

   private:
    fs::path path_;
};

}  // namespace

TEST_CASE("an able host has nothing to explain") {
    CHECK(explain_host(able_host()).empty());
}

TEST_CASE("missing capabilities are named, with the fix") {
    HostFacts facts = able_host();
    facts.capabilities = 0;
    CHECK_THAT(explain_host(facts), ContainsSubstring("CAP_BPF and CAP_PERFMON missing"));
    CHECK_THAT(explain_host(facts), ContainsSubstring("sudo"));
    facts.capabilities = kBpf;
    CHECK_THAT(explain_host(facts), StartsWith("CAP_PERFMON missing"));
    facts.capabilities = kSysAdmin;
    CHECK(explain_host(facts).empty());
}

TEST_CASE("each cause of a refusal has its own sentence") {
    HostFacts facts = able_host();
    SECTION("user namespace") {
        facts.initial_user_ns = false;
        CHECK_THAT(explain_host(facts), ContainsSubstring("user namespace"));
    }
    SECTION("no BTF names the option and the path") {
        facts.btf = false;
        CHECK_THAT(explain_host(facts), ContainsSubstring("CONFIG_DEBUG_INFO_BTF=y"));
        CHECK_THAT(explain_host(facts), ContainsSubstring("/sys/kernel/btf/vmlinux"));
    }
    SECTION("lockdown") {
        facts.lockdown = "confidentiality";
        CHECK_THAT(explain_host(facts), ContainsSubstring("lockdown=integrity"));
        facts.lockdown = "integrity";
        CHECK(explain_host(facts).empty());
    }
    SECTION("seccomp is blamed only when the kernel did refuse") {
        facts.seccomp = true;
        CHECK(explain_host(facts).empty());
        CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kLoadProgram, facts),
                   ContainsSubstring("seccomp"));
    }
}

TEST_CASE("errors of bpf(2) by step") {
    const HostFacts facts = able_host();
    CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kCreateMap, facts),
               ContainsSubstring("ulimit -l"));
    CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kTrampoline, facts),
               ContainsSubstring("trampolines"));
    CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kLoadProgram, facts),
               ContainsSubstring("security module"));
    CHECK_THAT(explain_bpf_error(EACCES, BpfStep::kLoadProgram, facts),
               ContainsSubstring("verifier"));
    CHECK_THAT(explain_bpf_error(EINVAL, BpfStep::kCreateMap, facts),
               ContainsSubstring("5.8 or newer"));
    CHECK_THAT(explain_bpf_error(ENOSYS, BpfStep::kCreateMap, facts), ContainsSubstring("bpf()"));
    CHECK_THAT(explain_bpf_error(ENOMEM, BpfStep::kCreateMap, facts),
               ContainsSubstring("ring_buffer_size"));
    CHECK_THAT(explain_bpf_error(524, BpfStep::kTrampoline, facts),
               ContainsSubstring("no BPF trampolines"));
    CHECK_THAT(explain_bpf_error(ENOENT, BpfStep::kAttach, facts),
               ContainsSubstring("does not have that hook"));
    // A missing capability explains any refusal better than the step does.
    HostFacts weak = facts;
    weak.capabilities = kBpf | kPerfmon;
    CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kLoadProgram, weak),
               ContainsSubstring("CAP_NET_ADMIN"));
    weak.capabilities = 0;
    CHECK_THAT(explain_bpf_error(EPERM, BpfStep::kTrampoline, weak), ContainsSubstring("CAP_BPF"));
}

TEST_CASE("facts are read from the host's files") {
    const FakeRoot root;
    root.write("proc/self/status",
               "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000004000000000\nSeccomp:\t2\n");
    root.write("proc/self/uid_map", "         0     100000      65536\n");
    root.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    HostFacts facts = read_host_facts(root.path());
    CHECK(facts.capabilities == kPerfmon);
    CHECK(facts.seccomp);
    CHECK_FALSE(facts.initial_user_ns);
    CHECK(facts.lockdown == "integrity");
    CHECK_FALSE(facts.btf);

    root.write("proc/self/uid_map", "         0          0 4294967295\n");
    root.write("sys/kernel/btf/vmlinux", "");
    facts = read_host_facts(root.path());
    CHECK(facts.initial_user_ns);
    CHECK(facts.btf);
}

TEST_CASE("a host without those files is not guessed to be able") {
    const HostFacts facts = read_host_facts("/nonexistent");
    CHECK(facts.capabilities == 0);
    CHECK_FALSE(explain_host(facts).empty());
}
