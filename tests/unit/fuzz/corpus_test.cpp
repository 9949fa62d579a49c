// SPDX-License-Identifier: Apache-2.0
//
// A fuzzer's corpus as an ordinary test: every input, and every beginning of it.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/catch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

TEST_CASE("the corpus of the fuzzer") {
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(VEDETTE_CORPUS)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        INFO(entry.path());
        const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
        CHECK(LLVMFuzzerTestOneInput(bytes, text.size()) == 0);
        for (size_t size = 0; size < std::min<size_t>(text.size(), 400); ++size) {
            CHECK(LLVMFuzzerTestOneInput(bytes, size) == 0);
        }
        ++files;
    }
    CHECK(files >= 5);
}
