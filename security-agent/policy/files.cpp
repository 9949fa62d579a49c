// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <tuple>

#include "security-agent/policy/yaml_tree.h"

namespace vedette::policy {
namespace {

constexpr std::string_view kSuffix = ".policy";
constexpr size_t kMaxPolicyFiles = 1000;

std::string file_name(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Regular files only, without waiting: a policy directory may hold a FIFO.
Result<std::string> read_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail_errno(errno, "cannot open '{}'", path);
    }
    const std::unique_ptr<const int, void (*)(const int*)> closer(&fd,
                                                                  [](const int* f) { close(*f); });
    struct stat status{};
    if (fstat(fd, &status) != 0) {
        return fail_errno(errno, "cannot stat '{}'", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::kInvalid, "'{}' is not a regular file", path);
    }
    std::string text;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(errno, "cannot read '{}'", path);
        }
        if (got == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<size_t>(got));
        if (text.size() > kMaxPolicyBytes) {
            return fail(ErrorCode::kLimit, "'{}' is larger than {} bytes", path, kMaxPolicyBytes);
        }
    }
}

Result<std::vector<std::string>> list_policies(const std::string& directory) {
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) {
        return fail_errno(errno, "cannot read the policy directory '{}'", directory);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(dir, &closedir);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(kSuffix) && !name.starts_with('.')) {
            names.emplace_back(name);
        }
    }
    if (names.size() > kMaxPolicyFiles) {
        return fail(ErrorCode::kLimit, "'{}' holds {} policy files, the limit is {}", directory,
                    names.size(), kMaxPolicyFiles);
    }
    return names;
}

}  // namespace

Result<std::vector<InputFile>> read_policy_files(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) {
        return fail_errno(errno, "cannot read policies from '{}'", path);
    }
    std::vector<InputFile> files;
    if (!S_ISDIR(status.st_mode)) {
        auto text = read_file(path);
        if (!text) {
            return forward_error(text);
        }
        files.push_back({file_name(path), path, std::move(text)});
        return files;
    }
    auto names = list_policies(path);
    if (!names) {
        return forward_error(names);
    }
    for (const std::string& name : *names) {
        const std::string full = path + (path.ends_with('/') ? "" : "/") + name;
        files.push_back({name, full, read_file(full)});
    }
    sort_policies(files);
    return files;
}

void sort_policies(std::vector<InputFile>& files) {
    std::sort(files.begin(), files.end(), [](const InputFile& a, const InputFile& b) {
        return std::make_tuple(a.name != kDefaultPolicy, std::string_view(a.name)) <
               std::make_tuple(b.name != kDefaultPolicy, std::string_view(b.name));
    });
}

}  // namespace vedette::policy
