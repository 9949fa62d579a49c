// SPDX-License-Identifier: Apache-2.0
//
// The whole rendered text of mistakes people make. tests/golden/secl/diagnostics.txt holds expressions, each after
// a line "---", followed by "=>" and what is printed.
#include <sstream>

#include "security-agent/secl/diagnostics_json.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {

TEST_CASE("diagnostics read as in the golden file") {
    const std::vector<MacroSource> macros = {macro("SHELLS", "[\"sh\", \"bash\"]"),
                                             macro("BROKEN", "process.uid == \"x\""),
                                             macro("LOOP", "LOOP && true")};
    check_golden("diagnostics", 15,
                 [&macros](const std::string& expression) { return diagnose(expression, macros); });
}

TEST_CASE("a diagnostic is safe on a terminal and in JSON") {
    Diagnostics diagnostics;
    const SourceText source = source_from_string("f\x1b[31m", "x == \x1b[2J\xff");
    diagnostics.add(Severity::kError, source, {5, 9}, "bad \x1b thing", "hint \x07");
    const std::string text = render(diagnostics);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
    CHECK(valid_utf8("a\xff"
                     "b\xc3\xa9\xed\xa0\x80") ==
          "a\xef\xbf\xbd"
          "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(to_json(diagnostics).size() == 1);
}

TEST_CASE("columns count code points and long lines are cut around the error") {
    const std::string far = "\"" + std::string(400, 'x') + "\" == open.file.name && \xc3\xa9";
    const std::string text = diagnose(far);
    CHECK_THAT(text, ContainsSubstring("test:1:425: error"));
    CHECK_THAT(text, ContainsSubstring("..."));
    CHECK(text.size() < 600);
}

TEST_CASE("diagnostics are bounded and each is said once") {
    Diagnostics diagnostics;
    for (size_t i = 0; i < Diagnostics::kMax + 10; ++i) {
        diagnostics.add(Severity::kError, source_from_string("f", "x"), {0, 1},
                        "message " + std::to_string(i));
        diagnostics.add(Severity::kError, source_from_string("f", "x"), {0, 1},
                        "message " + std::to_string(i));
    }
    CHECK(diagnostics.items().size() == Diagnostics::kMax);
    CHECK_THAT(render(diagnostics), ContainsSubstring("more"));
}

}  // namespace vedette::secl::test
