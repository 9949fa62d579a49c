// SPDX-License-Identifier: Apache-2.0
//
// Typed access to the keys of one YAML map: what was asked for is known, what is left over is an error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security-agent/policy/yaml_tree.h"

namespace vedette::policy {

class YamlFields {
   public:
    using File = std::shared_ptr<const secl::SourceFile>;

    /// `node` may be anything: what is no map is reported. `what`: "a rule", for messages.
    YamlFields(const File& file, const YamlNode& node, std::string what,
               secl::Diagnostics& diagnostics);

    void set_subject(std::string subject) { subject_ = std::move(subject); }

    std::optional<std::string> text(std::string_view key);
    std::optional<secl::SourceText> source(std::string_view key);
    std::optional<bool> boolean(std::string_view key);
    std::optional<int64_t> integer(std::string_view key);
    /// "10s", "1m30s" or nanoseconds as an integer.
    std::optional<int64_t> duration(std::string_view key);
    /// One of `allowed`.
    std::optional<std::string> word(std::string_view key,
                                    std::initializer_list<std::string_view> allowed);
    std::vector<std::string> texts(std::string_view key);
    std::vector<secl::SourceText> sources(std::string_view key);
    std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);
    /// Null when absent.
    YamlNodePtr node(std::string_view key);
    std::vector<YamlNodePtr> list(std::string_view key);
    bool has(std::string_view key);

    /// Reports every key that nobody asked for, with the nearest of those that were.
    void finish();

    void error(uint32_t offset, std::string message, std::string hint = {}, uint32_t width = 1);
    /// Not in order any more, for a reason that is reported elsewhere.
    void fail(std::string_view reason);
    /// Offset of a key's value, or of the map.
    uint32_t offset_of(std::string_view key) const;

    bool ok() const { return first_error_.empty(); }
    const std::string& first_error() const { return first_error_; }

   private:
    const YamlNode* find(std::string_view key);
    const YamlNode* scalar(std::string_view key, std::string_view expected);

    File file_;
    const YamlNode& node_;
    std::string what_;
    secl::Diagnostics& diagnostics_;
    std::string subject_;
    std::vector<std::string_view> asked_;
    std::string first_error_;
};

/// A zero-length text that points at `offset` of the file.
secl::SourceText place_in(const YamlFields::File& file, uint32_t offset);

/// "10s", "1m30s", "250ms"; nothing when it is none, or longer than 292 years.
std::optional<int64_t> parse_duration(std::string_view text);

}  // namespace vedette::policy
