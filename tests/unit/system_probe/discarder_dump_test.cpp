// SPDX-License-Identifier: Apache-2.0
#include "system-probe/commands/discarder_dump.h"

#include "system-probe/filters/discarder.h"
#include "tests/unit/catch.h"
#include "vedette/v1/event.pb.h"
#include "vedette/v1/event_stream.pb.h"

using namespace vedette;
using namespace vedette::probe;

TEST_CASE("discarders: a dump is YAML that no file name can write into") {
    v1::Discarder message;
    message.set_kind(v1::Discarder::KIND_PATH);
    message.set_event_type(v1::Event::kOpenFieldNumber);
    message.set_text("/a\"\n\\\xff");
    DiscarderDump dump;
    dump.wall_ns = 1'790'000'000'000'000'000;
    const auto odd = read_discarder(message);
    REQUIRE(odd);
    vdt_discarder value = odd->value;
    value.types |= uint64_t{1} << VDT_MMAP;
    value.revision = 3;
    value.inode = 12;
    value.mount_id = 34;
    dump.discarders = {{odd->key, value}};
    dump.stats = {{"open", 2, 100}};
    CHECK(to_yaml(dump) == R"(date: "2026-09-21T14:13:20Z"
inodes:
  - index: 0
    kind: path
    events: [open, mmap]
    value: {params: {event_mask: 1073741856, expire_at: 0, is_retained: false}, revision: 3}
    path: "/a\"\x0a\\\xff"
    inode: 12
    mount_id: 34
stats:
  open: {discarderadded: 2, eventdiscarded: 100}
)");
    CHECK(to_yaml({}).find("inodes: []\nstats: {}\n") != std::string::npos);
}
