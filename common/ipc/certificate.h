// SPDX-License-Identifier: Apache-2.0
//
// ipc_cert.pem: the API's certificate and key in one file of mode 0600. The server shows it, clients pin it: there is
// no authority to trust, only this file.
#pragma once

#include <chrono>
#include <string>

#include "common/result.h"

namespace vedette::ipc {

struct Certificate {
    std::string certificate_pem;  ///< CERTIFICATE block
    std::string key_pem;          ///< EC PRIVATE KEY block, P-256
    std::chrono::system_clock::time_point expires;
    bool renewed = false;  ///< just made in the place of an old one
};

/// A new self-signed one, valid from now for `lifetime`, for 127.0.0.1, ::1, localhost and `host`.
Result<std::string> make_certificate_pem(const std::string& host, std::chrono::hours lifetime);

/// Errors: as Token::load; kInvalid also for a file that is no certificate with its key, or has expired (says
/// when, and to delete it and restart).
Result<Certificate> load_certificate(const std::string& path);

/// load_certificate(), or a new one (ten years). Any number of processes may call it at once.
Result<Certificate> load_or_create_certificate(const std::string& path, const std::string& host);

/// For the server, which alone calls it: a certificate that we made and that has expired, or will within 30 days, is
/// replaced by a new one. One that somebody else made is not: it is used while it is valid, then it is an error.
Result<Certificate> load_or_renew_certificate(const std::string& path, const std::string& host);

}  // namespace vedette::ipc
