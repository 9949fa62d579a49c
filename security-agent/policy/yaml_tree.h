// SPDX-License-Identifier: Apache-2.0
//
// A YAML document as our own small tree, with the place of every node. This is the wall around yaml-cpp: its
// exceptions end here, and a hostile file meets limits on size, depth, nodes and aliases while it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/source.h"

namespace vedette::policy {

inline constexpr size_t kMaxPolicyBytes = 8 << 20;
inline constexpr size_t kMaxYamlDepth = 32;
inline constexpr size_t kMaxYamlNodes =
    500'000;  ///< as YamlNode::weight counts: aliases repeat what they name
inline constexpr size_t kMaxYamlAliases = 64;

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
    YamlNodePtr key;
    YamlNodePtr value;
};

/// Immutable once read; an alias is the same node once more.
struct YamlNode {
    enum class Kind : uint8_t { kNull, kScalar, kList, kMap };
    Kind kind = Kind::kNull;
    bool plain = false;   ///< a scalar without quotes: may be a number or a boolean
    uint32_t offset = 0;  ///< in the file
    /// Of the node and all below it, with what aliases repeat: one for each and one for every 32 bytes of text.
    size_t weight = 1;
    std::string scalar;
    std::vector<YamlNodePtr> items;
    std::vector<YamlEntry> entries;
};

/// The same value, wherever the two were written; the order of a map's keys plays no part.
bool same_value(const YamlNode& a, const YamlNode& b);

/// Null after an error, which is in `diagnostics`. An empty document is a null node.
YamlNodePtr read_yaml(const std::shared_ptr<const secl::SourceFile>& file,
                      secl::Diagnostics& diagnostics);

/// A scalar as the source of an expression: every byte of its value knows its place in the file, through folding,
/// indentation and escapes.
secl::SourceText scalar_source(const std::shared_ptr<const secl::SourceFile>& file,
                               const YamlNode& scalar);

}  // namespace vedette::policy
