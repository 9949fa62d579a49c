// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a record: through the decoder and the resolver, the code that an attacker's paths, arguments and names
// reach first as root. Without libFuzzer the corpus runs in unit_system_probe.
#include <cstdint>
#include <cstring>
#include <span>

#include "system-probe/decode/decoder.h"
#include "system-probe/resolvers/process_node.h"
#include "system-probe/resolvers/process_resolver.h"

namespace {

using namespace vedette::probe;

/// Builds what would be sent, and sends it nowhere.
struct NullSink : NodeSink {
    explicit NullSink(const Names& known) : names(known) {}
    void changed(const Image& image) override {
        last.Clear();
        fill_node(last, image, names);
    }
    void ended(const Image& image) override { changed(image); }
    void gone(const Image& /*image*/) override {}
    const Names& names;
    vedette::v1::ProcessNode last;
};

}  // namespace

/// One input is a run of records, each as long as its header says: lineages form, not only single records.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const WallClock clock([] { return int64_t{0}; });
    const Names names;
    NullSink sink(names);
    ProcessResolver resolver({.max_bytes = 64 * 1024, .envs_with_value = {"PATH"}}, clock, names,
                             sink);
    Decoded decoded;
    auto rest = std::as_bytes(std::span(data, size));
    uint64_t sequence = 0;
    while (!rest.empty()) {
        uint32_t length = 0;
        if (rest.size() >= sizeof length)
            std::memcpy(&length, rest.data(), sizeof length);
        const auto record = rest.first(length == 0 || length > rest.size() ? rest.size() : length);
        if (decode(record, decoded)) {
            resolver.apply(decoded);
            resolver.named_by(++sequence);
            resolver.after_event();
        }
        rest = rest.subspan(record.size());
    }
    resolver.expire(UINT64_MAX, UINT64_MAX);
    return 0;
}
