// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/handlers.h"

#include <arpa/inet.h>

#include "bpf/abi/records.h"
#include "security-agent/secl/eval_context.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

using Strings = std::vector<std::string>;

v1::ProcessNode process(const Strings& argv) {
    v1::ProcessNode node;
    for (const std::string& arg : argv)
        node.add_argv(arg);
    return node;
}

using ListHandler = void (*)(const v1::ProcessNode&, secl::Scratch&, secl::StringList&);

Strings list(ListHandler handler, const v1::ProcessNode& node) {
    std::pmr::monotonic_buffer_resource scratch;
    secl::StringList out;
    handler(node, scratch, out);
    return {out.begin(), out.end()};
}

std::string args(const Strings& argv) {
    std::pmr::monotonic_buffer_resource scratch;
    return std::string(handlers::process_args(process(argv), scratch));
}

v1::File file(const std::string& path, const std::string& name = "") {
    v1::File out;
    out.set_path(path);
    out.set_name(name);
    return out;
}

std::string name_of(const v1::File& f) {
    return std::string(handlers::file_name(f, *std::pmr::null_memory_resource()));
}

std::string extension_of(const std::string& path) {
    return std::string(handlers::file_extension(file(path), *std::pmr::null_memory_resource()));
}

bool is_public(const std::string& text) {
    char bytes[16];
    v1::Address address;
    if (inet_pton(AF_INET, text.c_str(), bytes) == 1)
        address.set_ip(std::string(bytes, 4));
    else if (inet_pton(AF_INET6, text.c_str(), bytes) == 1)
        address.set_ip(std::string(bytes, 16));
    return handlers::address_is_public(address);
}

}  // namespace

TEST_CASE("handlers: arguments without argv0") {
    CHECK(args({}).empty());
    CHECK(args({"ls"}).empty());
    CHECK(args({"ls", "-l"}) == "-l");
    CHECK(args({"ls", "-l", "", "a b"}) == "-l  a b");
    CHECK(list(handlers::process_argv, process({"ls", "-l", "x"})) == Strings{"-l", "x"});
    CHECK(list(handlers::process_argv, process({})).empty());
    CHECK(handlers::process_argv0(process({"-bash"}), *std::pmr::null_memory_resource()) ==
          "-bash");
    CHECK(handlers::process_argv0(process({}), *std::pmr::null_memory_resource()).empty());
}

TEST_CASE("handlers: flags") {
    const auto flags = [](const Strings& argv) {
        return list(handlers::process_args_flags, process(argv));
    };
    CHECK(flags({"ln", "-ln", "a", "b"}) == Strings{"l", "n"});
    CHECK(flags({"x", "--version"}) == Strings{"version"});
    CHECK(flags({"ps", "-T", "8"}) == Strings{"T"});
    CHECK(flags({"x", "--width=8", "-w=8"}).empty());
    CHECK(flags({"x", "-", "--", "plain"}).empty());
    CHECK(flags({"-bash"}).empty());  // argv0 is no flag
    CHECK(flags({"rm", "--", "-r"}) == Strings{"r"});
}

TEST_CASE("handlers: options") {
    const auto options = [](const Strings& argv) {
        return list(handlers::process_args_options, process(argv));
    };
    CHECK(options({"ps", "-T", "8"}) == Strings{"T=8"});
    CHECK(options({"ls", "--width=8"}) == Strings{"width=8"});
    CHECK(options({"ls", "--width", "8", "-a", "-b"}) == Strings{"width=8"});
    CHECK(options({"x", "-o", ""}) == Strings{"o="});
    CHECK(options({"x", "-o"}).empty());
    CHECK(options({"x", "-k=a=b"}) == Strings{"k=a=b"});
}

TEST_CASE("handlers: names of environment variables") {
    v1::ProcessNode node;
    node.add_envp("PATH=/bin");
    CHECK(list(handlers::process_envs, node) == Strings{"PATH"});
    node.add_env_names("PATH");
    node.add_env_names("HOME");
    CHECK(list(handlers::process_envs, node) == Strings{"PATH", "HOME"});
}

TEST_CASE("handlers: file names and extensions") {
    CHECK(name_of(file("/etc/passwd")) == "passwd");
    CHECK(name_of(file("/")) == "/");
    CHECK(name_of(file("relative")) == "relative");
    CHECK(name_of(file("")).empty());
    CHECK(name_of(file("", "memfd:x")) == "memfd:x");
    CHECK(name_of(file("/tmp/a\nb\xff")) == "a\nb\xff");
    CHECK(extension_of("/a/b.tar.gz") == ".gz");
    CHECK(extension_of("/a.d/b").empty());
    CHECK(extension_of("/a/.bashrc") == ".bashrc");
    CHECK(extension_of("").empty());
}

TEST_CASE("handlers: what a file's mode and flags mean") {
    v1::File f;
    f.set_mode(0104755);
    CHECK(handlers::file_rights(f) == 04755);
    CHECK(handlers::file_mount_visible(f));
    CHECK_FALSE(handlers::file_in_upper_layer(f));
    f.set_flags(VDT_FILE_DETACHED | VDT_FILE_UPPER);
    CHECK(handlers::file_mount_detached(f));
    CHECK_FALSE(handlers::file_mount_visible(f));
    CHECK(handlers::file_in_upper_layer(f));
    f.set_flags(VDT_FILE_MEMFD);
    CHECK_FALSE(handlers::file_mount_visible(f));
    CHECK_FALSE(handlers::file_mount_detached(f));
}

TEST_CASE("handlers: public addresses") {
    const Strings ranges = {"10.0.0.0/8", "fe80::/10", "192.0.2.7"};
    REQUIRE(handlers::use_private_ranges(ranges));
    CHECK_FALSE(is_public("10.1.2.3"));
    CHECK(is_public("11.1.2.3"));
    CHECK_FALSE(is_public("192.0.2.7"));
    CHECK(is_public("192.0.2.8"));
    CHECK_FALSE(is_public("fe80::1"));
    CHECK(is_public("2606:4700::1111"));
    CHECK_FALSE(is_public("::ffff:10.1.2.3"));
    CHECK_FALSE(is_public("no address"));
    for (const std::string bad : {"10.0.0.0/33", "host", "10.0.0.0/", "::/129", ""}) {
        const Result<> result = handlers::use_private_ranges(Strings{bad});
        REQUIRE_FALSE(result);
        CHECK_THAT(result.error().message, ContainsSubstring("'" + bad + "'"));
    }
    CHECK_FALSE(is_public("10.1.2.3"));  // a bad list changes nothing
}

TEST_CASE("handlers: the path below an overlay's mount") {
    const auto below = [](const std::string& path, const std::string& mount,
                          const std::string& filesystem = "overlay") {
        v1::File f = file(path);
        f.set_filesystem(filesystem);
        f.set_mount_path(mount);
        std::pmr::monotonic_buffer_resource scratch;
        secl::StringList out;
        handlers::file_overlay_path(f, scratch, out);
        return Strings(out.begin(), out.end());
    };
    CHECK(below("/merged/etc/passwd", "/merged") == Strings{"/etc/passwd"});
    CHECK(below("/merged/etc/passwd", "/merged/") == Strings{"/etc/passwd"});
    CHECK(below("/merged", "/merged") == Strings{"/"});
    CHECK(below("/mergedx/etc", "/merged").empty());
    CHECK(below("/etc/passwd", "/").empty());
    CHECK(below("/etc/passwd", "").empty());
    CHECK(below("", "/merged").empty());
    CHECK(below("/merged/etc/passwd", "/merged", "ext4").empty());
}

TEST_CASE("handlers: registered domain of a DNS name") {
    const auto root = [](const std::string& name) {
        v1::DnsQuestion question;
        question.set_name(name);
        return std::string(handlers::dns_root_domain(question, *std::pmr::null_memory_resource()));
    };
    CHECK(root("www.example.com") == "example.com");
    CHECK(root("example.com") == "example.com");
    CHECK(root("a.b.example.co.uk") == "example.co.uk");
    CHECK(root("WWW.Example.COM.") == "Example.COM");
    CHECK(root("com").empty());
    CHECK(root("co.uk").empty());
    CHECK(root("db.internal.corp") == "internal.corp");
    CHECK(root("").empty());
    CHECK(root(".").empty());
    CHECK(root("..").empty());
    CHECK(root(std::string("a\0.com", 6)).empty());
    CHECK(root(std::string(300, 'a') + ".com").empty());
    CHECK_NOTHROW(root("\xff\xfe.\xc3\x28.com"));
    CHECK_NOTHROW(root(std::string(255, '.')));
}

TEST_CASE("handlers: parameters of a module") {
    const auto argv = [](const std::string& args) {
        v1::LoadModule module;
        module.set_args(args);
        std::pmr::monotonic_buffer_resource scratch;
        secl::StringList out;
        handlers::module_argv(module, scratch, out);
        return Strings(out.begin(), out.end());
    };
    CHECK(argv("").empty());
    CHECK(argv(" \t\n").empty());
    CHECK(argv("debug=1  name=x\n") == Strings{"debug=1", "name=x"});
    CHECK(argv("one") == Strings{"one"});
}

TEST_CASE("handlers: who is a thread") {
    v1::ProcessNode fork;
    CHECK_FALSE(handlers::process_is_thread(fork));  // nothing is known
    fork.set_source(v1::ProcessNode::SOURCE_EVENT);
    CHECK(handlers::process_is_thread(fork));
    fork.set_is_exec(true);
    CHECK_FALSE(handlers::process_is_thread(fork));
}

TEST_CASE("handlers: number of ancestors") {
    secl::EvalContext context;
    CHECK(handlers::ancestors_length(context) == 0);
    CHECK(handlers::target_ancestors_length(context) == 0);
    CHECK(handlers::flows_length(context) == 0);
    static const void* const kTwo[] = {&context, &context};
    context.elements = [](const secl::EvalContext&, secl::Subject) {
        return std::span<const void* const>(kTwo);
    };
    CHECK(handlers::ancestors_length(context) == 2);
}
