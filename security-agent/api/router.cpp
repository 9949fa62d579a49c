// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/router.h"

#include <algorithm>
#include <optional>

namespace vedette::api {
namespace {

constexpr std::string_view kParameter = "/{}";

/// The parameter (empty for an exact path), or nothing when `path` is another one.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with(kParameter))
        return pattern == path ? std::optional<std::string>("") : std::nullopt;
    const auto prefix = pattern.substr(0, pattern.size() - 2);  // with its slash
    if (!path.starts_with(prefix) || path.size() == prefix.size())
        return std::nullopt;
    const auto rest = path.substr(prefix.size());
    if (rest.find('/') != std::string_view::npos)
        return std::nullopt;
    return std::string(rest);
}

}  // namespace

void Router::add(std::string method, std::string path, RouteDoc doc, RouteHandler handler) {
    Route route{std::move(method), std::move(path), std::move(doc), std::move(handler)};
    const bool exact = !route.path.ends_with(kParameter);
    const auto at = exact
                        ? std::find_if(routes_.begin(), routes_.end(),
                                       [](const Route& r) { return r.path.ends_with(kParameter); })
                        : routes_.end();
    routes_.insert(at, std::move(route));
}

Response Router::route(const Request& request) const {
    std::vector<std::string_view> allowed;
    std::string_view matched;
    for (const auto& route : routes_) {
        if (!matched.empty() && route.path != matched)
            continue;
        const auto parameter = match(route.path, request.path);
        if (!parameter)
            continue;
        if (route.method == request.method)
            return route.handler(request, *parameter);
        matched = route.path;
        allowed.push_back(route.method);
    }
    if (allowed.empty())
        return Response::error(404, "there is no such route");
    std::sort(allowed.begin(), allowed.end());
    auto response =
        Response::error(405, fmt::format("this route takes {}", fmt::join(allowed, " and ")));
    response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
    return response;
}

}  // namespace vedette::api
