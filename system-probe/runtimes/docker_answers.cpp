// SPDX-License-Identifier: Apache-2.0
//
// The JSON of docker_api.h, without sockets.
#include <boost/json/parse.hpp>

#include "system-probe/runtimes/docker_api.h"
#include "system-probe/runtimes/workload_facts.h"

namespace vedette::probe {
namespace {

namespace json = boost::json;

constexpr unsigned kMaxDepth = 32;

Result<json::value> parse(std::string_view body) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::system::error_code error;
    json::value value = json::parse(json::string_view(body.data(), body.size()), error,
                                    json::storage_ptr(), options);
    if (error)
        return fail(ErrorCode::kInvalid, "the answer is no JSON: {}", error.message());
    return value;
}

std::string_view text_of(const json::object& object, json::string_view name) {
    const json::value* member = object.if_contains(name);
    if (member == nullptr || !member->is_string())
        return {};
    const json::string& text = member->get_string();
    return {text.data(), text.size()};
}

bool flag_of(const json::object& object, json::string_view name) {
    const json::value* member = object.if_contains(name);
    return member != nullptr && member->is_bool() && member->get_bool();
}

const json::object& object_of(const json::object& object, json::string_view name) {
    static const json::object kNone;
    const json::value* member = object.if_contains(name);
    return member != nullptr && member->is_object() ? member->get_object() : kNone;
}

void add_labels(google::protobuf::RepeatedPtrField<v1::Label>& out, const json::object& labels) {
    for (const auto& [key, value] : labels) {
        if (value.is_string())
            add_label(out, {key.data(), key.size()},
                      {value.get_string().data(), value.get_string().size()});
    }
}

Result<json::object> parse_object(std::string_view body) {
    auto value = parse(body);
    if (!value)
        return forward_error(value);
    if (!value->is_object())
        return fail(ErrorCode::kInvalid, "the answer is no JSON object");
    return std::move(value->get_object());
}

}  // namespace

Result<std::vector<std::string>> parse_container_list(std::string_view body) {
    auto value = parse(body);
    if (!value)
        return forward_error(value);
    if (!value->is_array())
        return fail(ErrorCode::kInvalid, "the list of containers is no JSON array");
    std::vector<std::string> ids;
    for (const json::value& one : value->get_array()) {
        if (!one.is_object() || ids.size() >= kMaxListed)
            continue;
        if (const auto id = text_of(one.get_object(), "Id"); is_plain_id(id))
            ids.emplace_back(id);
    }
    return ids;
}

Result<v1::Workload> parse_container(std::string_view body, std::string_view runtime) {
    auto parsed = parse_object(body);
    if (!parsed)
        return forward_error(parsed);
    const json::object& object = *parsed;
    const auto id = text_of(object, "Id");
    if (!is_plain_id(id))
        return fail(ErrorCode::kInvalid, "the container has no id");
    v1::Workload out;
    out.set_container_id(std::string(id));
    out.set_metadata(v1::Workload::METADATA_KNOWN);
    out.set_runtime(std::string(runtime));
    auto name = text_of(object, "Name");
    name.remove_prefix(name.starts_with('/') ? 1 : 0);
    out.set_name(bounded(name));
    out.set_created_at(parse_time(text_of(object, "Created")));
    const json::object& config = object_of(object, "Config");
    v1::ContainerImage& image = *out.mutable_image();
    set_image(image, text_of(config, "Image"));
    if (const auto full = text_of(object, "ImageName"); !full.empty())  // Podman's
        set_image(image, full);
    if (const auto digest = text_of(object, "ImageDigest"); image.digest().empty())
        image.set_digest(bounded(digest));
    if (const auto image_id = text_of(object, "Image"); !image_id.empty())
        image.set_id(bounded(image_id));
    add_labels(*out.mutable_labels(), object_of(config, "Labels"));
    out.set_pause(flag_of(object, "IsInfra"));
    if (const auto pod = text_of(object, "Pod"); is_plain_id(pod))
        out.mutable_pod()->set_id(std::string(pod));
    // The labels of the image are among them: only what the kubelet named is the kubelet's.
    if (out.name().starts_with("k8s_"))
        add_kubernetes_labels(out);
    return out;
}

std::string parse_image_digest(std::string_view body, std::string_view repository) {
    const auto parsed = parse_object(body);
    const json::value* digests = parsed ? parsed->if_contains("RepoDigests") : nullptr;
    if (digests == nullptr || !digests->is_array())
        return {};
    std::string first;
    for (const json::value& one : digests->get_array()) {
        if (!one.is_string())
            continue;
        const std::string_view text(one.get_string().data(), one.get_string().size());
        const size_t at = text.find('@');
        if (at == text.npos)
            continue;
        if (text.substr(0, at) == repository)
            return bounded(text.substr(at + 1));
        if (first.empty())
            first = bounded(text.substr(at + 1));
    }
    return first;
}

Result<v1::Pod> parse_pod(std::string_view body) {
    auto parsed = parse_object(body);
    if (!parsed)
        return forward_error(parsed);
    v1::Pod pod;
    pod.set_id(bounded(text_of(*parsed, "Id")));
    pod.set_name(bounded(text_of(*parsed, "Name")));
    add_labels(*pod.mutable_labels(), object_of(*parsed, "Labels"));
    return pod;
}

}  // namespace vedette::probe
