// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/record_builder.h"

#include "tests/unit/catch.h"

using namespace vedette::probe;

TEST_CASE("a built record has the layout of the ABI") {
    RecordBuilder<vdt_exit> record(VDT_EXIT);
    record.fixed.code = 0x300;
    record.item(VDT_ITEM_PATH, "ab");
    const auto bytes = record.finish();
    REQUIRE(bytes.size() == sizeof(vdt_header) + sizeof(vdt_exit) + sizeof(vdt_item) + 2);
    vdt_header header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    CHECK(header.size == bytes.size());
    CHECK(header.type == VDT_EXIT);
    vdt_item item;
    std::memcpy(&item, bytes.data() + sizeof(vdt_header) + sizeof(vdt_exit), sizeof(item));
    CHECK(item.kind == VDT_ITEM_PATH);
    CHECK(item.len == 2);
    CHECK(static_cast<char>(bytes.back()) == 'b');
}

TEST_CASE("an item too long for its length field keeps its tail") {
    RecordBuilder<vdt_exit> record(VDT_EXIT);
    record.item(VDT_ITEM_PATH, std::string(70000, 'a') + "end");
    const auto bytes = record.finish();
    CHECK(bytes.size() == sizeof(vdt_header) + sizeof(vdt_exit) + sizeof(vdt_item) + UINT16_MAX);
    CHECK(static_cast<char>(bytes.back()) == 'd');
}
