// SPDX-License-Identifier: Apache-2.0
//
// How the clouds differ is in their own manuals: AWS "Use the Instance Metadata Service", Google "View and query VM
// metadata", Azure "Instance Metadata Service", Oracle "Getting Instance Metadata", IBM "Instance metadata".
#include "system-probe/packets/imds.h"

#include <algorithm>
#include <string>

#include "system-probe/packets/http_head.h"
#include "vedette/v1/event.pb.h"

namespace vedette::probe {
namespace {

constexpr std::string_view kToken = "X-aws-ec2-metadata-token";
constexpr std::string_view kTokenWish = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr size_t kMaxCredentialsType = 64;

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> fronts) {
    return std::ranges::any_of(fronts, [text](auto front) { return text.starts_with(front); });
}

/// The path of a target, which may be a whole URL.
std::string_view path_of(std::string_view target) {
    constexpr std::string_view kScheme = "http://";
    if (!target.starts_with(kScheme))
        return target;
    const size_t slash = target.find('/', kScheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
}

std::string_view provider_of_request(const HttpHead& head) {
    const auto flavor = head.header("Metadata-Flavor");
    const auto path = path_of(head.target);
    if (flavor && *flavor == "Google")
        return "gcp";
    if (flavor && *flavor == "ibm")
        return "ibm";
    if (begins_with_any(path, {"/computeMetadata/"}))
        return "gcp";
    if (head.header("Metadata") ||
        begins_with_any(path, {"/metadata/instance", "/metadata/identity", "/metadata/attested",
                               "/metadata/scheduledevents"}))
        return "azure";
    if (begins_with_any(path, {"/instance_identity/", "/metadata/v1/"}))
        return "ibm";
    if (begins_with_any(path, {"/opc/"}))
        return "oracle";
    if (head.header(kToken) || head.header(kTokenWish) ||
        begins_with_any(path, {"/latest/", "/2009-04-04/", "/2016-09-02/", "/2018-", "/2019-",
                               "/2020-", "/2021-", "/2022-"}))
        return "aws";
    return {};
}

std::string_view provider_of_response(const HttpHead& head) {
    const auto flavor = head.header("Metadata-Flavor");
    const auto server = head.header("Server");
    if (flavor && *flavor == "Google")
        return "gcp";
    if (flavor && *flavor == "ibm")
        return "ibm";
    if (head.header(kTokenWish) || (server && *server == "EC2ws"))
        return "aws";
    if (server && server->starts_with("Microsoft-IIS/"))
        return "azure";
    return {};
}

/// The string value of `key` in a JSON object, without a JSON parser: the text may be cut anywhere.
std::string_view json_string(std::string_view text, std::string_view key) {
    static constexpr std::string_view kBlank = " \t\r\n";
    const auto skip_blank = [&text] {
        text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    };
    const size_t at = text.find(key);
    if (at == std::string_view::npos)
        return {};
    text.remove_prefix(at + key.size());
    skip_blank();
    if (!text.starts_with(':'))
        return {};
    text.remove_prefix(1);
    skip_blank();
    if (!text.starts_with('"'))
        return {};
    const size_t end = text.find('"', 1);
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

std::string_view credentials_type(std::string_view body) {
    if (body.find("\"AccessKeyId\"") == std::string_view::npos)
        return {};
    return json_string(body, "\"Type\"").substr(0, kMaxCredentialsType);
}

void set_if_any(std::string* out, std::optional<std::string_view> value) {
    if (value)
        out->assign(*value);
}

}  // namespace

void fill_imds(v1::Imds& out, std::string_view payload) {
    const auto head = parse_http_head(payload);
    if (!head)
        return;
    if (head->is_response) {
        out.set_type("response");
        out.set_cloud_provider(std::string(provider_of_response(*head)));
        set_if_any(out.mutable_server(), head->header("Server"));
        if (const auto type = credentials_type(head->body); !type.empty()) {
            out.set_cloud_provider("aws");
            out.mutable_aws()->set_security_credentials_type(std::string(type));
        }
        return;
    }
    out.set_type("request");
    out.set_cloud_provider(std::string(provider_of_request(*head)));
    out.set_url(std::string(head->target));
    set_if_any(out.mutable_host(), head->header("Host"));
    set_if_any(out.mutable_user_agent(), head->header("User-Agent"));
    if (out.cloud_provider() == "aws")
        out.mutable_aws()->set_is_imds_v2(head->header(kToken) || head->header(kTokenWish));
}

}  // namespace vedette::probe
