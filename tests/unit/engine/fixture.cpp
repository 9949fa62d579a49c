// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/engine/fixture.h"

#include <fcntl.h>

#include <boost/json/parse.hpp>
#include <cstdlib>

#include "fields.gen.h"

namespace vedette::engine::test {
namespace {

void set_program(v1::ProcessNode& node, const std::string& path) {
    v1::File& file = *node.mutable_file();
    file.set_path(path);
    file.set_inode(1000 + node.key());
    file.set_mount_id(28);
    file.set_mode(0100755);
    file.set_user("root");
    file.set_group("root");
    file.set_filesystem("ext4");
    file.set_change_time(kTime - 5'000'000'000);
    file.set_modification_time(kTime - 6'000'000'000);
    node.set_comm(path.substr(path.rfind('/') + 1));
}

void set_user(v1::ProcessNode& node, uint32_t id, const std::string& name) {
    v1::Credentials& ids = *node.mutable_credentials();
    ids.set_uid(id);
    ids.set_gid(id);
    ids.set_euid(id);
    ids.set_egid(id);
    ids.set_fsuid(id);
    ids.set_fsgid(id);
    ids.set_user(name);
    ids.set_group(name);
    ids.set_euser(name);
    ids.set_egroup(name);
    ids.set_fsuser(name);
    ids.set_fsgroup(name);
    ids.set_auid(id ? id : 4294967295U);
}

}  // namespace

std::vector<boost::json::object> ListSink::of(std::string_view rule) const {
    std::vector<boost::json::object> out;
    for (const std::string& line : lines) {
        boost::json::object alert = boost::json::parse(line).as_object();
        if (alert.at("agent").at("rule_id").as_string() == rule)
            out.push_back(std::move(alert));
    }
    return out;
}

std::vector<std::string> World::alerted() const {
    std::vector<std::string> out;
    for (const std::string& line : sink.lines) {
        const boost::json::object alert = boost::json::parse(line).as_object();
        if (alert.contains("process"))
            out.emplace_back(alert.at("agent").at("rule_id").as_string());
    }
    return out;
}

v1::ProcessNode node(uint64_t key) {
    static const char* const kPrograms[] = {"",
                                            "/usr/lib/systemd/systemd",
                                            "/usr/sbin/sshd",
                                            "/usr/sbin/sshd",
                                            "/usr/bin/bash",
                                            "/usr/bin/cat"};
    v1::ProcessNode out;
    out.set_key(key);
    out.set_parent_key(key - 1);
    const uint64_t process = key > kBashFork ? key - 1 : key;  // bash is an exec of its fork
    out.set_process_key(process);
    out.set_pid(static_cast<uint32_t>(process == 1 ? 1 : 4000 + process));
    out.set_ppid(static_cast<uint32_t>(process <= 2 ? process - 1 : 4000 + process - 1));
    out.set_tid(out.pid());
    set_program(out, kPrograms[key]);
    set_user(out, key >= kBash ? 1000 : 0, key >= kBash ? "alice" : "root");
    if (key < kBash)
        out.mutable_credentials()->set_cap_effective(0x202001);
    out.add_argv(out.comm());
    out.set_created_at(kTime - 10'000'000'000 + key);
    out.set_is_exec(key != kBashFork);
    if (key != kBashFork)
        out.set_exec_time(kTime - 9'000'000'000 + key);
    out.set_source(key <= kSshd ? v1::ProcessNode::SOURCE_SNAPSHOT : v1::ProcessNode::SOURCE_EVENT);
    if (key == kBashFork)
        out.set_exit_time(kTime - 9'000'000'000 + kBash);
    if (key >= kBash)
        out.set_tty_name("pts0");
    out.mutable_cgroup()->set_id(key == kSystemd ? "/init.scope" : "/system.slice/ssh.service");
    return out;
}

v1::Batch batch_with_tree() {
    v1::Batch batch;
    batch.set_first_sequence(1);
    for (const uint64_t key : {kSystemd, kSshd, kBashFork, kBash, kCat})
        *batch.add_processes()->mutable_node() = node(key);
    return batch;
}

v1::ProcessNode& process_of(v1::Batch& batch, uint64_t key) {
    for (v1::ProcessUpdate& update : *batch.mutable_processes())
        if (update.node().key() == key)
            return *update.mutable_node();
    std::abort();
}

v1::Event& add_event(v1::Batch& batch, uint64_t process_key) {
    v1::Event& event = *batch.add_events();
    event.set_timestamp(kTime);
    event.set_process_key(process_key);
    event.set_tid(4004);
    return event;
}

v1::Event& add_open(v1::Batch& batch, const std::string& path, int64_t retval) {
    v1::Event& event = add_event(batch, kCat);
    v1::Open& open = *event.mutable_open();
    open.set_retval(retval);
    open.set_flags(O_RDONLY | O_CLOEXEC);
    open.mutable_file()->set_path(path);
    open.mutable_file()->set_inode(77);
    open.mutable_file()->set_mode(0100640);
    open.mutable_file()->set_user("root");
    open.mutable_file()->set_group("shadow");
    open.mutable_file()->set_gid(42);
    return event;
}

Policies rules(const std::string& yaml) {
    policy::LoadOptions options;
    return std::make_shared<const policy::CompiledPolicies>(policy::compile_policies(
        policy::load_policy_text("test.policy", yaml, options), field_table()));
}

AgentFacts facts() {
    return {"0.1.0", "linux", "x86_64", "ebpf", "6.1.0-test", "Debian GNU/Linux 12 (bookworm)"};
}

World::World(const std::function<void(EngineOptions&)>& change) {
    LogOptions log;
    log.name = "test";
    log.console = false;
    Result<std::shared_ptr<Logger>> made = make_logger(log);
    if (!made)
        std::abort();
    logger = *made;
    EngineOptions options;
    options.agent = facts();
    options.steady_ns = [this] { return steady; };
    options.wall_ns = [] { return static_cast<int64_t>(kTime) + 1'000'000; };
    if (change)
        change(options);
    engine = std::make_unique<Engine>(std::move(options), sink, metrics, *logger);
}

}  // namespace vedette::engine::test
