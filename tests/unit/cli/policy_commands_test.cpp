// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_commands.h"

#include <sstream>

#include "tests/unit/catch.h"

using namespace vedette;

namespace {

struct Printed {
    int exit_code = 0;
    std::string out;
    std::string err;
};

Printed print(const std::string& answer) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = cli::print_reload(answer, out, err);
    return {exit_code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("policy reload: what the agent answered") {
    const Printed good = print(
        R"({"in_force":true,"rules":{"loaded":12,"filtered":3,"failed":1},"errors":1,"warnings":2})");
    CHECK(good.exit_code == 0);
    CHECK(good.out == "12 rules are in force, 3 are filtered, 1 failed; 1 errors, 2 warnings\n");
    CHECK(good.err.empty());
    const Printed refused =
        print(R"({"in_force":false,"message":"policy 'a.policy' cannot be loaded\u001b[2J"})");
    CHECK(refused.exit_code == 1);
    CHECK(refused.out.empty());
    CHECK(
        refused.err ==
        "refused, the rules of before stay in force: policy 'a.policy' cannot be loaded\\x1b[2J\n");
    for (const char* odd :
         {"", "[]", "{}", "{\"in_force\":1}", "{\"in_force\":true,\"rules\":5}"}) {
        INFO(odd);
        CHECK(print(odd).exit_code == (std::string(odd).find("true") == std::string::npos ? 1 : 0));
    }
}
