// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/dumps.h"

#include "system-probe/commands/dump_file.h"
#include "system-probe/commands/process_dump.h"

namespace vedette::probe {

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
    auto file = DumpFile::create(directory_, "process-cache-dump-", json ? ".json" : ".dot");
    if (!file)
        return forward_error(file);
    const auto dump =
        make_process_dump(request, [&file](std::string_view text) { file->write(text); });
    nodes([&dump](const v1::ProcessNode& node) { dump->add(node); });
    dump->end();
    return file->finish();
}

}  // namespace vedette::probe
