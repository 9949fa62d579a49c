// SPDX-License-Identifier: Apache-2.0
#include "security-agent/api/openapi.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <cctype>
#include <string>

#include "common/version.h"
#include "security-agent/api/router.h"

namespace vedette::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

json::object text_schema() {
    return {{"type", "string"}};
}

json::object error_response(std::string_view help) {
    return {{"description", help},
            {"content",
             {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
}

json::object parameter(const ParameterDoc& doc, std::string_view in) {
    return {{"name", doc.name},
            {"in", in},
            {"description", doc.help},
            {"required", doc.required},
            {"schema", text_schema()}};
}

json::object form_of(const std::vector<ParameterDoc>& fields) {
    json::object properties;
    json::array required;
    for (const ParameterDoc& field : fields) {
        properties[field.name] = json::object{{"type", "string"}, {"description", field.help}};
        if (field.required)
            required.emplace_back(field.name);
    }
    const bool needed = !required.empty();
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (needed)
        schema["required"] = std::move(required);
    return {{"required", needed}, {"content", {{kForm, {{"schema", std::move(schema)}}}}}};
}

json::object operation(const RouteDoc& doc) {
    json::array parameters;
    if (!doc.segment.empty())
        parameters.push_back(parameter({doc.segment, "Which one.", true}, "path"));
    for (const ParameterDoc& one : doc.query)
        parameters.push_back(parameter(one, "query"));
    json::object responses{
        {"200", {{"description", "Done."}, {"content", {{doc.content_type, json::object()}}}}},
        {"400", error_response("Malformed request, or an unknown name or value.")},
        {"401", error_response("No session token, or another scheme than Bearer.")},
        {"403", error_response("Not the session token.")},
        {"429", error_response("Too many wrong tokens; wait.")},
        {"500", error_response("It could not be done; the message says why.")}};
    if (!doc.segment.empty())
        responses["404"] = error_response("There is no such one.");
    json::object out{{"summary", doc.help}, {"responses", std::move(responses)}};
    if (!parameters.empty())
        out["parameters"] = std::move(parameters);
    if (!doc.form.empty())
        out["requestBody"] = form_of(doc.form);
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace

json::object openapi(const Router& router) {
    json::object paths;
    for (const Router::Route& route : router.routes()) {
        std::string path = route.path;
        if (!route.doc.segment.empty())
            path.replace(path.size() - 2, 2, fmt::format("{{{}}}", route.doc.segment));
        json::value& methods = paths[path];
        if (methods.is_null())
            methods = json::object();
        methods.get_object()[lower(route.method)] = operation(route.doc);
    }
    return {{"openapi", "3.1.0"},
            {"info",
             {{"title", "Vedette security-agent"},
              {"version", version().text},
              {"description",
               "Served over TLS on cmd_host:security_agent.cmd_port, with the certificate in "
               "ipc_cert.pem. Every route "
               "wants the token in auth_token."}}},
            {"security", json::array{json::object{{"token", json::array()}}}},
            {"paths", std::move(paths)},
            {"components",
             {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
              {"schemas",
               {{"Error",
                 {{"type", "object"},
                  {"required", json::array{"error"}},
                  {"properties", {{"error", text_schema()}}}}}}}}}};
}

}  // namespace vedette::api
