// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/dumps.h"

#include "system-probe/commands/dump_file.h"
#include "system-probe/commands/network_dump.h"
#include "system-probe/commands/process_dump.h"

namespace vedette::probe {
namespace {

Result<std::string> write_dump(const std::string& directory, std::string_view extension,
                               const std::string& text) {
    auto file = DumpFile::create(
        directory, fmt::format("network-namespace-{}-", extension.substr(1)), extension);
    if (!file)
        return forward_error(file);
    file->write(text);
    return file->finish();
}

}  // namespace

Result<> Dumps::begin(Clock::time_point now) {
    if (last_ && now - *last_ < kGap)
        return fail(ErrorCode::kLimit, "the last dump was less than a second ago: ask again later");
    last_ = now;
    return {};
}

Result<std::string> Dumps::discarders(const DiscarderDump& dump, Clock::time_point now) {
    if (auto allowed = begin(now); !allowed)
        return forward_error(allowed);
    auto file = DumpFile::create(directory_, "discarder-dump-", ".yaml");
    if (!file)
        return forward_error(file);
    file->write(to_yaml(dump));
    return file->finish();
}

Result<std::string> Dumps::processes(const v1::DumpProcessCacheRequest& request, const Nodes& nodes,
                                     Clock::time_point now) {
    if (auto allowed = begin(now); !allowed)
        return forward_error(allowed);
    const bool json = request.format() == v1::DumpProcessCacheRequest::FORMAT_JSON;
    auto file = DumpFile::create(
        directory_, request.with_args() ? "process-cache-args-dump-" : "process-cache-dump-",
        json ? ".json" : ".dot");
    if (!file)
        return forward_error(file);
    const auto dump =
        make_process_dump(request, [&file](std::string_view text) { file->write(text); });
    nodes([&dump](const v1::ProcessNode& node) { dump->add(node); });
    dump->end();
    return file->finish();
}

Result<NetworkNamespaces> Dumps::find_networks(const Nodes& nodes, Clock::time_point now) {
    if (auto allowed = begin(now); !allowed)
        return forward_error(allowed);
    NetworkNamespaces found;
    nodes([&found](const v1::ProcessNode& node) { found.add(node); });
    return found;
}

Result<NetworkFilenames> Dumps::networks(std::span<const NetworkNamespace> namespaces,
                                         uint64_t left_out) {
    auto dump = write_dump(directory_, ".json", network_json(namespaces, left_out));
    if (!dump)
        return forward_error(dump);
    auto graph = write_dump(directory_, ".dot", network_graph(namespaces));
    if (!graph)
        return forward_error(graph);
    return NetworkFilenames{std::move(*dump), std::move(*graph)};
}

}  // namespace vedette::probe
