// SPDX-License-Identifier: Apache-2.0
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "common/config/settings.h"
#include "security-agent/api/routes.h"

namespace vedette::api {
namespace {

namespace json = boost::json;

json::value to_json(const SettingDef& def, const SettingValue& value) {
    if (def.secret)
        return json::value(value.text);
    switch (def.type) {
        case SettingType::kInt:
            return value.number;
        case SettingType::kBool:
            return value.number != 0;
        case SettingType::kStringList: {
            json::array items;
            for (const auto& item : value.list)
                items.emplace_back(item);
            return items;
        }
        default:
            return json::value(value.text);
    }
}

Response unknown(const Error& error) {
    return Response::error(400, error.message);
}

Response get_by_source(const Settings& settings) {
    json::object document;
    for (const auto source :
         {SettingSource::kDefault, SettingSource::kFile, SettingSource::kEnvironment,
          SettingSource::kCommandLine, SettingSource::kRuntime})
        document[to_string(source)] = json::object();
    for (const auto& def : settings_table()) {
        const auto layers = settings.layers(def.key);
        if (!layers)
            continue;
        for (const auto& layer : *layers)
            document[to_string(layer.source)].as_object()[def.key] = to_json(def, layer);
    }
    return Response::json(json::serialize(document));
}

Response list_runtime() {
    json::object document;
    for (const auto& def : settings_table())
        if (def.runtime)
            document[def.key] = json::object{{"Description", def.help}, {"Hidden", false}};
    return Response::json(json::serialize(document));
}

Response get_setting(const Settings& settings, const Request& request, const std::string& key) {
    const auto layers = settings.layers(key);
    if (!layers)
        return unknown(layers.error());
    const SettingDef& def = *find_setting(key);
    json::object document{{"value", to_json(def, layers->back())}};
    if (request.flag("sources")) {
        json::array sources;
        for (const auto& layer : *layers)
            sources.push_back(json::object{{"Source", to_string(layer.source)},
                                           {"Value", to_json(def, layer)},
                                           {"Origin", layer.origin}});
        document["sources_value"] = std::move(sources);
    }
    return Response::json(json::serialize(document));
}

Response post_setting(const Dependencies& d, const Request& request, const std::string& key) {
    std::map<std::string, std::string, std::less<>> form;
    if (!parse_form(request.body, form) || !form.contains("value"))
        return Response::error(400, "expected a form with value=...");
    const std::string& value = form.find("value")->second;
    if (auto changed = d.settings.set_runtime(key, value); !changed)
        return Response::error(400, changed.error().message);
    if (d.on_setting_changed) {
        if (auto applied = d.on_setting_changed(key, value); !applied)
            return Response::error(500, applied.error().message);
    }
    d.logger.info("api: {} set {} to {}", request.peer, key,
                  find_setting(key)->secret ? "********" : value);
    return Response::json("\"\"");
}

}  // namespace

void add_config_routes(Router& router, const Dependencies& d) {
    router.add("GET", "/agent/config",
               {"The settings in force; secrets are hidden.", "application/yaml"},
               [&d](const Request&, const auto&) {
                   auto response = Response::text(d.settings.to_yaml());
                   response.content_type = "application/yaml";
                   return response;
               });
    router.add("GET", "/agent/config/by-source", {"The settings by where they come from."},
               [&d](const Request&, const auto&) { return get_by_source(d.settings); });
    router.add("GET", "/agent/config/list-runtime",
               {"Settings that can be changed while the agent runs."},
               [](const Request&, const auto&) { return list_runtime(); });
    router.add("GET", "/agent/config/{}",
               {.help = "One setting.",
                .query = {{"sources", "true: also what each source says"}},
                .segment = "setting"},
               [&d](const Request& request, const std::string& key) {
                   return get_setting(d.settings, request, key);
               });
    router.add("POST", "/agent/config/{}",
               {.help = "Changes a setting until the next start.",
                .form = {{"value", "the new value", true}},
                .segment = "setting"},
               [&d](const Request& request, const std::string& key) {
                   return post_setting(d, request, key);
               });
}

}  // namespace vedette::api
