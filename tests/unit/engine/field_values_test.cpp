// SPDX-License-Identifier: Apache-2.0
//
// What the generated accessors read from an event, through the one place that reads values.
#include "fields.gen.h"
#include "security-agent/secl/field_names.h"
#include "security-agent/secl/read_values.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

using Strings = std::vector<std::string>;

/// An event with all it refers to; empty objects where a test says nothing.
struct Reader {
    std::pmr::monotonic_buffer_resource scratch;
    v1::Event event;
    v1::ProcessNode process = node(kCat);
    v1::ProcessNode parent = node(kBash);
    v1::ProcessNode target;
    v1::ProcessNode target_parent;
    std::vector<const void*> ancestors = {&parent};
    std::vector<const void*> target_ancestors = {&target_parent, &target_parent};
    std::vector<const void*> flows;
    secl::HostIdentity host;
    std::vector<std::string_view> rule_tags;
    bool pending = false;

    secl::SlotValues values(std::string_view name) {
        const secl::NamedRead named = secl::FieldNames(field_table()).resolve(name);
        INFO(name);
        REQUIRE(named.error.empty());
        flows.clear();
        for (const v1::Flow& flow : event.network_flow_monitor().flows())
            flows.push_back(&flow);
        secl::EvalContext context;
        context.event = &event;
        context.process = &process;
        context.parent = &parent;
        context.target = &target;
        context.target_parent = &target_parent;
        context.owner = this;
        context.scratch = &scratch;
        context.host = &host;
        context.rule_tags = rule_tags;
        context.elements = [](const secl::EvalContext& c, secl::Subject subject) {
            const auto& self = *static_cast<const Reader*>(c.owner);
            return std::span<const void* const>(subject == secl::Subject::kAncestor ? self.ancestors
                                                : subject == secl::Subject::kFlow
                                                    ? self.flows
                                                    : self.target_ancestors);
        };
        secl::SlotValues out;
        secl::read_values(named.read, context, {}, out);
        pending = out.pending;
        return out;
    }
    /// All values as text.
    Strings operator()(std::string_view name) {
        const secl::SlotValues found = values(name);
        Strings out(found.strings.begin(), found.strings.end());
        for (const int64_t value : found.ints)
            out.push_back(std::to_string(value));
        return out;
    }
};

Strings one(const std::string& value) {
    return {value};
}

}  // namespace

TEST_CASE("values: of an open event and its process") {
    Reader read;
    read.event.set_tid(99);
    v1::Open& open = *read.event.mutable_open();
    open.set_retval(-13);
    open.set_mode(0600);
    open.mutable_file()->set_path("/etc/shadow");
    open.mutable_syscall()->set_path("../shadow");
    CHECK(read("open.file.path") == one("/etc/shadow"));
    CHECK(read("open.file.path.length") == one("11"));
    CHECK(read("open.file.name") == one("shadow"));
    CHECK(read("open.file.name.length") == one("6"));
    CHECK(read("open.retval") == one("-13"));
    CHECK(read("open.syscall.path") == one("../shadow"));
    CHECK(read("open.file.destination.mode") == one("384"));
    CHECK(read("open.filename") == one("/etc/shadow"));  // older names
    CHECK(read("open.mode") == one("384"));
    CHECK(read("process.name") == one("cat"));
    CHECK(read("cgroup.id") == one("/system.slice/ssh.service"));
    CHECK(read("process.tid") == one("99"));  // the acting thread's, not the image's
    CHECK(read("exec.tid") == one(std::to_string(node(kCat).tid())));
    CHECK(read("process.parent.file.name") == one("bash"));
    CHECK(read("process.ancestors.file.name") == one("bash"));
    CHECK(read("process.ancestors.length") == one("1"));
    CHECK(read("process.is_exec") == one("1"));
    CHECK(read("process.is_thread") == one("0"));
    CHECK(read("connect.addr.ip") == one(""));  // another event type's field is empty
}

TEST_CASE("values: a program counts by every path and name it has") {
    Reader read;
    v1::File& program = *read.process.mutable_file();
    program.set_filesystem("overlay");
    program.set_mount_path("/var/lib/docker/merged");
    program.set_path("/var/lib/docker/merged/bin/busybox");
    program.add_symlink_paths("/bin/sh");
    program.add_symlink_paths("/usr/bin/ash");
    program.add_symlink_paths("/third");  // more than the contract allows
    CHECK(read("exec.file.path") ==
          Strings{"/var/lib/docker/merged/bin/busybox", "/bin/busybox", "/bin/sh", "/usr/bin/ash"});
    CHECK(read("process.file.name") == Strings{"busybox", "sh", "ash"});
    CHECK(read("process.file.name.length") == one("7"));
    read.parent = read.process;
    CHECK(read("process.parent.file.path").size() == 4);
    CHECK(read("process.ancestors.file.path") == one("/var/lib/docker/merged/bin/busybox"));
}

TEST_CASE("values: a container's tags are not known before its metadata") {
    Reader read;
    v1::Container& container = *read.process.mutable_container();
    container.set_metadata_pending(true);
    read("process.container.tags");
    CHECK(read.pending);
    read("process.container.id");
    CHECK_FALSE(read.pending);
    container.set_metadata_pending(false);
    container.add_tags("image_name:nginx");
    container.add_tags("env:\xff");
    CHECK(read("container.tags") == Strings{"image_name:nginx", "env:\xff"});
    CHECK_FALSE(read.pending);
}

TEST_CASE("values: of the process that an event is about") {
    Reader read;
    read.event.mutable_signal()->set_type(9);
    read.event.mutable_signal()->set_pid(-1);
    read.event.mutable_signal()->set_target_key(7);
    read.target.set_pid(4242);
    read.target.mutable_file()->set_path("/usr/bin/victim");
    read.target_parent.set_comm("init");
    CHECK(read("signal.type") == one("9"));
    CHECK(read("signal.pid") == one("-1"));
    CHECK(read("signal.target.pid") == one("4242"));
    CHECK(read("signal.target.file.name") == one("victim"));
    CHECK(read("signal.target.parent.comm") == one("init"));
    CHECK(read("signal.target.ancestors.comm") == Strings{"init", "init"});
    CHECK(read("signal.target.ancestors.length") == one("2"));
}

TEST_CASE("values: of flows and packets") {
    Reader read;
    v1::NetworkFlowMonitor& monitor = *read.event.mutable_network_flow_monitor();
    CHECK(read("network_flow_monitor.flows.length") == one("0"));
    CHECK(read("network_flow_monitor.flows.source.port").empty());
    for (const uint32_t port : {80U, 443U})
        monitor.add_flows()->mutable_source()->set_port(port);
    CHECK(read("network_flow_monitor.flows.source.port") == Strings{"80", "443"});
    CHECK(read("network_flow_monitor.flows.length") == one("2"));

    v1::NetworkContext& network = *read.event.mutable_network();
    network.mutable_destination()->set_ip("\x01\x02\x03\x04");
    network.mutable_destination()->set_port(53);
    v1::Dns& dns = *read.event.mutable_dns();
    dns.mutable_question()->set_name("a.b.example.co.uk");
    dns.mutable_response()->add_ips("\x7f\x00\x00\x01");
    dns.mutable_response()->add_cnames("x");
    CHECK(read("network.destination.port") == one("53"));
    CHECK(read("packet.destination.port") == one("53"));
    CHECK(read("network.destination.is_public") == one("1"));
    CHECK(read("dns.question.name.root_domain") == one("example.co.uk"));
    CHECK(read("dns.question.name.length") == one("17"));
    CHECK(read("dns.response.ips").size() == 1);
    CHECK(read("dns.response.cnames") == one("x"));
}

TEST_CASE("values: of the host and of the rule at work") {
    Reader read;
    read.host.hostname = "web-1";
    read.host.service = "shop";
    read.host.source = "replay";
    read.rule_tags = {"tactic:persistence", "team:a"};
    CHECK(read("event.os") == one("linux"));
    CHECK(read("event.origin") == one("ebpf"));
    CHECK(read("event.source") == one("replay"));
    CHECK(read("event.hostname") == one("web-1"));
    CHECK(read("event.service") == one("shop"));
    CHECK(read("event.signature") == one(""));
    CHECK(read("event.rule.tags") == Strings{"tactic:persistence", "team:a"});
}

TEST_CASE("values: numbers keep their sign and width") {
    Reader read;
    v1::Chown& chown = *read.event.mutable_chown();
    chown.set_uid(-1);
    CHECK(read("chown.file.destination.uid") == one("-1"));
    read.event.mutable_setrlimit()->set_rlim_max(~uint64_t{0});
    CHECK(read("setrlimit.rlim_max") == one("-1"));
    read.event.mutable_bpf()->mutable_program()->add_helpers(4294967295U);
    CHECK(read("bpf.prog.helpers") == one("4294967295"));
    read.event.mutable_chmod()->set_mode(0104755);
    CHECK(read("chmod.file.destination.rights") == one(std::to_string(04755)));
    read.process.mutable_credentials()->set_auid(4294967295U);
    CHECK(read("process.auid") == one("4294967295"));
}
