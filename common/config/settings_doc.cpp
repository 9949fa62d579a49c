// SPDX-License-Identifier: Apache-2.0
//
// For `./dev doc`: settings_doc page|example prints docs/reference/settings.md or deploy/vedette.yaml.example.
#include <cstdio>
#include <string_view>

#include "common/config/settings_pages.h"

int main(int argc, char** argv) {
    if (argc != 2)
        return 2;
    const std::string text = argv[1] == std::string_view("page") ? vedette::settings_markdown()
                                                                 : vedette::settings_example();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
