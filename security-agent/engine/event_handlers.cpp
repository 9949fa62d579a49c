// SPDX-License-Identifier: Apache-2.0
//
// Computed fields of events, and those that the evaluation's context answers.
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "security-agent/engine/handlers.h"
#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/ip.h"

namespace vedette::engine::handlers {
namespace {

constexpr uint32_t kPermissions = 07777;
constexpr size_t kMaxDnsName = 255;  // RFC 1035, 2.3.4

std::vector<secl::IpRange>& private_ranges() {
    static std::vector<secl::IpRange> ranges;
    return ranges;
}

bool is_public(std::string_view bytes) {
    const std::optional<secl::IpAddress> ip = secl::ip_from_bytes(bytes);
    return ip && !secl::contains(private_ranges(), *ip);
}

const secl::HostIdentity& host(const secl::EvalContext& context) {
    static constexpr secl::HostIdentity kUnknown;
    return context.host ? *context.host : kUnknown;
}

int64_t count(const secl::EvalContext& context, secl::Subject iterator) {
    return static_cast<int64_t>(secl::elements_of(context, iterator).size());
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool address_is_public(const v1::Address& address) {
    return is_public(address.ip());
}

bool address_is_public(const v1::IpPort& address) {
    return is_public(address.ip());
}

Result<> use_private_ranges(std::span<const std::string> networks) {
    std::vector<secl::IpRange> ranges;
    for (const std::string& network : networks) {
        const std::optional<secl::IpRange> range = secl::parse_network(network);
        if (!range)
            return fail(ErrorCode::kInvalid, "'{}' is no IP network (such as 10.0.0.0/8)", network);
        ranges.push_back(*range);
    }
    private_ranges() = secl::normalise(std::move(ranges));
    return {};
}

int64_t new_rights(const v1::Chmod& chmod) {
    return chmod.mode() & kPermissions;
}

int64_t new_rights(const v1::Mkdir& mkdir) {
    return mkdir.mode() & kPermissions;
}

void module_argv(const v1::LoadModule& module, secl::Scratch& /*scratch*/, secl::StringList& out) {
    constexpr std::string_view kBlanks = " \t\n";
    const std::string_view args = module.args();
    size_t begin = args.find_first_not_of(kBlanks);
    while (begin != std::string_view::npos) {
        const size_t end = args.find_first_of(kBlanks, begin);
        out.push_back(args.substr(begin, end - begin));
        begin = args.find_first_not_of(kBlanks, end);
    }
}

std::string_view dns_root_domain(const v1::DnsQuestion& question, secl::Scratch& /*scratch*/) {
    std::string_view name = question.name();
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (name.empty() || name.size() > kMaxDnsName || name.find('\0') != std::string_view::npos)
        return {};
    const psl_ctx_t* const list = psl_builtin();
    if (!list)
        return {};
    std::array<char, kMaxDnsName + 1> text{};  // the list takes a string in lower case
    std::transform(name.begin(), name.end(), text.begin(), lower);
    const char* const domain = psl_registrable_domain(list, text.data());
    return domain ? name.substr(static_cast<size_t>(domain - text.data())) : std::string_view();
}

std::string_view event_os(const secl::EvalContext& context, secl::Scratch& /*scratch*/) {
    return host(context).os;
}

std::string_view event_origin(const secl::EvalContext& context, secl::Scratch& /*scratch*/) {
    return host(context).origin;
}

std::string_view event_source(const secl::EvalContext& context, secl::Scratch& /*scratch*/) {
    return host(context).source;
}

std::string_view event_hostname(const secl::EvalContext& context, secl::Scratch& /*scratch*/) {
    return host(context).hostname;
}

std::string_view event_service(const secl::EvalContext& context, secl::Scratch& /*scratch*/) {
    return host(context).service;
}

std::string_view event_signature(const secl::EvalContext& /*context*/, secl::Scratch& /*scratch*/) {
    return {};
}

void event_rule_tags(const secl::EvalContext& context, secl::Scratch& /*scratch*/,
                     secl::StringList& out) {
    out.insert(out.end(), context.rule_tags.begin(), context.rule_tags.end());
}

int64_t ancestors_length(const secl::EvalContext& context) {
    return count(context, secl::Subject::kAncestor);
}

int64_t target_ancestors_length(const secl::EvalContext& context) {
    return count(context, secl::Subject::kTargetAncestor);
}

int64_t flows_length(const secl::EvalContext& context) {
    return count(context, secl::Subject::kFlow);
}

}  // namespace vedette::engine::handlers
