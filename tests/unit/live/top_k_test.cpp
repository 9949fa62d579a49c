// SPDX-License-Identifier: Apache-2.0
#include "security-agent/live/top_k.h"

#include <algorithm>
#include <string>

#include "tests/unit/catch.h"

namespace vedette::live {

TEST_CASE("within its capacity it counts exactly") {
    TopK top(3);
    for (const char* key : {"a", "b", "a", "c", "a", "b"})
        top.count(key);
    CHECK(top.rows() == std::vector<TopK::Row>{{"a", 3}, {"b", 2}, {"c", 1}});
}

TEST_CASE("who does much is never missing, whatever else there is, and memory stays bounded") {
    TopK top(10);
    for (int i = 0; i < 3000; ++i) {
        top.count("busy");
        top.count("also busy");
        top.count("once " + std::to_string(i));
    }
    const auto rows = top.rows();
    CHECK(rows.size() == 10);
    for (const char* name : {"busy", "also busy"}) {
        const auto row = std::ranges::find(rows, name, &TopK::Row::first);
        REQUIRE(row != rows.end());
        CHECK(row->second >= 3000);
    }
}

}  // namespace vedette::live
