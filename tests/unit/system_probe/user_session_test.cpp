// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/user_session.h"

#include "system-probe/files/ssh_log.h"
#include "tests/unit/catch.h"

using namespace vedette::probe;

namespace {

using namespace std::string_literals;

const std::string kEnv = "PATH=/bin\0SSH_CLIENT=192.0.2.7 52814 22\0"s;

constexpr char kLog[] =
    "Nov 22 12:00:00 host sshd[17]: Accepted password for eve from 192.0.2.7 port 5281 ssh2\n"
    "2026-11-22T12:00:01 host sshd-session[18]: Accepted publickey for root from 2001:db8::1 port "
    "9 "
    "ssh2: ED25519 SHA256:abc+/=\n"
    "Nov 22 12:00:02 host sshd[19]: Failed password for root from 192.0.2.7 port 5282 ssh2\n"
    "Nov 22 12:00:03 host cron[20]: sshd[1]: x Accepted password for a from 192.0.2.8 port 1 ssh2";

}  // namespace

TEST_CASE("user session: it begins where sshd executes something that is not sshd") {
    const auto session = begin_session("sshd", "bash", kEnv, "alice");
    REQUIRE(session);
    CHECK(session->session_type() == 2);
    CHECK(session->identity() == "alice");
    CHECK(session->ssh_client_port() == 52814);
    CHECK(address_text(session->ssh_client_ip()) == "192.0.2.7");
    CHECK(session->ssh_session_id() != 0);
    CHECK(static_cast<int64_t>(session->ssh_session_id()) > 0);
    CHECK(session->id().size() == 16);
    CHECK(begin_session("sshd", "bash", kEnv, "")->id() != session->id());
    CHECK(begin_session("sshd-session", "bash", kEnv, ""));
    CHECK_FALSE(begin_session("sshd", "sshd-session", kEnv, ""));
    CHECK_FALSE(begin_session("bash", "ls", kEnv, ""));
    CHECK_FALSE(begin_session("", "bash", kEnv, ""));
}

TEST_CASE("user session: a client that makes no sense is none") {
    for (const std::string client :
         {"", " ", "1.2.3.4", "1.2.3.4 ", "1.2.3.4 x 22", "1.2.3.4 65536 22", "1.2.3 5 22",
          "1.2.3.4 -1 22", "1.2.3.4 99999999999999 22"}) {
        const auto session = begin_session("sshd", "sh", "SSH_CLIENT=" + client + '\0', "");
        REQUIRE(session);
        CHECK(session->ssh_client_ip().empty());
        CHECK(session->ssh_client_port() == 0);
    }
    const auto session = begin_session("sshd", "sh", "SSH_CLIENT=2001:db8::1 5 22\0"s, "");
    CHECK(address_text(session->ssh_client_ip()) == "2001:db8::1");
    CHECK(address_text("abc").empty());
}

TEST_CASE("user session: the log says how the client proved who it is") {
    const auto key = find_ssh_login(kLog, "2001:db8::1", 9);
    REQUIRE(key);
    CHECK(key->method == 2);
    CHECK(key->key == "SHA256:abc+/=");
    const auto password = find_ssh_login(kLog, "192.0.2.7", 5281);
    REQUIRE(password);
    CHECK(password->method == 1);
    CHECK(password->key.empty());
    CHECK_FALSE(find_ssh_login(kLog, "192.0.2.7", 528));
    CHECK_FALSE(find_ssh_login(kLog, "192.0.2.7", 5282));
    CHECK_FALSE(find_ssh_login(kLog, "192.0.2.8", 1));
    CHECK_FALSE(find_ssh_login("", "192.0.2.7", 5281));
    CHECK_FALSE(find_ssh_login(" from 192.0.2.7 port 5281 ", "192.0.2.7", 5281));
}
