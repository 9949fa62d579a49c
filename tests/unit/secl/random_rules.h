// SPDX-License-Identifier: Apache-2.0
//
// Random rules and events over a vocabulary small enough that they often meet.
#pragma once

#include <random>
#include <string>

#include "tests/unit/secl/fake_fields.h"

namespace vedette::secl::test {

class RandomRules {
   public:
    explicit RandomRules(uint32_t seed) : random_(seed) {}

    /// Compiles, and is for open events; macros MACRO_LIST (strings) and MACRO_EXPR may appear.
    std::string rule();
    FakeEvent event();
    /// Of the alphabet that patterns and paths of the others use.
    std::string pattern();
    std::string glob();
    std::string path();
    std::string word();

   private:
    size_t below(size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
    }
    bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }
    std::string condition(int depth);
    std::string test();
    std::string string_test();
    std::string path_test();
    std::string int_test();
    std::string address_test();
    std::string register_test();
    std::string number(int depth);
    std::string path_literal();
    std::string string_literal(bool regexp);
    void fill_process(FakeEvent& event, std::string_view prefix);
    void fill_variables(FakeEvent& event);

    std::mt19937 random_;
};

}  // namespace vedette::secl::test
