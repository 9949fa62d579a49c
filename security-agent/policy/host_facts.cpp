// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/host_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

namespace vedette::policy {
namespace {

using secl::FieldDef;
using secl::Scratch;
using secl::StringList;
using secl::ValueType;

const HostFacts& facts(const void* base) {
    return *static_cast<const HostFacts*>(base);
}

template <auto Member>
std::string_view text(const void* base, Scratch&) {
    return facts(base).*Member;
}
template <auto Member>
int64_t number(const void* base) {
    return facts(base).*Member;
}

bool id_is(const void* base, std::string_view id) {
    return facts(base).os_id == id;
}
// "15" and "15.4", not "150".
bool id_and_release(const void* base, std::string_view id, std::string_view release) {
    const std::string& version = facts(base).os_version_id;
    return id_is(base, id) && version.starts_with(release) &&
           (version.size() == release.size() || version[release.size()] == '.');
}

bool is_amazon_linux(const void* base) {
    return id_is(base, "amzn");
}
bool is_cos(const void* base) {
    return id_is(base, "cos");
}
bool is_debian(const void* base) {
    return id_is(base, "debian");
}
bool is_oracle(const void* base) {
    return id_is(base, "ol");
}
bool is_rhel(const void* base) {
    return id_is(base, "rhel");
}
bool is_rhel7(const void* base) {
    return id_and_release(base, "rhel", "7");
}
bool is_rhel8(const void* base) {
    return id_and_release(base, "rhel", "8");
}
bool is_sles(const void* base) {
    return id_is(base, "sles");
}
bool is_sles12(const void* base) {
    return id_and_release(base, "sles", "12");
}
bool is_sles15(const void* base) {
    return id_and_release(base, "sles", "15");
}
bool kernel_core(const void* base) {
    return facts(base).kernel_core;
}

void envs(const void* base, Scratch&, StringList& out) {
    for (const std::string& variable : facts(base).envs) {
        out.push_back(variable);
    }
}

FieldDef field(std::string_view name, ValueType type, secl::Getter get, bool is_list = false) {
    FieldDef out;
    out.name = name;
    out.type = type;
    out.is_list = is_list;
    out.get = get;
    return out;
}

class HostFieldTable : public secl::FieldTable {
   public:
    std::span<const FieldDef> fields() const override { return fields_; }
    std::span<const secl::EventTypeDef> events() const override { return {}; }
    std::span<const secl::AliasDef> aliases() const override { return {}; }

   private:
    static constexpr auto kString = ValueType::kString;
    static constexpr auto kInt = ValueType::kInt;
    static constexpr auto kBool = ValueType::kBool;
    // Sorted by name.
    const std::array<FieldDef, 23> fields_ = {
        field("envs", kString, &envs, true),
        field("hostname", kString, &text<&HostFacts::hostname>),
        field("kernel.core.enabled", kBool, &kernel_core),
        field("kernel.version.abi", kInt, &number<&HostFacts::kernel_abi>),
        field("kernel.version.flavor", kString, &text<&HostFacts::kernel_flavor>),
        field("kernel.version.major", kInt, &number<&HostFacts::kernel_major>),
        field("kernel.version.minor", kInt, &number<&HostFacts::kernel_minor>),
        field("kernel.version.patch", kInt, &number<&HostFacts::kernel_patch>),
        field("origin", kString, &text<&HostFacts::origin>),
        field("os", kString, &text<&HostFacts::os>),
        field("os.id", kString, &text<&HostFacts::os_id>),
        field("os.is_amazon_linux", kBool, &is_amazon_linux),
        field("os.is_cos", kBool, &is_cos),
        field("os.is_debian", kBool, &is_debian),
        field("os.is_oracle", kBool, &is_oracle),
        field("os.is_rhel", kBool, &is_rhel),
        field("os.is_rhel7", kBool, &is_rhel7),
        field("os.is_rhel8", kBool, &is_rhel8),
        field("os.is_sles", kBool, &is_sles),
        field("os.is_sles12", kBool, &is_sles12),
        field("os.is_sles15", kBool, &is_sles15),
        field("os.platform_id", kString, &text<&HostFacts::os_platform_id>),
        field("os.version_id", kString, &text<&HostFacts::os_version_id>),
    };
};

}  // namespace

void parse_os_release(const std::string& content, HostFacts& out) {
    std::istringstream lines(content);
    for (std::string line; std::getline(lines, line);) {
        const size_t equals = line.find('=');
        if (equals == std::string::npos) {
            continue;
        }
        const std::string key = line.substr(0, equals);
        std::string value = line.substr(equals + 1);
        const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                            value.back() == value.front();
        value = quoted ? value.substr(1, value.size() - 2) : value;
        if (key == "ID") {
            out.os_id = value;
        } else if (key == "VERSION_ID") {
            out.os_version_id = value;
        } else if (key == "PLATFORM_ID") {
            out.os_platform_id = value;
        }
    }
}

void parse_kernel_release(const std::string& release, HostFacts& out) {
    const std::array<int64_t*, 4> numbers = {&out.kernel_major, &out.kernel_minor,
                                             &out.kernel_patch, &out.kernel_abi};
    std::string_view rest = release;
    for (int64_t* number : numbers) {
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
        if (error != std::errc{}) {
            break;
        }
        rest.remove_prefix(static_cast<size_t>(end - rest.data()));
        if (rest.empty() || (rest.front() != '.' && rest.front() != '-')) {
            break;
        }
        rest.remove_prefix(1);
    }
    out.kernel_flavor = rest;
}

HostFacts current_host_facts() {
    HostFacts out;
    utsname name{};
    if (uname(&name) == 0) {
        out.hostname = name.nodename;
        parse_kernel_release(name.release, out);
    }
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        if (std::ifstream file(path); file) {
            std::stringstream content;
            content << file.rdbuf();
            parse_os_release(content.str(), out);
            break;
        }
    }
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        out.envs.emplace_back(*variable);
    }
    out.kernel_core = access("/sys/kernel/btf/vmlinux", F_OK) == 0;
    return out;
}

const secl::FieldTable& host_field_table() {
    static const HostFieldTable kTable;
    return kTable;
}

}  // namespace vedette::policy
