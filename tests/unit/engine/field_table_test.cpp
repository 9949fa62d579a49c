// SPDX-License-Identifier: Apache-2.0
//
// The generated table against facts: the names and types that existing policies rely on
// (tests/data/reference-fields.tsv), and what the accessors read.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "fields.gen.h"
#include "security-agent/engine/field_text.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

std::string type_of(const secl::FieldDef& field) {
    static const char* const kNames[] = {"int", "bool", "string", "cidr"};
    return std::string(kNames[static_cast<int>(field.type)]) + (field.is_list ? "[]" : "");
}

std::map<std::string, std::string> reference() {
    std::ifstream in(VEDETTE_SOURCE_DIR "/tests/data/reference-fields.tsv");
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string event, name, type;
        words >> event >> name >> type;
        out[name] = type;
    }
    return out;
}

/// Ours alone.
const std::set<std::string> kSuperset = {};

struct Reader {
    std::pmr::monotonic_buffer_resource scratch;
    v1::Event event;
    v1::ProcessNode process = node(kCat);
    v1::ProcessNode parent = node(kBash);
    std::vector<const void*> ancestors = {&parent};

    std::string operator()(std::string_view name) {
        secl::EvalContext context;
        context.event = &event;
        context.process = &process;
        context.parent = &parent;
        context.owner = this;
        context.scratch = &scratch;
        context.elements = [](const secl::EvalContext& c, secl::Subject) {
            return std::span<const void* const>(static_cast<Reader*>(c.owner)->ancestors);
        };
        const secl::FieldDef* field = find_field(field_table(), name);
        return field ? field_text(*field, context) : "no such field";
    }
};

}  // namespace

TEST_CASE("fields: every name has the reference's type, or is known to be ours") {
    const auto known = reference();
    REQUIRE(known.size() > 2300);
    size_t shared = 0;
    for (const secl::FieldDef& field : field_table().fields()) {
        const std::string name(field.name);
        INFO(name);
        if (kSuperset.contains(name))
            continue;
        REQUIRE(known.contains(name));
        CHECK(known.at(name) == type_of(field));
        ++shared;
    }
    CHECK(shared >= 439);
}

TEST_CASE("fields: the table keeps its contract") {
    const auto fields = field_table().fields();
    std::set<std::string_view> names;
    for (size_t i = 0; i < fields.size(); ++i) {
        INFO(fields[i].name);
        if (i)
            CHECK(fields[i - 1].name < fields[i].name);
        CHECK_FALSE(fields[i].doc.empty());
        const bool is_text =
            fields[i].type == secl::ValueType::kString || fields[i].type == secl::ValueType::kIp;
        const size_t getter = fields[i].is_list                          ? (is_text ? 3U : 4U)
                              : is_text                                  ? 2U
                              : fields[i].type == secl::ValueType::kBool ? 1U
                                                                         : 0U;
        CHECK(fields[i].get.index() == getter);
        names.insert(fields[i].name);
    }
    for (const secl::AliasDef& alias : field_table().aliases()) {
        INFO(alias.name);
        CHECK(names.contains(alias.field));
        CHECK_FALSE(names.contains(alias.name));
    }
}

TEST_CASE("fields: path matching is for file paths alone") {
    for (const secl::FieldDef& field : field_table().fields()) {
        INFO(field.name);
        const bool is_path = field.name.ends_with("file.path");
        CHECK((field.matching == secl::Matching::kPath) == is_path);
    }
}

TEST_CASE("fields: event types carry the reference's categories") {
    std::map<std::string_view, std::string_view> categories;
    for (const secl::EventTypeDef& event : field_table().events())
        if (!event.name.empty())
            categories[event.name] = event.category;
    CHECK(categories == std::map<std::string_view, std::string_view>{{"exec", "Process Activity"},
                                                                     {"exit", "Process Activity"},
                                                                     {"open", "File Activity"},
                                                                     {"connect", "Kernel Activity"},
                                                                     {"setuid", "File Activity"},
                                                                     {"setgid", "File Activity"}});
}

TEST_CASE("fields: accessors read what they say") {
    Reader read;
    read.event.set_tid(99);
    v1::Open& open = *read.event.mutable_open();
    open.set_retval(-13);
    open.set_mode(0600);
    open.mutable_file()->set_path("/etc/shadow");
    open.mutable_syscall()->set_path("../shadow");
    CHECK(read("open.file.path") == "/etc/shadow");
    CHECK(read("open.file.path.length") == "11");
    CHECK(read("open.file.name") == "shadow");
    CHECK(read("open.file.name.length") == "6");
    CHECK(read("open.retval") == "-13");
    CHECK(read("open.syscall.path") == "../shadow");
    CHECK(read("open.file.destination.mode") == "384");
    CHECK(read("open.filename") == "/etc/shadow");  // aliases
    CHECK(read("open.mode") == "384");
    CHECK(read("process.name") == "cat");
    CHECK(read("container.id").empty());
    CHECK(read("cgroup.id") == "/system.slice/ssh.service");
    CHECK(read("process.tid") == "99");  // the acting thread's, not the image's
    CHECK(read("exec.tid") == std::to_string(node(kCat).tid()));
    CHECK(read("process.uid") == "1000");
    CHECK(read("process.parent.file.name") == "bash");
    CHECK(read("process.ancestors.file.name") == "bash");
    CHECK(read("process.ancestors.length") == "1");
    CHECK(read("process.is_exec") == "true");
    CHECK(read("event.async") == "false");
    CHECK(read("connect.addr.ip").empty());  // another event type's field is empty
    read.event.mutable_connect()->mutable_addr()->set_ip("\x7f\0\0\1");
    CHECK(read("open.file.path").empty());
}
