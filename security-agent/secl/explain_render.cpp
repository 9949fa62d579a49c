// SPDX-License-Identifier: Apache-2.0
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <fmt/format.h>

#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/explain.h"

namespace vedette::secl {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kMaxIndent = 60;

std::string_view word(Truth truth) {
    switch (truth) {
        case Truth::kFalse:
            return "false";
        case Truth::kUnknown:
            return "unknown";
        case Truth::kTrue:
            return "true";
    }
    return "";
}

std::string_view colour_of(Truth truth) {
    switch (truth) {
        case Truth::kFalse:
            return "\x1b[31m";
        case Truth::kUnknown:
            return "\x1b[33m";
        case Truth::kTrue:
            return "\x1b[32m";
    }
    return "";
}

std::string values_of(const ExplainedRead& read) {
    if (read.pending) {
        return "not known yet";
    }
    if (read.values.empty()) {
        return "nothing";
    }
    std::string out;
    for (const std::string& value : read.values) {
        out += (out.empty() ? "" : ", ") + value;
    }
    return read.more == 0 ? out : fmt::format("{}, and {} more", out, read.more);
}

std::string title(const Explained& node) {
    if (node.op == "test" || node.op == "constant") {
        return node.text;
    }
    if (node.op == "some") {
        const std::string reg = node.reg.empty() ? "some element" : node.reg;
        if (!node.element) {
            return fmt::format("some: there are no elements for {}", reg);
        }
        if (node.truth == Truth::kFalse) {
            return fmt::format("some: none of {} elements; shown is {} = element {}", node.elements,
                               reg, *node.element);
        }
        return fmt::format("some: {} = element {} of {}, from 0, nearest first", reg, *node.element,
                           node.elements);
    }
    return std::string(node.op);
}

class Renderer {
   public:
    explicit Renderer(bool colour) : colour_(colour) {}

    void node(const Explained& node, size_t depth) {
        const bool leaf = node.children.empty();
        const std::string pad(std::min(depth * kIndent, kMaxIndent), ' ');
        const std::string_view on = colour_ ? colour_of(node.truth) : "";
        const std::string_view off = colour_ ? "\x1b[0m" : "";
        out_ += fmt::format("{} {}{:<7}{} {}{}\n", leaf && node.decisive ? '>' : ' ', on,
                            word(node.truth), off, pad, title(node));
        for (const ExplainedRead& read : node.reads) {
            const std::string element =
                read.element ? fmt::format(" (element {})", *read.element) : "";
            out_ +=
                fmt::format("{:10}{}    {}{} = {}\n", "", pad, read.name, element, values_of(read));
        }
        if (!node.matched.empty()) {
            out_ += fmt::format("{:10}{}    matches {}\n", "", pad, node.matched);
        }
        for (const Explained& child : node.children) {
            this->node(child, depth + 1);
        }
    }

    std::string take() { return std::move(out_); }

   private:
    bool colour_;
    std::string out_;
};

}  // namespace

std::string render(const Explained& tree, bool colour) {
    Renderer renderer(colour);
    renderer.node(tree, 0);
    return renderer.take();
}

boost::json::object to_json(const Explained& tree) {
    boost::json::object out;
    out["op"] = tree.op;
    out["text"] = valid_utf8(tree.text);
    out["result"] = word(tree.truth);
    out["decisive"] = tree.decisive;
    if (!tree.reads.empty()) {
        boost::json::array reads;
        for (const ExplainedRead& read : tree.reads) {
            boost::json::array values;
            for (const std::string& value : read.values) {
                values.push_back(boost::json::string(valid_utf8(value)));
            }
            boost::json::object one = {{"field", read.name}, {"values", std::move(values)}};
            if (read.more > 0) {
                one["more"] = read.more;
            }
            if (read.pending) {
                one["pending"] = true;
            }
            if (read.element) {
                one["element"] = *read.element;
            }
            reads.push_back(std::move(one));
        }
        out["reads"] = std::move(reads);
    }
    if (!tree.matched.empty()) {
        out["matched"] = valid_utf8(tree.matched);
    }
    if (tree.op == "some") {
        out["register"] = tree.reg;
        out["elements"] = tree.elements;
        if (tree.element) {
            out["element"] = *tree.element;
        }
    }
    if (!tree.children.empty()) {
        boost::json::array children;
        for (const Explained& child : tree.children) {
            children.push_back(to_json(child));
        }
        out["children"] = std::move(children);
    }
    return out;
}

}  // namespace vedette::secl
