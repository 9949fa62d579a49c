// SPDX-License-Identifier: Apache-2.0
//
// Beast reads the head; what Beast of Boost 1.81 is too kind about (folded lines, a lone line feed, lengths said
// twice) is refused before and after it, so that no two readers of one request can disagree.
#include "security-agent/api/http.h"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>

#include "common/log.h"

namespace vedette::api {
namespace {

namespace http = boost::beast::http;

constexpr size_t kMaxTarget = 2048;
constexpr size_t kMaxFields = 64;
constexpr size_t kMaxFormNames = 64;

Response refuse(int status, std::string_view message) {
    Response response = Response::error(status, message);
    response.close = true;  // where one request is in doubt, so is where the next one starts
    return response;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

/// Lines end in CR LF, hold no other control character but a tab, and no line continues the one before.
std::optional<Response> check_lines(std::string_view head) {
    size_t lines = 0;
    for (size_t i = 0; i < head.size(); ++i) {
        const auto c = static_cast<unsigned char>(head[i]);
        if (c == '\r' && i + 1 < head.size() && head[i + 1] == '\n') {
            ++i;
            ++lines;
            if (i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t'))
                return refuse(400, "folded header lines are not accepted");
            continue;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return refuse(400, "control character in the request");
    }
    if (lines > kMaxFields + 2)
        return refuse(431, "too many header fields");
    return std::nullopt;
}

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        default:
            return "Unknown";
    }
}

/// `length`: its line, if any.
std::string head_text(const Response& response, std::string_view length, bool keep_alive) {
    std::string out = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\n{}Connection: {}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
        response.status, reason(response.status), response.content_type, length,
        keep_alive ? "keep-alive" : "close");
    for (const auto& [name, value] : response.headers)
        out += fmt::format("{}: {}\r\n", name, value);
    return out + "\r\n";
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus_is_blank) {
            c = ' ';
        } else if (c == '%') {
            if (i + 2 >= text.size())
                return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0)
                return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            return std::nullopt;
        out += c;
    }
    return out;
}

/// "/a/b": absolute, no empty or dot segment.
bool is_plain_path(std::string_view path) {
    if (!path.starts_with('/'))
        return false;
    for (size_t at = 0; at < path.size();) {
        const size_t end = std::min(path.find('/', at + 1), path.size());
        const auto segment = path.substr(at + 1, end - at - 1);
        if (segment == "." || segment == ".." || (segment.empty() && end != path.size()))
            return false;
        at = end;
    }
    return true;
}

std::optional<Response> parse_target(std::string_view target, Request& request) {
    if (target.size() > kMaxTarget)
        return refuse(414, "the request target is too long");
    if (target.find_first_of("#\\") != std::string_view::npos)
        return refuse(400, "malformed request target");
    const size_t question = target.find('?');
    const auto path = percent_decode(target.substr(0, question), false);
    if (!path || !is_plain_path(*path))
        return refuse(400, "malformed request target");
    if (question != std::string_view::npos &&
        !parse_form(target.substr(question + 1), request.query))
        return refuse(400, "malformed query");
    request.path = *path;
    return std::nullopt;
}

template <typename Fields>
std::optional<Response> parse_length(const Fields& fields, size_t max_body, size_t& length) {
    if (fields.count(http::field::transfer_encoding) != 0)
        return refuse(501, "Transfer-Encoding is not supported");
    if (fields.count(http::field::expect) != 0)
        return refuse(417, "expectations are not supported");
    const auto count = fields.count(http::field::content_length);
    if (count == 0)
        return std::nullopt;
    const std::string text(fields[http::field::content_length]);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (count > 1 || text.empty() || end != text.data() + text.size() ||
        (error != std::errc() && error != std::errc::result_out_of_range))
        return refuse(400, "malformed Content-Length");
    if (error == std::errc::result_out_of_range || value > max_body)
        return refuse(413, fmt::format("the body may have at most {} bytes", max_body));
    length = value;
    return std::nullopt;
}

bool is_address(const std::string& host) {
    in6_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
           inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

bool Request::flag(std::string_view name) const {
    const auto it = query.find(name);
    return it != query.end() && (it->second.empty() || it->second == "true" || it->second == "1");
}

Response Response::error(int status, std::string_view message) {
    return {.status = status,
            .body = boost::json::serialize(boost::json::object{{"error", printable(message)}})};
}

std::variant<RequestHead, Response> parse_head(std::string_view head, size_t max_body) {
    if (auto refused = check_lines(head))
        return *refused;

    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error || !parser.is_header_done())
        return refuse(400, fmt::format("malformed request: {}", error.message()));

    const auto& fields = parser.get();
    RequestHead result;
    result.keep_alive = parser.keep_alive();
    result.request.method = fields.method_string();
    if (auto refused = parse_target(fields.target(), result.request))
        return *refused;
    if (auto refused = parse_length(fields, max_body, result.content_length))
        return *refused;
    const auto hosts = fields.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && fields.version() >= 11))
        return refuse(400, "exactly one Host header is needed");
    if (fields.count(http::field::authorization) > 1)
        return refuse(400, "more than one Authorization header");
    for (const auto& field : fields)
        result.request.headers[lower(field.name_string())] = std::string(field.value());
    return result;
}

std::string serialize_head(const Response& response) {
    return head_text(response, "", false);
}

std::string serialize(const Response& response, bool keep_alive) {
    return head_text(response, fmt::format("Content-Length: {}\r\n", response.body.size()),
                     keep_alive) +
           response.body;
}

bool parse_form(std::string_view text, std::map<std::string, std::string, std::less<>>& out) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('&'), text.size());
        const auto pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty())
            continue;
        const size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value || out.size() >= kMaxFormNames)
            return false;
        out[std::move(*name)] = std::move(*value);
    }
    return true;
}

bool host_allowed(std::string_view host, std::string_view configured) {
    std::string name;
    if (host.starts_with('[')) {
        const size_t bracket = host.find(']');
        if (bracket == std::string_view::npos)
            return false;
        name = lower(host.substr(1, bracket - 1));
        host.remove_prefix(bracket + 1);
    } else {
        const size_t colon = std::min(host.find(':'), host.size());
        name = lower(host.substr(0, colon));
        host.remove_prefix(colon);
    }
    if (!host.empty() &&
        (host.front() != ':' || host.find_first_not_of("0123456789", 1) != std::string_view::npos))
        return false;
    if (name == "localhost" || name == "127.0.0.1" || name == "::1" || name == lower(configured))
        return true;
    // Listening everywhere, it has as many addresses as the host; a page's own name is never an address.
    return (configured == "0.0.0.0" || configured == "::") && is_address(name);
}

}  // namespace vedette::api
