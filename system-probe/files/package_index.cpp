// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/package_index.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace vedette::probe {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

bool is_below(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.starts_with(directory) &&
           path[directory.size()] == '/';
}

}  // namespace

PackageIndex::PackageIndex() : salt_(16, '\0') {
    if (getrandom(salt_.data(), salt_.size(), 0) != static_cast<ssize_t>(salt_.size()))
        salt_.clear();  // never seen after boot; the index works without
}

void PackageIndex::add_alias(std::string from, std::string to) {
    aliases_.emplace_back(std::move(from), std::move(to));
}

uint32_t PackageIndex::add_package(v1::Package package) {
    if (packages_.size() < kMaxPackages)
        packages_.push_back(std::move(package));
    return static_cast<uint32_t>(packages_.size() - 1);
}

void PackageIndex::add_file(uint32_t package, std::string_view path) {
    if (files_.size() < kMaxFiles)
        files_.push_back({hash(path), package});
}

void PackageIndex::finish() {
    std::ranges::stable_sort(files_, {}, &File::path);
    files_.shrink_to_fit();
}

const v1::Package* PackageIndex::find(std::string_view path) const {
    const uint64_t wanted = hash(path);
    const auto found = std::ranges::lower_bound(files_, wanted, {}, &File::path);
    if (found == files_.end() || found->path != wanted)
        return nullptr;
    return &packages_[found->package];
}

uint64_t PackageIndex::hash(std::string_view path) const {
    std::string canonical;
    for (const auto& [from, to] : aliases_) {
        if (is_below(path, from)) {
            canonical = to;
            canonical += path.substr(from.size());
            path = canonical;
            break;
        }
    }
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), salt_.data(), salt_.size()) != 1 ||
        EVP_DigestUpdate(context.get(), path.data(), path.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
        return 0;
    uint64_t out = 0;
    std::memcpy(&out, digest.data(), sizeof out);
    return out;
}

size_t PackageIndex::bytes() const {
    size_t bytes = sizeof *this + files_.capacity() * sizeof(File);
    for (const v1::Package& package : packages_)
        bytes += package.SpaceUsedLong();
    return bytes;
}

}  // namespace vedette::probe
