// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/package_database.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>

#include "system-probe/files/open_seen.h"

namespace vedette::probe {
namespace {

constexpr size_t kMaxDatabase = 64u << 20;
constexpr size_t kMaxList = 8u << 20;
constexpr size_t kMaxDiversions = 1u << 20;

constexpr std::array<const char*, 3> kDatabases = {"var/lib/dpkg/status", "var/lib/dpkg/status.d",
                                                   "lib/apk/db/installed"};

/// Directories that are links into /usr on merged systems: packages still name the old path.
constexpr std::array<std::string_view, 6> kMerged = {"bin",   "sbin",  "lib",
                                                     "lib32", "lib64", "libx32"};

/// Cuts the text up to `end` off the front.
std::string_view take_until(std::string_view& rest, std::string_view end) {
    const size_t at = rest.find(end);
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(at == rest.npos ? rest.size() : at + end.size());
    return taken;
}

std::string read_below(int root, const std::string& path, size_t max_bytes) {
    const auto fd = open_below(root, path);
    if (!fd)
        return {};
    return read_all(fd->get(), max_bytes, path).value_or(std::string());
}

void add_merged_directories(int root, PackageIndex& index) {
    for (const std::string_view name : kMerged) {
        std::array<char, 64> target{};
        const ssize_t length =
            readlinkat(root, std::string(name).c_str(), target.data(), target.size());
        if (length <= 0)
            continue;
        std::string_view to(target.data(), static_cast<size_t>(length));
        if (to.starts_with('/'))
            to.remove_prefix(1);
        if (to.starts_with("usr/"))
            index.add_alias(fmt::format("/{}", name), fmt::format("/{}", to));
    }
}

/// Path before, and path after and by whom: "/bin/sh", "/bin/sh.distrib", "dash".
struct Diversion {
    std::string_view to;
    std::string_view by;
};
using Diversions = std::map<std::string_view, Diversion>;

Diversions parse_diversions(std::string_view content) {
    Diversions out;
    while (!content.empty()) {
        const auto from = take_until(content, "\n");
        const auto to = take_until(content, "\n");
        const auto by = take_until(content, "\n");
        if (!from.empty() && !to.empty())
            out[from] = {to, by};
    }
    return out;
}

/// A directory stands just before what is in it: then it is left out.
void add_dpkg_list(std::string_view list, uint32_t number, std::string_view name,
                   const Diversions& diversions, PackageIndex& index) {
    while (!list.empty()) {
        const auto path = take_until(list, "\n");
        const bool directory = path.size() < 2 || (list.starts_with(path) &&
                                                   list.substr(path.size()).starts_with('/'));
        if (directory)
            continue;
        const auto diverted = diversions.find(path);
        const bool moved = diverted != diversions.end() && diverted->second.by != name;
        index.add_file(number, moved ? diverted->second.to : path);
    }
}

void read_dpkg(int root, PackageIndex& index) {
    const std::string status = read_below(root, "var/lib/dpkg/status", kMaxDatabase);
    if (status.empty())
        return;
    const std::string diverted = read_below(root, "var/lib/dpkg/diversions", kMaxDiversions);
    const Diversions diversions = parse_diversions(diverted);
    const auto info = open_directory_below(root, "var/lib/dpkg/info");
    if (!info)
        return;
    for (DpkgPackage& package : parse_dpkg_status(status)) {
        std::string list = read_below(info->get(), fmt::format("{}.list", package.name), kMaxList);
        if (list.empty())  // Multi-Arch: same
            list =
                read_below(info->get(),
                           fmt::format("{}:{}.list", package.name, package.architecture), kMaxList);
        const uint32_t number = index.add_package(std::move(package.package));
        add_dpkg_list(list, number, package.name, diversions, index);
    }
}

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

/// Images that are made without dpkg keep one file a package: status.d/NAME, and NAME.md5sums with its paths.
void read_dpkg_fragments(int root, PackageIndex& index) {
    auto fd = open_directory_below(root, "var/lib/dpkg/status.d");
    if (!fd)
        return;
    const std::unique_ptr<DIR, CloseDirectory> directory(fdopendir(fd->release()));
    if (!directory)
        return;
    while (const dirent* entry = readdir(directory.get())) {
        const std::string file = entry->d_name;
        if (file.starts_with('.') || file.ends_with(".md5sums"))
            continue;
        const int at = dirfd(directory.get());
        const std::string status = read_below(at, file, kMaxList);
        for (DpkgPackage& package : parse_dpkg_status(status)) {
            const std::string sums = read_below(at, file + ".md5sums", kMaxList);
            const uint32_t number = index.add_package(std::move(package.package));
            std::string_view rest = sums;
            while (!rest.empty()) {
                auto line = take_until(rest, "\n");
                take_until(line, "  ");
                if (!line.empty())
                    index.add_file(number, fmt::format("/{}", line));
            }
        }
    }
}

struct Version {
    uint32_t epoch = 0;
    std::string_view version, release;
};

/// deb-version(7): [epoch:]upstream[-revision], where upstream may have '-' when there is a revision.
Version split(std::string_view text) {
    Version out;
    if (const size_t colon = text.find(':'); colon != text.npos) {
        std::from_chars(text.data(), text.data() + colon, out.epoch);
        text.remove_prefix(colon + 1);
    }
    const size_t dash = text.rfind('-');
    out.version = text.substr(0, dash);
    if (dash != text.npos)
        out.release = text.substr(dash + 1);
    return out;
}

}  // namespace

bool DatabaseStamp::any() const {
    return std::ranges::any_of(files, [](const File& file) { return file.inode != 0; });
}

DatabaseStamp stamp_databases(int root) {
    DatabaseStamp out;
    for (const char* path : kDatabases) {
        DatabaseStamp::File& file = out.files.emplace_back();
        const auto now = stat_below(root, path);
        if (!now)
            continue;
        if (!out.any())
            out.owner = now->st_uid;
        file = {now->st_dev, now->st_ino, static_cast<uint64_t>(now->st_size),
                int64_t{now->st_ctim.tv_sec} * 1'000'000'000 + now->st_ctim.tv_nsec};
    }
    return out;
}

PackageIndex read_databases(int root) {
    PackageIndex index;
    add_merged_directories(root, index);
    read_dpkg(root, index);
    read_dpkg_fragments(root, index);
    if (const std::string apk = read_below(root, "lib/apk/db/installed", kMaxDatabase);
        !apk.empty())
        read_apk(apk, index);
    index.finish();
    return index;
}

void set_dpkg_version(v1::Package& package, std::string_view version) {
    const Version parts = split(version);
    package.set_epoch(parts.epoch);
    package.set_version(std::string(parts.version));
    package.set_release(std::string(parts.release));
}

void set_dpkg_source_version(v1::Package& package, std::string_view version) {
    const Version parts = split(version);
    package.set_source_epoch(parts.epoch);
    package.set_source_version(std::string(parts.version));
    package.set_source_release(std::string(parts.release));
}

std::vector<DpkgPackage> parse_dpkg_status(std::string_view status) {
    std::vector<DpkgPackage> out;
    while (!status.empty() && out.size() < PackageIndex::kMaxPackages) {
        std::string_view stanza = take_until(status, "\n\n");
        DpkgPackage one;
        std::string_view version, source, state;
        while (!stanza.empty()) {
            std::string_view value = take_until(stanza, "\n");
            const std::string_view key = take_until(value, ":");
            while (value.starts_with(' '))
                value.remove_prefix(1);
            if (key == "Package")
                one.name = value;
            else if (key == "Architecture")
                one.architecture = value;
            else if (key == "Version")
                version = value;
            else if (key == "Source")
                source = value;
            else if (key == "Status")
                state = value;
        }
        if (one.name.empty() || state.ends_with(" not-installed") ||
            state.ends_with(" config-files"))
            continue;
        one.package.set_name(std::string(one.name));
        set_dpkg_version(one.package, version);
        // "Source: name (version)": without one it has the version of the package.
        take_until(source, "(");
        const std::string_view its = take_until(source, ")");
        set_dpkg_source_version(one.package, its.empty() ? version : its);
        out.push_back(std::move(one));
    }
    return out;
}

// apk-tools' "installed" database: a stanza a package; P name, V version, F a directory, R a file in it.
void read_apk(std::string_view installed, PackageIndex& index) {
    while (!installed.empty()) {
        std::string_view stanza = take_until(installed, "\n\n");
        const std::string_view whole = stanza;
        v1::Package package;
        while (!stanza.empty()) {
            const std::string_view line = take_until(stanza, "\n");
            if (line.starts_with("P:"))
                package.set_name(std::string(line.substr(2)));
            else if (line.starts_with("V:"))
                package.set_version(std::string(line.substr(2)));
        }
        if (package.name().empty())
            continue;
        package.set_source_version(package.version());
        const uint32_t number = index.add_package(std::move(package));
        stanza = whole;
        std::string_view directory;
        while (!stanza.empty()) {
            const std::string_view line = take_until(stanza, "\n");
            if (line.starts_with("F:"))
                directory = line.substr(2);
            else if (line.starts_with("R:"))
                index.add_file(number, directory.empty()
                                           ? fmt::format("/{}", line.substr(2))
                                           : fmt::format("/{}/{}", directory, line.substr(2)));
        }
    }
}

}  // namespace vedette::probe
