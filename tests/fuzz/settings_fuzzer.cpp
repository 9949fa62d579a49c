// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a settings file, and as the value of every setting. Without libFuzzer the corpus runs in
// unit_fuzz_settings.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/config/environment.h"
#include "common/config/setting_value.h"
#include "common/config/settings.h"
#include "common/os/fd.h"

using namespace vedette;

namespace {

void load_as_file(const std::string& text) {
    const UniqueFd file(memfd_create("settings", MFD_CLOEXEC));
    if (!file || fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text, "settings"))
        return;
    Settings::Sources sources;
    sources.files = {fmt::format("/proc/self/fd/{}", file.get())};
    const auto settings = Settings::load(sources);
    if (!settings && settings.error().message.empty())
        std::abort();
    if (settings && settings->to_yaml().empty())
        std::abort();
}

/// What is taken has a canonical text that is taken again, as the same value.
void parse_as_value(const std::string& text) {
    for (const SettingDef& def : settings_table()) {
        const auto value = parse_setting(def, text);
        if (!value)
            continue;
        const auto again = parse_setting(def, value->text);
        if (!again || again->number != value->number || again->text != value->text ||
            again->list != value->list)
            std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    load_as_file(text);
    parse_as_value(text);
    (void)settings_in_environment({{"DD_" + text, text}, {"VEDETTE_" + text, text}});
    return 0;
}
