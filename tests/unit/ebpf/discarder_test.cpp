// SPDX-License-Identifier: Apache-2.0
#include "system-probe/filters/discarder.h"

#include "tests/unit/catch.h"
#include "vedette/v1/event.pb.h"
#include "vedette/v1/event_stream.pb.h"

using namespace vedette;
using namespace vedette::probe;

namespace {

v1::Discarder message(v1::Discarder::Kind kind, int event, std::string text) {
    v1::Discarder out;
    out.set_kind(kind);
    out.set_event_type(static_cast<uint32_t>(event));
    out.set_text(std::move(text));
    return out;
}

constexpr auto kOpen = v1::Event::kOpenFieldNumber;
constexpr auto kPath = v1::Discarder::KIND_PATH;
constexpr auto kParent = v1::Discarder::KIND_PARENT;

}  // namespace

TEST_CASE("discarders: the key is the text with zeroes behind it") {
    const auto found = read_discarder(message(kPath, kOpen, "/usr/lib/x"));
    REQUIRE(found);
    CHECK(found->type == VDT_OPEN);
    CHECK(found->key.kind == VDT_DISCARD_PATH);
    CHECK(found->key.len == 10);
    CHECK(found->key.text[9] == 'x');
    CHECK(found->key.text[10] == 0);
    CHECK(found->value.types == uint64_t{1} << VDT_OPEN);
}

TEST_CASE("discarders: what the kernel programs do not look at is refused") {
    CHECK(read_discarder(message(kParent, kOpen, "/usr")));
    CHECK_FALSE(read_discarder(message(kParent, kOpen, "/")));
    CHECK_FALSE(read_discarder(message(kParent, kOpen, "/usr/")));
    CHECK_FALSE(read_discarder(message(kPath, kOpen, "relative")));
    CHECK_FALSE(read_discarder(message(kPath, kOpen, "")));
    CHECK_FALSE(read_discarder(message(kPath, kOpen, std::string("/a\0b", 4))));
    CHECK(read_discarder(message(kPath, kOpen, "/" + std::string(VDT_DISCARDER_TEXT - 1, 'x'))));
    CHECK_FALSE(read_discarder(message(kPath, kOpen, "/" + std::string(VDT_DISCARDER_TEXT, 'x'))));
    CHECK_FALSE(read_discarder(message(kPath, v1::Event::kExecFieldNumber, "/x")));
    CHECK_FALSE(read_discarder(message(kPath, v1::Event::kRenameFieldNumber, "/x")));
    CHECK_FALSE(read_discarder(message(kPath, 99999, "/x")));
    CHECK_FALSE(read_discarder(message(v1::Discarder::KIND_UNSPECIFIED, kOpen, "/x")));
    CHECK(read_discarder(message(v1::Discarder::KIND_NAME, v1::Event::kPrctlFieldNumber, "name")));
    CHECK_FALSE(read_discarder(message(v1::Discarder::KIND_NAME, kOpen, "name")));
    CHECK(read_discarder(message(v1::Discarder::KIND_AUID, kOpen, ""))->auid == 0U);
    CHECK_FALSE(
        read_discarder(message(v1::Discarder::KIND_AUID, v1::Event::kSetuidFieldNumber, "")));
    CHECK_FALSE(
        read_discarder(message(v1::Discarder::KIND_AUID, v1::Event::kMountFieldNumber, "")));
}
