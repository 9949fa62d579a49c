// SPDX-License-Identifier: Apache-2.0
#include "common/ipc/certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "common/ipc/token.h"
#include "common/os/fd.h"

namespace vedette::ipc {
namespace {

constexpr size_t kMaxFileBytes = 64 << 10;
constexpr auto kLifetime = std::chrono::hours(24 * 3650);
constexpr auto kRenewBefore = std::chrono::hours(24 * 30);
constexpr const char* kName = "Vedette agent";
constexpr auto kClockSkew = std::chrono::hours(1);

template <auto free_function>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

tl::unexpected<Error> openssl_error(std::string_view what) {
    char text[256] = "no reason given";
    if (const auto code = ERR_get_error(); code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return fail(ErrorCode::kInvalid, "{}: {}", what, text);
}

std::string bio_text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<size_t>(size));
}

bool is_address(const std::string& host) {
    unsigned char address[sizeof(in6_addr)];
    return inet_pton(AF_INET, host.c_str(), address) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address) == 1;
}

/// A host from the settings stands in an OpenSSL configuration string: nothing but a name may pass.
bool is_host_name(const std::string& host) {
    return !host.empty() && host.size() < 254 &&
           host.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               std::string::npos;
}

bool add_extension(X509* cert, int nid, const char* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(cert, extension.get(), -1) == 1;
}

bool fill(X509* cert, EVP_PKEY* key, const std::string& names, std::chrono::seconds lifetime) {
    unsigned char serial[16] = {};
    if (RAND_bytes(serial, sizeof serial) != 1)
        return false;
    serial[0] &= 0x7F;  // a positive number
    using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
    const BigNumber number(BN_bin2bn(serial, sizeof serial, nullptr));
    if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)))
        return false;
    if (X509_set_version(cert, X509_VERSION_3) != 1)
        return false;
    const auto skew = std::chrono::duration_cast<std::chrono::seconds>(kClockSkew).count();
    X509_gmtime_adj(X509_getm_notBefore(cert), -skew);
    X509_gmtime_adj(X509_getm_notAfter(cert), lifetime.count());
    X509_NAME* name = X509_get_subject_name(cert);
    const auto* common_name = reinterpret_cast<const unsigned char*>(kName);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
           add_extension(cert, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(cert, NID_subject_key_identifier, "hash") &&
           add_extension(cert, NID_subject_alt_name, names.c_str()) &&
           X509_sign(cert, key, EVP_sha256()) != 0;
}

Result<std::chrono::system_clock::time_point> expiry(const X509* cert) {
    tm utc{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &utc) != 1)
        return openssl_error("unreadable expiry time");
    return std::chrono::system_clock::from_time_t(timegm(&utc));
}

std::string date(std::chrono::system_clock::time_point time) {
    const time_t when = std::chrono::system_clock::to_time_t(time);
    tm utc{};
    gmtime_r(&when, &utc);
    return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

struct Loaded {
    Certificate certificate;
    bool ours = false;  ///< made by make_certificate_pem
};

/// Whatever its dates say.
Result<Loaded> read_certificate(const std::string& path) {
    auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fd) {
        if (fd.error().sys_errno == ELOOP)
            return fail(ErrorCode::kDenied, "'{}' is a symbolic link: replace it by the file",
                        path);
        return forward_error(fd, "certificate");
    }
    if (auto checked = check_secret_file(fd->get(), path); !checked)
        return forward_error(checked, "certificate");
    const auto pem = read_all(fd->get(), kMaxFileBytes, path);
    if (!pem)
        return tl::unexpected<Error>(pem.error());

    const auto open_pem = [&] {
        return Bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
    };
    const X509Ptr cert(PEM_read_bio_X509(open_pem().get(), nullptr, nullptr, nullptr));
    const Key key(PEM_read_bio_PrivateKey(open_pem().get(), nullptr, nullptr, nullptr));
    if (!cert || !key || X509_check_private_key(cert.get(), key.get()) != 1) {
        ERR_clear_error();
        return fail(
            ErrorCode::kInvalid,
            "certificate: '{}' does not hold a certificate and its key: remove it and restart "
            "the agent, which makes a new one",
            path);
    }
    const auto expires = expiry(cert.get());
    if (!expires)
        return tl::unexpected<Error>(expires.error());
    Loaded loaded;
    Certificate& result = loaded.certificate;
    result.expires = *expires;
    char name[64] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName, name, sizeof name);
    loaded.ours = std::string_view(name) == kName;
    const Bio cert_bio(BIO_new(BIO_s_mem()));
    const Bio key_bio(BIO_new(BIO_s_mem()));
    if (!cert_bio || !key_bio || PEM_write_bio_X509(cert_bio.get(), cert.get()) != 1 ||
        PEM_write_bio_PrivateKey_traditional(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) != 1)
        return openssl_error("certificate");
    result.certificate_pem = bio_text(cert_bio.get());
    result.key_pem = bio_text(key_bio.get());
    return loaded;
}

}  // namespace

Result<std::string> make_certificate_pem(const std::string& host, std::chrono::hours lifetime) {
    std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    if (is_address(host)) {
        if (host != "127.0.0.1" && host != "::1")
            names += ",IP:" + host;
    } else if (is_host_name(host)) {
        if (host != "localhost")
            names += ",DNS:" + host;
    } else {
        return fail(ErrorCode::kInvalid, "certificate: '{}' is neither a host name nor an address",
                    host);
    }
    const Key key(EVP_EC_gen("P-256"));
    const X509Ptr cert(X509_new());
    if (!key || !cert || !fill(cert.get(), key.get(), names, lifetime))
        return openssl_error("making the API's certificate");
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), cert.get()) != 1 ||
        PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) != 1)
        return openssl_error("writing the API's certificate");
    return bio_text(bio.get());
}

Result<Certificate> load_certificate(const std::string& path) {
    auto loaded = read_certificate(path);
    if (!loaded)
        return forward_error(loaded);
    if (loaded->certificate.expires <= std::chrono::system_clock::now())
        return fail(ErrorCode::kInvalid, "certificate: '{}' expired on {}: {}", path,
                    date(loaded->certificate.expires),
                    loaded->ours ? "restart the agent or send it SIGHUP, it makes a new one"
                                 : "put a valid one there, or remove it: then the agent makes one");
    return std::move(loaded->certificate);
}

Result<Certificate> load_or_create_certificate(const std::string& path, const std::string& host) {
    auto loaded = load_certificate(path);
    if (loaded || loaded.error().code != ErrorCode::kNotFound)
        return loaded;
    const auto pem = make_certificate_pem(host, kLifetime);
    if (!pem)
        return tl::unexpected<Error>(pem.error());
    auto created = create_file_atomic(path, *pem, 0600);
    if (!created && created.error().code != ErrorCode::kExists)
        return forward_error(created, "certificate");
    return load_certificate(path);
}

Result<Certificate> load_or_renew_certificate(const std::string& path, const std::string& host) {
    const auto loaded = read_certificate(path);
    const auto now = std::chrono::system_clock::now();
    if (!loaded || !loaded->ours || loaded->certificate.expires > now + kRenewBefore)
        return load_or_create_certificate(path, host);
    const auto pem = make_certificate_pem(host, kLifetime);
    if (!pem)
        return tl::unexpected<Error>(pem.error());
    if (auto written = write_file_atomic(path, *pem, 0600); !written) {
        if (loaded->certificate.expires > now)
            return loaded->certificate;
        return forward_error(written, "certificate: expired on {}, and no new one can be made",
                             date(loaded->certificate.expires));
    }
    auto renewed = load_certificate(path);
    if (renewed)
        renewed->renewed = true;
    return renewed;
}

}  // namespace vedette::ipc
