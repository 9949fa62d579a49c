// SPDX-License-Identifier: Apache-2.0
#include "system-probe/runtimes/http_get.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <span>
#include <string_view>

#include "system-probe/runtimes/connect.h"

namespace vedette::probe {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;
using Parser = http::response_parser<http::string_body>;

constexpr uint32_t kMaxHead = 16 << 10;

Result<> wait_for(int fd, short events, Clock::time_point deadline, const std::string& socket) {
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0)
            return fail(ErrorCode::kUnavailable, "'{}' does not answer in time", socket);
        pollfd one = {fd, events, 0};
        const int ready = poll(&one, 1, static_cast<int>(left));
        if (ready > 0)
            return {};
        if (ready < 0 && errno != EINTR)
            return fail_errno(errno, "poll of '{}'", socket);
    }
}

Result<> send_all(int fd, std::string_view bytes, Clock::time_point deadline,
                  const std::string& socket) {
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<size_t>(sent));
        } else if (errno == EAGAIN) {
            if (auto ready = wait_for(fd, POLLOUT, deadline, socket); !ready)
                return ready;
        } else if (errno != EINTR) {
            return fail_errno(errno, "writing to '{}'", socket);
        }
    }
    return {};
}

/// Bytes read, 0 at the end.
Result<size_t> receive(int fd, std::span<char> room, Clock::time_point deadline,
                       const std::string& socket) {
    while (true) {
        if (auto ready = wait_for(fd, POLLIN, deadline, socket); !ready)
            return forward_error(ready);
        const ssize_t got = recv(fd, room.data(), room.size(), 0);
        if (got >= 0)
            return static_cast<size_t>(got);
        if (errno != EAGAIN && errno != EINTR)
            return fail_errno(errno, "reading from '{}'", socket);
    }
}

tl::unexpected<Error> parse_error(const boost::system::error_code& error,
                                  const std::string& socket) {
    if (error == http::error::body_limit || error == http::error::header_limit ||
        error == http::error::buffer_overflow)
        return fail(ErrorCode::kLimit, "the answer of '{}' is too large", socket);
    return fail(ErrorCode::kInvalid, "the answer of '{}' is no HTTP: {}", socket, error.message());
}

HttpAnswer take(Parser& parser) {
    HttpAnswer answer;
    auto message = parser.release();
    answer.status = message.result_int();
    for (const auto& field : message) {
        std::string name(field.name_string());
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        answer.headers[name] = std::string(field.value());
    }
    answer.body = std::move(message.body());
    return answer;
}

/// The parser wants to see what it has not used again, with what follows it.
Result<> feed(Parser& parser, std::string& waiting, const std::string& socket) {
    while (!waiting.empty() && !parser.is_done()) {
        boost::system::error_code error;
        const size_t used =
            parser.put(boost::asio::const_buffer(waiting.data(), waiting.size()), error);
        waiting.erase(0, used);
        if (error == http::error::need_more)
            break;
        if (error)
            return parse_error(error, socket);
        if (used == 0)
            break;
    }
    if (waiting.size() > kMaxHead * 4)
        return parse_error(http::error::buffer_overflow, socket);
    return {};
}

}  // namespace

Result<HttpAnswer> http_get(const std::string& socket, const std::string& target,
                            const HttpLimits& limits) {
    const auto deadline = Clock::now() + limits.patience;
    auto fd = connect_runtime(socket);
    if (!fd)
        return forward_error(fd);
    const std::string request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        "Connection: close\r\n\r\n",
        target);
    if (auto sent = send_all(fd->get(), request, deadline, socket); !sent)
        return forward_error(sent);
    Parser parser;
    parser.eager(true);
    parser.header_limit(kMaxHead);
    parser.body_limit(limits.max_body);
    std::string waiting;
    std::array<char, 16 << 10> room;
    while (!parser.is_done()) {
        auto got = receive(fd->get(), room, deadline, socket);
        if (!got)
            return forward_error(got);
        if (*got == 0) {
            boost::system::error_code error;
            if (!parser.got_some())
                error = http::error::end_of_stream;
            else
                parser.put_eof(error);
            if (error)
                return parse_error(error, socket);
            break;
        }
        waiting.append(room.data(), *got);
        if (auto fed = feed(parser, waiting, socket); !fed)
            return forward_error(fed);
    }
    return take(parser);
}

}  // namespace vedette::probe
