// SPDX-License-Identifier: Apache-2.0
#include "common/ipc/token.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/os/fd.h"

namespace vedette::ipc {
namespace {

constexpr size_t kRandomBytes = 32;
constexpr size_t kMaxFileBytes = 4096;

Result<std::string> random_hex() {
    std::array<unsigned char, kRandomBytes> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1)
        return fail(ErrorCode::kUnavailable, "OpenSSL has no random bytes for a token");
    std::string hex;
    for (const unsigned char byte : bytes)
        hex += fmt::format("{:02x}", byte);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return hex;
}

}  // namespace

Result<> check_secret_file(int fd, const std::string& path) {
    struct stat st{};
    if (fstat(fd, &st) != 0)
        return fail_errno(errno, "cannot stat '{}'", path);
    if (!S_ISREG(st.st_mode))
        return fail(ErrorCode::kDenied, "'{}' is not a regular file: remove it", path);
    // Root may prepare the file for us, or read the agent's; anyone else's could be a trap.
    const uid_t me = geteuid();
    if (st.st_uid != me && st.st_uid != 0 && me != 0)
        return fail(ErrorCode::kDenied,
                    "'{}' belongs to user {}, not to user {}: chown or remove it", path, st.st_uid,
                    me);
    // A Secret that Kubernetes mounts is root's and 0440 for the pod's own group (fsGroup): root's choice, and nobody's
    // but ours to read.
    const bool root_gave_it =
        st.st_uid == 0 && st.st_gid == getegid() && (st.st_mode & (S_IWGRP | S_IXGRP)) == 0;
    const mode_t others = root_gave_it ? S_IRWXO : S_IRWXG | S_IRWXO;
    if ((st.st_mode & others) != 0)
        return fail(ErrorCode::kDenied,
                    "'{}' has mode {:04o}, others could use it: chmod 0600 '{}'", path,
                    st.st_mode & 07777, path);
    return {};
}

Result<Token> Token::load(const std::string& path) {
    // A link could be pointed at any file between two looks: refuse it at open, then judge the open file.
    auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fd) {
        if (fd.error().sys_errno == ELOOP)
            return fail(ErrorCode::kDenied, "'{}' is a symbolic link: replace it by the file",
                        path);
        return forward_error(fd, "session token");
    }
    if (auto checked = check_secret_file(fd->get(), path); !checked)
        return forward_error(checked, "session token");
    auto text = read_all(fd->get(), kMaxFileBytes, path);
    if (!text)
        return forward_error(text, "session token");
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' '))
        text->pop_back();
    if (text->size() < kMinLength)
        return fail(
            ErrorCode::kInvalid,
            "session token: '{}' holds {} characters, at least {} are needed: remove it and "
            "restart the agent, which makes a new one",
            path, text->size(), kMinLength);
    if (!std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < 0x7F; }))
        return fail(ErrorCode::kInvalid,
                    "session token: '{}' holds bytes that are not printable ASCII: remove it and "
                    "restart the agent, which makes a new one",
                    path);
    return Token(std::move(*text));
}

Result<Token> Token::load_or_create(const std::string& path) {
    auto loaded = load(path);
    if (loaded || loaded.error().code != ErrorCode::kNotFound)
        return loaded;
    auto text = random_hex();
    if (!text)
        return forward_error(text);
    auto created = create_file_atomic(path, *text, 0600);
    if (!created && created.error().code != ErrorCode::kExists)
        return forward_error(created, "session token");
    return load(path);  // whoever was first: the file is whole as soon as its name exists
}

bool Token::matches(std::string_view guess) const {
    return guess.size() == text_.size() &&
           CRYPTO_memcmp(guess.data(), text_.data(), text_.size()) == 0;
}

}  // namespace vedette::ipc
