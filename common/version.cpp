// SPDX-License-Identifier: Apache-2.0
#include "common/version.h"

#include <charconv>

#include "commit.gen.h"

namespace vedette {
namespace {

Version parse(std::string_view text, std::string_view commit) {
    Version v;
    v.text = text;
    v.commit = commit;
    const size_t dash = text.find('-');
    if (dash != std::string_view::npos)
        v.pre = text.substr(dash + 1);
    const char* at = text.data();
    const char* const end = at + (dash == std::string_view::npos ? text.size() : dash);
    for (int* part : {&v.major, &v.minor, &v.patch}) {
        at = std::from_chars(at, end, *part).ptr;
        if (at != end)
            ++at;
    }
    return v;
}

}  // namespace

const Version& version() {
    static const Version v = parse(VEDETTE_VERSION, VEDETTE_COMMIT);
    return v;
}

}  // namespace vedette
