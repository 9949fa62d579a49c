// SPDX-License-Identifier: Apache-2.0
#include "system-probe/files/file_hashes.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "system-probe/files/fuzzy_hash.h"

namespace vedette::probe {
namespace {

constexpr size_t kChunk = 64u << 10;

constexpr std::array<std::pair<std::string_view, HashAlgorithm>, 4> kNames = {{
    {"md5", HashAlgorithm::kMd5},
    {"sha1", HashAlgorithm::kSha1},
    {"sha256", HashAlgorithm::kSha256},
    {"ssdeep", HashAlgorithm::kSsdeep},
}};

const EVP_MD* digest_of(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::kMd5:
            return EVP_md5();
        case HashAlgorithm::kSha1:
            return EVP_sha1();
        case HashAlgorithm::kSha256:
            return EVP_sha256();
        case HashAlgorithm::kSsdeep:
            return nullptr;
    }
    return nullptr;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// One algorithm at work.
class Hasher {
   public:
    explicit Hasher(HashAlgorithm algorithm) : algorithm_(algorithm) {
        if (algorithm == HashAlgorithm::kSsdeep) {
            fuzzy_.emplace();
            return;
        }
        context_.reset(EVP_MD_CTX_new());
        // md5 is refused where the library is in FIPS mode.
        usable_ = context_ && EVP_DigestInit_ex(context_.get(), digest_of(algorithm), nullptr) == 1;
    }

    void add(std::span<const unsigned char> bytes) {
        if (fuzzy_)
            fuzzy_->add(bytes);
        else if (usable_)
            EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }

    std::optional<std::string> finish() {
        std::string out = fmt::format("{}:", kNames[static_cast<size_t>(algorithm_)].first);
        if (fuzzy_)
            return out + fuzzy_->text();
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        if (!usable_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1)
            return std::nullopt;
        for (const unsigned char byte : std::span(digest).first(length))
            out += fmt::format("{:02x}", byte);
        return out;
    }

   private:
    HashAlgorithm algorithm_;
    std::optional<FuzzyHash> fuzzy_;
    std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
    bool usable_ = false;
};

}  // namespace

Result<HashAlgorithm> parse_hash_algorithm(std::string_view name) {
    for (const auto& [known, algorithm] : kNames) {
        if (known == name)
            return algorithm;
    }
    return fail(ErrorCode::kInvalid, "'{}' is no hash algorithm: md5, sha1, sha256 and ssdeep are",
                name);
}

Result<std::vector<std::string>> hash_content(int fd, std::span<const HashAlgorithm> algorithms,
                                              uint64_t max_bytes) {
    std::vector<Hasher> hashers(algorithms.begin(), algorithms.end());
    std::vector<unsigned char> chunk(kChunk);
    uint64_t done = 0;
    while (true) {
        const ssize_t got = pread(fd, chunk.data(), chunk.size(), static_cast<off_t>(done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(errno, "reading the file");
        if (got == 0)
            break;
        done += static_cast<uint64_t>(got);
        if (done > max_bytes)
            return fail(ErrorCode::kLimit, "it has more than {} bytes", max_bytes);
        for (Hasher& hasher : hashers)
            hasher.add(std::span(chunk).first(static_cast<size_t>(got)));
    }
    std::vector<std::string> out;
    for (Hasher& hasher : hashers) {
        if (auto text = hasher.finish())
            out.push_back(std::move(*text));
    }
    return out;
}

}  // namespace vedette::probe
