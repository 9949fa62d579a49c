// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/names.h"

#include <sys/stat.h>

#include <charconv>
#include <string_view>

#include "common/os/fd.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxFileBytes = 4u << 20;
constexpr size_t kMaxNames = 65536;
constexpr size_t kMaxNameLength = 256;

/// Cuts the text up to `end` off the front.
std::string_view take_until(std::string_view& rest, char end) {
    const size_t at = rest.find(end);
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
    return taken;
}

}  // namespace

const std::string& NameTable::find(uint32_t id) const {
    static const std::string kNone;
    const auto it = names_.find(id);
    return it == names_.end() ? kNone : it->second;
}

void NameTable::refresh() {
    struct stat now = {};
    if (stat(path_.c_str(), &now) != 0)
        return;  // keeps what it knows
    if (now.st_ino == inode_ && now.st_size == size_ && now.st_mtim.tv_sec == changed_.tv_sec &&
        now.st_mtim.tv_nsec == changed_.tv_nsec) {
        return;
    }
    const auto content = read_file(path_, kMaxFileBytes);
    if (!content)
        return;
    inode_ = now.st_ino;
    size_ = now.st_size;
    changed_ = now.st_mtim;
    parse(*content);
}

void NameTable::parse(const std::string& content) {
    names_.clear();
    std::string_view rest = content;
    while (!rest.empty() && names_.size() < kMaxNames) {
        auto line = take_until(rest, '\n');
        const auto name = take_until(line, ':');
        take_until(line, ':');
        const auto number = take_until(line, ':');
        uint32_t id = 0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
        if (name.empty() || name.size() > kMaxNameLength || error != std::errc() ||
            end != number.data() + number.size()) {
            continue;
        }
        names_.emplace(id, name);  // the first line of an id wins, as in getpwuid(3)
    }
}

}  // namespace vedette::probe
