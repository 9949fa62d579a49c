// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a flare holds: logs and command lines have what strangers chose. A secret in the midst of them must
// not survive, and scrubbing what is scrubbed changes nothing more. Without libFuzzer the corpus runs in unit_fuzz_scrub.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "security-agent/flare/scrub.h"

using namespace vedette::flare;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    static const Scrubber scrubber({"badge"});
    (void)scrubber.scrub(text);
    // On a line of its own nothing before it can take its name away from it.
    constexpr const char* kSecret = "hunter2hunter2";
    if (text.find(kSecret) != std::string::npos)
        return 0;
    const std::string before = text + "\npassword: " + kSecret + "\n";
    if (scrubber.scrub(before).find(kSecret) != std::string::npos)
        std::abort();
    const std::string after = std::string("password: ") + kSecret + "\n" + text;
    if (scrubber.scrub(after).find(kSecret) != std::string::npos)
        std::abort();
    return 0;
}
