// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/catch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

TEST_CASE("the corpus of the parser fuzzer") {
    size_t files = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(VEDETTE_SOURCE_DIR "/tests/fuzz/corpus/secl")) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        INFO(entry.path());
        CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size()) ==
              0);
        // Every beginning of it, too: most are broken in the middle of something.
        for (size_t size = 0; size < text.size() && size < 400; ++size) {
            CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), size) == 0);
        }
        ++files;
    }
    CHECK(files >= 10);
}
