// SPDX-License-Identifier: Apache-2.0
#include "system-probe/decode/paths.h"

namespace vedette::probe {

std::string clean_path(std::string_view path) {
    std::string out;
    out.reserve(path.size() + 1);
    size_t at = 0;
    while (at < path.size()) {
        const size_t slash = path.find('/', at);
        const auto element = path.substr(at, slash == path.npos ? path.npos : slash - at);
        at = slash == path.npos ? path.size() : slash + 1;
        if (element.empty() || element == ".")
            continue;
        if (element == "..") {
            const size_t parent = out.rfind('/');
            out.resize(parent == out.npos ? 0 : parent);
            continue;
        }
        out += '/';
        out += element;
    }
    return out.empty() ? "/" : out;
}

std::string join_path(std::string_view base, std::string_view path) {
    if (path.starts_with('/'))
        return clean_path(path);
    if (!base.starts_with('/'))
        return {};
    std::string joined(base);
    joined += '/';
    joined += path;
    return clean_path(joined);
}

std::string_view without_deleted_suffix(std::string_view path) {
    constexpr std::string_view kSuffix = " (deleted)";
    if (path.ends_with(kSuffix))
        path.remove_suffix(kSuffix.size());
    return path;
}

std::string_view unnamed_file(std::string_view path) {
    if (path.starts_with('/'))
        path.remove_prefix(1);
    return without_deleted_suffix(path);
}

}  // namespace vedette::probe
