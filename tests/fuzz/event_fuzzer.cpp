// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an event file, and the event that comes out against rules that read much of it. What it asserts: a file
// is an event or says why not, within its own lines, and what was read writes itself as a file that is read again.
#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <string>

#include "fields.gen.h"
#include "security-agent/replay/event_file.h"
#include "security-agent/secl/compiler.h"

namespace {

using namespace vedette;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

const secl::CompiledRules& rules() {
    static const std::array<secl::RuleSource, 4> kSources = {
        secl::RuleSource{"exec", secl::source_from_string(
                                     "exec", R"(exec.file.path =~ "/usr/**" && exec.argv in [~"-*"]
            && process.ancestors[A].file.name == "sh" && process.ancestors[A].uid != 0)")},
        secl::RuleSource{"open",
                         secl::source_from_string(
                             "open", R"(open.file.name.length > 3 && open.flags & O_CREAT > 0
            || open.file.extension == "conf" || process.created_at < 5s)")},
        secl::RuleSource{"connect", secl::source_from_string(
                                        "connect", R"(connect.addr.ip in [10.0.0.0/8, ::1/128]
            || connect.addr.port in [1, 2] || connect.addr.is_public)")},
        secl::RuleSource{"flows",
                         secl::source_from_string("flows",
                                                  R"(network_flow_monitor.flows.source.port == 1
            || network_flow_monitor.flows.length > 2)")}};
    static const secl::CompiledRules kRules =
        secl::compile_rules(kSources, {}, engine::field_table());
    return kRules;
}

std::shared_ptr<const replay::EventFile> parse(const std::string& text,
                                               secl::Diagnostics& diagnostics) {
    static const secl::FieldNames kNames(engine::field_table());
    return replay::parse_event(std::make_shared<const secl::SourceFile>("fuzz.json", text), kNames,
                               diagnostics);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    secl::Diagnostics diagnostics;
    const auto event = parse(text, diagnostics);
    require((event == nullptr) == !diagnostics.ok(), "no event, or an error, but not both");
    for (const secl::Diagnostic& diagnostic : diagnostics.items()) {
        require(diagnostic.line <= lines, "a diagnostic points past the file");
        require(!diagnostic.message.empty(), "a diagnostic says nothing");
    }
    secl::render(diagnostics);
    if (!event) {
        return 0;
    }
    std::pmr::monotonic_buffer_resource scratch;
    static secl::EvalState state;
    secl::EvalContext context;
    context.type = event->type().id;
    context.source = event.get();
    context.host = &event->host();
    context.scratch = &scratch;
    context.now_ns = event->time_ns();
    rules().rules->evaluate(context, state);

    const std::string written = boost::json::serialize(event->to_json());
    secl::Diagnostics again;
    const auto same = parse(written, again);
    require(same != nullptr, "what was written cannot be read");
    require(boost::json::serialize(same->to_json()) == written, "a round trip changes the event");
    return 0;
}
