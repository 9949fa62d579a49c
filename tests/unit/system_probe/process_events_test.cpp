// SPDX-License-Identifier: Apache-2.0
//
// Events of processes and of the kernel, from record to event.
#include <map>

#include "bpf/abi/kernel_records.h"
#include "bpf/abi/process_records.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/decode/file.h"
#include "system-probe/resolvers/process_node.h"
#include "system-probe/resolvers/process_resolver.h"
#include "tests/unit/catch.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using namespace test;

struct Mirror : NodeSink {
    std::map<uint64_t, v1::ProcessNode> nodes;

    void changed(const Image& image) override {
        nodes[image.key].Clear();
        fill_node(nodes[image.key], image, Names());
    }
    void ended(const Image& image) override { changed(image); }
    void gone(const Image& image) override { nodes.erase(image.key); }
};

/// A resolver that knows process 1.
struct Fixture {
    Fixture() { apply(snapshot_record(image(1), image(0), kSecond)); }

    WallClock clock{[] { return int64_t{0}; }};
    Names names;
    Mirror mirror;
    ProcessResolver resolver{{.max_bytes = 64u << 20, .envs_with_value = {}}, clock, names, mirror};
    uint64_t sequence = 0;

    v1::Event apply(const Bytes& record) {
        Decoded decoded;
        const auto done = decode(as_record(record), decoded);
        INFO((done ? "" : done.error().message));
        REQUIRE(done);
        resolver.apply(decoded);
        resolver.named_by(++sequence);
        node_before = mirror.nodes[decoded.event.process_key()];
        resolver.after_event();
        return decoded.event;
    }
    v1::ProcessNode node_before;  ///< of the actor, as the event's rules see it
};

template <typename Fixed>
Bytes record_of(vdt_type type, const Fixed& fixed) {
    auto out = builder<Fixed>(type, image(1), 5 * kSecond);
    out.fixed = fixed;
    return bytes_of(out);
}

TEST_CASE("capset: in the event at once, in the process after it") {
    Fixture f;
    vdt_setcred fixed = {};
    fixed.cred.cap_effective = 5;
    fixed.cred.cap_permitted = uint64_t{1} << 40;
    const auto event = f.apply(record_of(VDT_CAPSET, fixed));
    CHECK(event.capset().cap_effective() == 5);
    CHECK(event.capset().cap_permitted() == uint64_t{1} << 40);
    CHECK(f.node_before.credentials().cap_effective() == 0);
    CHECK(f.mirror.nodes[event.process_key()].credentials().cap_effective() == 5);
}

TEST_CASE("prctl: what was asked") {
    Fixture f;
    auto record = builder<vdt_prctl>(VDT_PRCTL, image(1), 5 * kSecond);
    record.fixed = {.retval = 0, .option = 15, .flags = VDT_PRCTL_NAME_TRUNCATED};
    record.item(VDT_ITEM_NAME, "a\xff");
    auto event = f.apply(bytes_of(record));
    CHECK(event.prctl().new_name() == "a\xff");
    CHECK(event.prctl().is_name_truncated());
    event = f.apply(record_of(VDT_PRCTL, vdt_prctl{.retval = -22, .option = 99, .flags = 0}));
    CHECK(event.prctl().retval() == -22);
    CHECK(event.prctl().option() == 99);
    CHECK(event.prctl().new_name().empty());
}

TEST_CASE("comm: the name of the process is its main thread's, and needs no event") {
    Fixture f;
    const auto key = f.apply(record_of(VDT_PRCTL, vdt_prctl{})).process_key();
    auto record = builder<vdt_comm>(VDT_COMM, image(1), 5 * kSecond);
    record.fixed = {.comm = "a\xff"};
    record.header.tid = 77;
    CHECK(f.apply(bytes_of(record)).payload_case() == v1::Event::PAYLOAD_NOT_SET);
    CHECK(f.mirror.nodes[key].comm() == "comm");
    record.header.tid = 1;
    f.apply(bytes_of(record));
    CHECK(f.mirror.nodes[key].comm() == "a\xff");
}

TEST_CASE("targets: by the kernel's image, else by number in the initial namespace only") {
    Fixture f;
    f.apply(fork_record(image(10), image(1), 11 * kSecond));
    vdt_signal fixed = {};
    fixed.retval = -1;
    fixed.pid = -7;
    fixed.signal = 9;
    fixed.target = {.image = image(10), .pid = 2, .pidns = 4711};
    auto event = f.apply(record_of(VDT_SIGNAL, fixed));
    CHECK(event.signal().retval() == -1);
    CHECK(event.signal().pid() == -7);
    CHECK(event.signal().type() == 9);
    CHECK(f.mirror.nodes[event.signal().target_key()].pid() == 10);

    fixed.target = {.image = {}, .pid = 10, .pidns = VDT_INITIAL_PIDNS};
    event = f.apply(record_of(VDT_SIGNAL, fixed));
    CHECK(f.mirror.nodes[event.signal().target_key()].pid() == 10);
    fixed.target.pidns = 4711;
    CHECK(f.apply(record_of(VDT_SIGNAL, fixed)).signal().target_key() == 0);
    fixed.target = {.image = {}, .pid = -10, .pidns = VDT_INITIAL_PIDNS};
    CHECK(f.apply(record_of(VDT_SIGNAL, fixed)).signal().target_key() == 0);
}

TEST_CASE("a target that nobody described is a placeholder, and it stays while its event is held") {
    Fixture f;
    vdt_ptrace fixed = {};
    fixed.request = 16;
    fixed.address = 0x1234;
    fixed.target.image = image(20);
    const auto event = f.apply(record_of(VDT_PTRACE, fixed));
    CHECK(event.ptrace().request() == 16);
    CHECK(event.ptrace().address() == 0x1234);
    REQUIRE(event.ptrace().target_key() != 0);
    f.apply(exit_record(image(20), 30 * kSecond));
    f.resolver.expire(1000 * kSecond, f.sequence - 1);
    CHECK(f.mirror.nodes.contains(event.ptrace().target_key()));
    f.resolver.expire(1000 * kSecond, UINT64_MAX);
    CHECK_FALSE(f.mirror.nodes.contains(event.ptrace().target_key()));
}

TEST_CASE("setrlimit: no limit is all ones") {
    Fixture f;
    vdt_setrlimit fixed = {};
    fixed.resource = 7;
    fixed.cur = 20;
    fixed.max = UINT64_MAX;
    fixed.target.image = image(1);
    const auto event = f.apply(record_of(VDT_SETRLIMIT, fixed));
    CHECK(event.setrlimit().resource() == 7);
    CHECK(event.setrlimit().rlim_cur() == 20);
    CHECK(event.setrlimit().rlim_max() == UINT64_MAX);
    CHECK(event.setrlimit().target_key() == event.process_key());
}

TEST_CASE("cgroup_write: the cgroup of the record is the one written to, not the writer's") {
    Fixture f;
    auto record = builder<vdt_cgroup_write>(VDT_CGROUP_WRITE, image(1), 5 * kSecond);
    record.fixed.pid = 33;
    record.fixed.file.inode = 8;
    record.item(VDT_ITEM_PATH, "/sys/fs/cgroup/x");
    record.item(VDT_ITEM_CGROUP, "/x");
    const auto event = f.apply(bytes_of(record));
    CHECK(event.cgroup_write().pid() == 33);
    CHECK(event.cgroup_write().file().path() == "/sys/fs/cgroup/x");
    CHECK(f.mirror.nodes[event.process_key()].cgroup().id() == "/init.scope");
}

TEST_CASE("mmap and mprotect: what memory, and what of") {
    Fixture f;
    auto record = builder<vdt_mmap>(VDT_MMAP, image(1), 5 * kSecond);
    record.fixed.retval = 0x7f0000000000;
    record.fixed.protection = 5;
    record.fixed.flags = 0x22;
    auto event = f.apply(bytes_of(record));
    CHECK(event.mmap().retval() == 0x7f0000000000);
    CHECK(event.mmap().protection() == 5);
    CHECK(event.mmap().flags() == 0x22);
    CHECK_FALSE(event.mmap().has_file());
    record.fixed.file.inode = 9;
    record.item(VDT_ITEM_PATH, "/lib/x");
    CHECK(f.apply(bytes_of(record)).mmap().file().path() == "/lib/x");

    vdt_mprotect protect = {};
    protect.retval = -12;
    protect.vm_flags = 0x8000000000000073;
    protect.protection = 4;
    event = f.apply(record_of(VDT_MPROTECT, protect));
    CHECK(event.mprotect().retval() == -12);
    CHECK(event.mprotect().vm_protection() == 0x8000000000000073);
    CHECK(event.mprotect().req_protection() == 4);
}

TEST_CASE("modules: from a file, from memory, unloaded") {
    Fixture f;
    auto load = builder<vdt_load_module>(VDT_LOAD_MODULE, image(1), 5 * kSecond);
    load.fixed.flags = VDT_MODULE_FROM_MEMORY | VDT_MODULE_ARGS_TRUNCATED;
    load.item(VDT_ITEM_NAME, "evil");
    load.item(VDT_ITEM_VALUE, "a=1 b");
    auto event = f.apply(bytes_of(load));
    CHECK(event.load_module().name() == "evil");
    CHECK(event.load_module().args() == "a=1 b");
    CHECK(event.load_module().args_truncated());
    CHECK(event.load_module().loaded_from_memory());
    CHECK_FALSE(event.load_module().has_file());

    auto unload = builder<vdt_unload_module>(VDT_UNLOAD_MODULE, image(1), 5 * kSecond);
    unload.fixed.retval = -2;
    unload.item(VDT_ITEM_NAME, "good");
    event = f.apply(bytes_of(unload));
    CHECK(event.unload_module().name() == "good");
    CHECK(event.unload_module().retval() == -2);
}

TEST_CASE("bpf: maps, programs, their helpers; a request that failed has no tag") {
    Fixture f;
    auto record = builder<vdt_bpf>(VDT_BPF, image(1), 5 * kSecond);
    record.fixed.cmd = 5;
    record.fixed.flags = VDT_BPF_HAS_PROGRAM | VDT_BPF_HAS_TAG;
    record.fixed.program_type = 1;
    record.fixed.attach_type = 3;
    record.fixed.tag[0] = 0xab;
    record.fixed.helpers[0] = 1u << 5;
    record.fixed.helpers[3] = uint64_t{1} << 63;
    record.item(VDT_ITEM_VALUE, "filter");
    auto program = f.apply(bytes_of(record)).bpf().program();
    CHECK(program.name() == "filter");
    CHECK(program.tag() == "ab00000000000000");
    CHECK(program.attach_type() == 3);
    REQUIRE(program.helpers_size() == 2);
    CHECK(program.helpers(0) == 5);
    CHECK(program.helpers(1) == 255);
    record.fixed.flags = VDT_BPF_HAS_PROGRAM;
    CHECK(f.apply(bytes_of(record)).bpf().program().tag().empty());

    auto map = builder<vdt_bpf>(VDT_BPF, image(1), 5 * kSecond);
    map.fixed.flags = VDT_BPF_HAS_MAP;
    map.fixed.map_type = 27;
    map.item(VDT_ITEM_NAME, "ring");
    const auto event = f.apply(bytes_of(map));
    CHECK(event.bpf().map().name() == "ring");
    CHECK(event.bpf().map().type() == 27);
    CHECK_FALSE(event.bpf().has_program());
}

TEST_CASE("capabilities: what the kernel forgot is added to, in the event and in its process") {
    Fixture f;
    f.apply(record_of(VDT_CAPABILITIES, vdt_capabilities{.attempted = 6, .used = 2}));
    const auto event =
        f.apply(record_of(VDT_CAPABILITIES, vdt_capabilities{.attempted = 8, .used = 8}));
    CHECK(event.capabilities().attempted() == 14);
    CHECK(event.capabilities().used() == 10);
    CHECK(f.node_before.caps_attempted() == 14);
    CHECK(f.node_before.caps_used() == 10);
    f.apply(exec_record(image(1, 1), image(0), 6 * kSecond));
    CHECK(f.node_before.caps_attempted() == 0);
}

TEST_CASE("namespaces: no event, but the process is in them from now on, unless a thread went") {
    Fixture f;
    vdt_namespaces now = {};
    now.netns = 11;
    now.mntns = 12;
    now.userns = 13;
    now.cred.cap_effective = 7;
    const auto event = f.apply(record_of(VDT_NAMESPACES, now));
    CHECK(event.payload_case() == v1::Event::PAYLOAD_NOT_SET);
    CHECK(f.node_before.netns() == 11);
    CHECK(f.node_before.mntns() == 12);
    CHECK(f.node_before.userns() == 13);
    CHECK(f.node_before.credentials().cap_effective() == 7);

    auto of_thread = builder<vdt_namespaces>(VDT_NAMESPACES, image(1), 6 * kSecond);
    of_thread.header.tid = 4711;
    of_thread.fixed.netns = 99;
    f.apply(bytes_of(of_thread));
    CHECK(f.node_before.netns() == 11);
}

TEST_CASE("selinux: what the number that was written means to each file") {
    const auto written = [](uint32_t file, std::string_view value) {
        Fixture f;
        auto record = builder<vdt_selinux>(VDT_SELINUX, image(1), 5 * kSecond);
        record.fixed.file = file;
        record.item(VDT_ITEM_NAME, "httpd_can_network_connect");
        record.item(VDT_ITEM_VALUE, value);
        return f.apply(bytes_of(record)).selinux();
    };
    CHECK(written(VDT_SELINUX_ENFORCE, "1").enforce_status() == "enforcing");
    CHECK(written(VDT_SELINUX_ENFORCE, "0\n").enforce_status() == "permissive");
    CHECK(written(VDT_SELINUX_DISABLE, "1").enforce_status() == "disabled");
    CHECK(written(VDT_SELINUX_BOOL, " +1 ").bool_state() == "on");
    CHECK(written(VDT_SELINUX_BOOL, "").bool_state() == "off");
    CHECK(written(VDT_SELINUX_BOOL, "1").bool_name() == "httpd_can_network_connect");
    CHECK(written(VDT_SELINUX_COMMIT, "1").bool_commit_state());
    CHECK_FALSE(written(VDT_SELINUX_COMMIT, "99999999999999999999").bool_commit_state());
    CHECK(written(77, "1").enforce_status().empty());
}

TEST_CASE("ondemand: every argument as a number, those that were asked for as strings too") {
    Fixture f;
    auto record = builder<vdt_ondemand>(VDT_ONDEMAND, image(1), 5 * kSecond);
    record.item(VDT_ITEM_NAME, "syscall:mkdir");
    record.fixed.arg[0] = 0xffffffffffffffff;
    record.fixed.arg[5] = 6;
    record.fixed.strings = 1u << 1 | 1u << 2;
    std::memset(record.fixed.text[1], 'x', sizeof record.fixed.text[1]);  // no NUL
    std::memcpy(record.fixed.text[2], "a\0b", 3);
    std::memcpy(record.fixed.text[3], "not read", 8);
    const auto call = f.apply(bytes_of(record)).ondemand();
    CHECK(call.name() == "syscall:mkdir");
    CHECK(call.arg1().uint() == 0xffffffffffffffff);
    CHECK(call.arg2().str() == std::string(VDT_ONDEMAND_TEXT, 'x'));
    CHECK(call.arg3().str() == "a");
    CHECK(call.arg4().str().empty());
    CHECK(call.arg6().uint() == 6);
}

TEST_CASE("sysctl: values without the newline that ends them") {
    Fixture f;
    auto record = builder<vdt_sysctl>(VDT_SYSCTL, image(1), 5 * kSecond);
    record.fixed = {
        .action = VDT_SYSCTL_WRITE, .flags = VDT_SYSCTL_VALUE_TRUNCATED, .file_position = 3};
    record.item(VDT_ITEM_NAME, "kernel/x");
    record.item(VDT_ITEM_VALUE, "1\n\n");
    record.item(VDT_ITEM_OLD_VALUE, "0");
    const auto sysctl = f.apply(bytes_of(record)).sysctl();
    CHECK(sysctl.action() == 2);
    CHECK(sysctl.name() == "kernel/x");
    CHECK(sysctl.value() == "1\n");
    CHECK(sysctl.old_value() == "0");
    CHECK(sysctl.value_truncated());
    CHECK_FALSE(sysctl.old_value_truncated());
    CHECK(sysctl.file_position() == 3);
    record.fixed.action = VDT_SYSCTL_READ;
    CHECK(f.apply(bytes_of(record)).sysctl().value() == "0");
}

TEST_CASE("a record of these types that ends in its fixed part is refused") {
    const auto refused = [](Bytes record) {
        record.pop_back();
        const auto size = static_cast<uint32_t>(record.size());
        std::memcpy(record.data() + offsetof(vdt_header, size), &size, sizeof size);
        Decoded out;
        return !decode(as_record(record), out);
    };
    CHECK(refused(record_of(VDT_CAPSET, vdt_setcred{})));
    CHECK(refused(record_of(VDT_PRCTL, vdt_prctl{})));
    CHECK(refused(record_of(VDT_SETRLIMIT, vdt_setrlimit{})));
    CHECK(refused(record_of(VDT_SIGNAL, vdt_signal{})));
    CHECK(refused(record_of(VDT_PTRACE, vdt_ptrace{})));
    CHECK(refused(record_of(VDT_UNSHARE, vdt_unshare{})));
    CHECK(refused(record_of(VDT_CGROUP_WRITE, vdt_cgroup_write{})));
    CHECK(refused(record_of(VDT_MMAP, vdt_mmap{})));
    CHECK(refused(record_of(VDT_MPROTECT, vdt_mprotect{})));
    CHECK(refused(record_of(VDT_LOAD_MODULE, vdt_load_module{})));
    CHECK(refused(record_of(VDT_UNLOAD_MODULE, vdt_unload_module{})));
    CHECK(refused(record_of(VDT_BPF, vdt_bpf{})));
    CHECK(refused(record_of(VDT_SYSCTL, vdt_sysctl{})));
}

}  // namespace
}  // namespace vedette::probe
