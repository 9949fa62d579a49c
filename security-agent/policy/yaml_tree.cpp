// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace vedette::policy {
namespace {

using secl::Diagnostics;
using secl::Severity;
using secl::SourceFile;
using secl::SourceText;
using secl::Span;

void report(const std::shared_ptr<const SourceFile>& file, uint32_t offset, std::string message,
            std::string hint, Diagnostics& diagnostics) {
    SourceText whole;
    whole.file = file;
    diagnostics.add(Severity::kError, whole, Span{offset, offset + 1}, std::move(message),
                    std::move(hint));
}

// Builds the tree from parser events; after a limit is passed it only waits for the end.
class Builder : public YAML::EventHandler {
   public:
    YamlNodePtr root;
    std::string error;
    uint32_t error_offset = 0;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(mark, anchor, YamlNode::Kind::kNull);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (++aliases_ > kMaxYamlAliases) {
            return fail(mark, fmt::format("the file has more than {} aliases", kMaxYamlAliases));
        }
        const auto it = anchors_.find(anchor);
        if (it == anchors_.end()) {
            return;  // after an error
        }
        if (std::any_of(open_.begin(), open_.end(),
                        [&](const Open& o) { return o.node == it->second; })) {
            return fail(mark, "the alias stands inside what it repeats");
        }
        if (take(mark, it->second->weight)) {
            attach(mark, it->second);
        }
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        const size_t weight = 1 + value.size() / 32;
        if (auto node = add(mark, anchor, YamlNode::Kind::kScalar, weight)) {
            node->scalar = value;
            node->plain = tag == "?";
        }
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(mark, anchor, YamlNode::Kind::kList);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(mark, anchor, YamlNode::Kind::kMap);
    }
    void OnMapEnd() override { end(); }

   private:
    struct Open {
        std::shared_ptr<YamlNode> node;
        YamlNodePtr key;  // of a map, waiting for its value
    };

    void fail(const YAML::Mark& mark, std::string message) {
        if (error.empty()) {
            error = std::move(message);
            error_offset = offset(mark);
        }
    }

    static uint32_t offset(const YAML::Mark& mark) {
        return static_cast<uint32_t>(std::max(mark.pos, 0));
    }

    // Whether so much more is allowed.
    bool take(const YAML::Mark& mark, size_t weight) {
        if (!error.empty()) {
            return false;
        }
        total_ += weight;  // neither is larger than the limit before
        if (total_ > kMaxYamlNodes) {
            fail(mark, fmt::format("the file has more than {} values{}", kMaxYamlNodes,
                                   aliases_ > 0 ? ", with those that its aliases repeat" : ""));
            return false;
        }
        return true;
    }

    std::shared_ptr<YamlNode> add(const YAML::Mark& mark, YAML::anchor_t anchor,
                                  YamlNode::Kind kind, size_t weight = 1) {
        if (!take(mark, weight)) {
            return nullptr;
        }
        auto node = std::make_shared<YamlNode>();
        node->weight = weight;
        node->kind = kind;
        node->offset = offset(mark);
        if (anchor != YAML::NullAnchor) {
            anchors_[anchor] = node;
        }
        attach(mark, node);
        return node;
    }

    void attach(const YAML::Mark& mark, const YamlNodePtr& node) {
        if (open_.empty()) {
            root = node;
            return;
        }
        Open& parent = open_.back();
        parent.node->weight += node->weight;
        if (parent.node->kind == YamlNode::Kind::kList) {
            parent.node->items.push_back(node);
        } else if (!parent.key) {
            if (node->kind != YamlNode::Kind::kScalar && node->kind != YamlNode::Kind::kNull) {
                fail(mark, "keys must be simple words");
            }
            parent.key = node;
        } else {
            parent.node->entries.push_back({std::move(parent.key), node});
            parent.key = nullptr;
        }
    }

    void begin(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
        ++depth_;
        if (depth_ > kMaxYamlDepth) {
            fail(mark, fmt::format("the file nests more than {} levels deep", kMaxYamlDepth));
        }
        if (auto node = add(mark, anchor, kind)) {
            open_.push_back({std::move(node), nullptr});
        }
    }

    void end() {
        --depth_;
        if (error.empty() && !open_.empty()) {
            const size_t weight = open_.back().node->weight;
            open_.pop_back();
            if (!open_.empty()) {
                open_.back().node->weight += weight - 1;  // 1 when it was attached, still empty
            }
        }
    }

    std::vector<Open> open_;
    std::map<YAML::anchor_t, std::shared_ptr<YamlNode>> anchors_;
    size_t depth_ = 0;
    size_t total_ = 0;
    size_t aliases_ = 0;
};

// Offset of the first byte that is no UTF-8 text, or npos.
size_t first_bad_byte(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        if (lead < 0x80) {
            if (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') {
                return at;
            }
            ++at;
            continue;
        }
        const size_t length = (lead & 0xe0) == 0xc0 && lead >= 0xc2   ? 2
                              : (lead & 0xf0) == 0xe0                 ? 3
                              : (lead & 0xf8) == 0xf0 && lead <= 0xf4 ? 4
                                                                      : 0;
        if (length == 0 || at + length > text.size()) {
            return at;
        }
        for (size_t i = 1; i < length; ++i) {
            if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) {
                return at;
            }
        }
        at += length;
    }
    return std::string_view::npos;
}

// Follows a scalar's value through its raw text.
class ScalarTracer {
   public:
    ScalarTracer(std::string_view raw, size_t at) : raw_(raw), at_(at) {}

    // Places of value bytes, or of the whole scalar's start where the two cannot be brought together.
    std::vector<uint32_t> trace(std::string_view value) {
        skip_properties();
        const size_t start = at_;
        enter();
        std::vector<uint32_t> offsets;
        offsets.reserve(value.size());
        for (size_t i = 0; i < value.size(); ++i) {
            if (is_blank(value[i])) {
                offsets.push_back(static_cast<uint32_t>(std::min(at_, raw_.size())));
                at_ += at_ < raw_.size() && is_blank(raw_[at_]) ? 1 : 0;
                continue;
            }
            skip_blank();
            offsets.push_back(static_cast<uint32_t>(std::min(at_, raw_.size())));
            if (!consume(value[i])) {
                offsets.assign(value.size(), static_cast<uint32_t>(std::min(start, raw_.size())));
                return offsets;
            }
        }
        return offsets;
    }

   private:
    enum class Style : uint8_t { kPlain, kSingle, kDouble, kBlock };

    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    void skip_blank() {
        while (at_ < raw_.size()) {
            if (is_blank(raw_[at_])) {
                ++at_;
            } else if (style_ == Style::kDouble && raw_[at_] == '\\' && at_ + 1 < raw_.size() &&
                       (is_blank(raw_[at_ + 1]) || raw_[at_ + 1] == 'n' || raw_[at_ + 1] == 't' ||
                        raw_[at_ + 1] == 'r')) {
                at_ += 2;  // an escaped line break or blank
            } else {
                return;
            }
        }
    }

    // &anchor and !tag before the scalar.
    void skip_properties() {
        while (at_ < raw_.size() && (raw_[at_] == '&' || raw_[at_] == '!')) {
            while (at_ < raw_.size() && !is_blank(raw_[at_])) {
                ++at_;
            }
            skip_blank();
        }
    }

    void enter() {
        const char first = at_ < raw_.size() ? raw_[at_] : '\0';
        if (first == '"' || first == '\'') {
            style_ = first == '"' ? Style::kDouble : Style::kSingle;
            ++at_;
        } else if (first == '|' || first == '>') {
            style_ = Style::kBlock;
            const size_t line_end = raw_.find('\n', at_);
            at_ = line_end == std::string_view::npos ? raw_.size() : line_end + 1;
            skip_blank();
        }
    }

    // One byte of the value; escapes that stand for several bytes are taken with the first.
    bool consume(char wanted) {
        if (pending_ > 0) {
            --pending_;
            return true;
        }
        if (at_ >= raw_.size()) {
            return false;
        }
        if (style_ == Style::kDouble && raw_[at_] == '\\') {
            return consume_escape(wanted);
        }
        if (raw_[at_] != wanted) {
            return false;
        }
        at_ += style_ == Style::kSingle && wanted == '\'' ? 2 : 1;
        return true;
    }

    bool consume_escape(char wanted) {
        const char kind = at_ + 1 < raw_.size() ? raw_[at_ + 1] : '\0';
        const size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
        at_ += 2 + digits;
        const auto lead = static_cast<unsigned char>(wanted);
        pending_ = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
        return at_ <= raw_.size();
    }

    std::string_view raw_;
    size_t at_;
    Style style_ = Style::kPlain;
    unsigned pending_ = 0;  // bytes of an escaped character still to come
};

}  // namespace

YamlNodePtr read_yaml(const std::shared_ptr<const SourceFile>& file, Diagnostics& diagnostics) {
    const std::string& text = file->text();
    if (text.size() > kMaxPolicyBytes) {
        report(file, 0,
               fmt::format("the file has {} bytes, the limit is {}", text.size(), kMaxPolicyBytes),
               "", diagnostics);
        return nullptr;
    }
    if (const size_t bad = first_bad_byte(text); bad != std::string_view::npos) {
        report(file, static_cast<uint32_t>(bad), "the file is not UTF-8 text",
               "save it as UTF-8 without a byte-order mark", diagnostics);
        return nullptr;
    }
    Builder builder;
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        if (!parser.HandleNextDocument(builder)) {
            return std::make_shared<YamlNode>();
        }
        Builder rest;
        if (builder.error.empty() && parser.HandleNextDocument(rest) && rest.root &&
            rest.root->kind != YamlNode::Kind::kNull) {
            report(file, rest.root->offset,
                   "a policy file holds one YAML document, this is a second one",
                   "put it into a file of its own", diagnostics);
            return nullptr;
        }
    } catch (const YAML::Exception& error) {
        report(file, static_cast<uint32_t>(std::max(error.mark.pos, 0)),
               fmt::format("not YAML: {}", error.msg), "", diagnostics);
        return nullptr;
    }
    if (!builder.error.empty()) {
        report(file, builder.error_offset, std::move(builder.error), "", diagnostics);
        return nullptr;
    }
    return builder.root ? builder.root : std::make_shared<YamlNode>();
}

bool same_value(const YamlNode& a, const YamlNode& b) {
    const auto same_item = [](const YamlNodePtr& x, const YamlNodePtr& y) {
        return same_value(*x, *y);
    };
    const auto in_b = [&](const YamlEntry& entry) {
        return std::any_of(b.entries.begin(), b.entries.end(), [&](const YamlEntry& other) {
            return entry.key->scalar == other.key->scalar && same_value(*entry.value, *other.value);
        });
    };
    return &a == &b ||
           (a.kind == b.kind && a.scalar == b.scalar && a.plain == b.plain &&
            a.entries.size() == b.entries.size() &&
            std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_item) &&
            std::all_of(a.entries.begin(), a.entries.end(), in_b));
}

SourceText scalar_source(const std::shared_ptr<const SourceFile>& file, const YamlNode& scalar) {
    SourceText source;
    source.text = scalar.scalar;
    source.file = file;
    source.offsets = ScalarTracer(file->text(), scalar.offset).trace(scalar.scalar);
    if (source.offsets.empty()) {
        source.offsets.push_back(scalar.offset);  // an empty expression still has a place
    }
    return source;
}

}  // namespace vedette::policy
