// SPDX-License-Identifier: Apache-2.0
#include "security-agent/flare/scrub.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

namespace vedette::flare {
namespace {

constexpr std::string_view kHidden = "********";

RE2::Options bytes_options() {
    RE2::Options options(RE2::Latin1);  // the text may be no UTF-8
    options.set_case_sensitive(false);
    return options;
}

constexpr std::string_view kSecretWords =
    "password|passwd|passphrase|passcode|[a-z0-9_]pwd|_pass\\b|secret|token|api[_. -]?key|"
    "app[_-]?key|application_key|access[_-]?key|private[_-]?key|priv[_-]?key|auth[_-]?key|"
    "encryption[_-]?key|signing[_-]?key|license[_-]?key|shared[_-]?key|credential|"
    "community[_-]?string|authorization|cookie|session[_-]?id|webhook";

const RE2& any_secret_word() {
    static const RE2 re(std::string(kSecretWords), bytes_options());
    return re;
}

/// "foo|bar" for names that are given, empty for none.
std::string alternatives(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names)
        if (!name.empty())
            out += (out.empty() ? "" : "|") + RE2::QuoteMeta(name);
    return out;
}

struct Replacement {
    RE2 pattern;
    const char* with;
};

/// Secrets that are known by their form, wherever they stand. Order matters: URLs before bare words.
const auto& replacements() {
    static const std::array<Replacement, 7> list = {{
        // scheme://user:password@host; the password may hold anything but blanks and quotes
        {RE2("([a-z][a-z0-9+.\\-]*://[^\\s:/@\"']*):[^\\s\"']*@", bytes_options()),
         "\\1:********@"},
        {RE2("([a-z][a-z0-9+.\\-]*://)[^\\s:/@\"']{16,}@", bytes_options()), "\\1********@"},
        {RE2("(hooks\\.slack\\.com/(?:services|workflows)/|discord(?:app)?\\.com/api/webhooks/|"
             "webhook\\.office\\.com/)[^\\s\"']+",
             bytes_options()),
         "\\1********"},
        {RE2("\\b(bearer|basic|digest|negotiate)[ \\t]+[a-z0-9._~+/=\\-]{6,}", bytes_options()),
         "\\1 ********"},
        // tokens that announce themselves, and JSON web tokens
        {RE2("\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[a-z0-9]{20,}|\\bgithub_pat_[a-z0-9_]{"
             "20,}|"
             "\\bglpat-[a-z0-9_\\-]{16,}|\\bxox[abeprs]-[a-z0-9\\-]{10,}|"
             "\\b[sr]k_(?:live|test)_[a-z0-9]{10,}|\\bsk-[a-z0-9_\\-]{20,}|\\bAIza[a-z0-9_\\-]{30,}"
             "|"
             "\\bhv[sb]\\.[a-z0-9_\\-]{20,}|\\bhf_[a-z0-9]{20,}|\\bnpm_[a-z0-9]{20,}|"
             "\\bdop_v1_[a-z0-9]{20,}|\\bSG\\.[a-z0-9_\\-]{10,}\\.[a-z0-9_\\-]{10,}|"
             "\\beyJ[a-z0-9_\\-]{8,}\\.[a-z0-9_\\-]{8,}\\.[a-z0-9_\\-]*",
             bytes_options()),
         "********"},
        // API keys of 32 and 40 hexadecimal digits: the end stays, to tell them apart
        {RE2("\\b[0-9a-f]{27}([0-9a-f]{5})\\b", bytes_options()), "***************************\\1"},
        {RE2("\\b[0-9a-f]{36}([0-9a-f]{4})\\b", bytes_options()),
         "************************************\\1"},
    }};
    return list;
}

}  // namespace

/// Made of the known names and those that were given.
struct Scrubber::Patterns {
    explicit Patterns(const std::string& more)
        : words(fmt::format("(?:{}{}{})", kSecretWords, more.empty() ? "" : "|", more)),
          name(fmt::format("([a-z0-9_.\\-]*{}[a-z0-9_.\\-]*)(\\\\?[\"']?)[ \\t]*([:=])", words),
               bytes_options()),
          argument{{fmt::format("(-[a-z0-9\\-]*{}[a-z0-9\\-]*\\\\?[\"']?[ \\t,]+\\\\?[\"']?)"
                                "[^\\s\"',\\-][^\\s\"',]*",
                                words),
                    bytes_options()},
                   "\\1********"} {
        if (!more.empty())
            always.emplace(more, bytes_options());
    }

    /// "auth_token_file_path" says where a secret is, "tokens_total" how many; not so a name that was given.
    bool says_no_secret(std::string_view name_text) const;

    std::string words;
    RE2 name;  ///< of a secret, as a key of YAML, JSON, an ini file, a query, a header or an environment
    Replacement argument;  ///< --password hunter2, and the same in a JSON array of arguments
    std::optional<RE2> always;
};

namespace {

/// "auth_token_file_path" says where a secret is, "tokens_total" how many.
bool says_no_secret(std::string_view name) {
    constexpr std::array<std::string_view, 9> kEndings = {
        "_path", "_file", "_dir", "_enabled", "_count", "_total", "_size", "_bytes", "_length"};
    return std::any_of(kEndings.begin(), kEndings.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

/// Where the closing quote is (not escaped by a backslash, and no '' within single ones), npos when it is on no part of
/// this line.
size_t closing_quote(std::string_view text, char quote) {
    for (size_t i = 0; i < text.size(); ++i) {
        const bool doubled = quote == '\'' && text.substr(i).starts_with("''");
        if (text[i] == '\\' || doubled)
            ++i;
        else if (text[i] == quote)
            return i;
    }
    return std::string_view::npos;
}

/// The same of JSON within a JSON string, where the quote is \" and one within the value is \\\".
size_t closing_escaped_quote(std::string_view text, std::string_view quote) {
    size_t at = text.find(quote);
    while (at != std::string_view::npos && at > 0 && text[at - 1] == '\\')
        at = text.find(quote, at + 2);
    return at;
}

size_t closing_bracket(std::string_view text) {
    int depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[' || text[i] == '{')
            ++depth;
        if ((text[i] == ']' || text[i] == '}') && --depth == 0)
            return i;
    }
    return std::string_view::npos;
}

std::string hidden_in(std::string_view quote) {
    return fmt::format("{0}{1}{0}", quote, kHidden);
}

struct Value {
    size_t size = 0;      ///< how much of the rest of the line it takes, quotes included
    bool to_end = false;  ///< it may go on in the following, deeper lines
    std::string shown;    ///< what stands there instead
};

/// `quoted_name`: the name stood in quotes, as in JSON.
Value find_value(std::string_view rest, char separator, bool quoted_name) {
    const auto whole = [&] {
        return Value{rest.size(), true, quoted_name ? hidden_in("\"") : std::string(kHidden)};
    };
    if (rest.starts_with("\\\"") || rest.starts_with("\\'")) {  // JSON inside a JSON string
        const size_t end = closing_escaped_quote(rest.substr(2), rest.substr(0, 2));
        if (end == std::string_view::npos)
            return whole();
        return {end + 4, false, hidden_in(rest.substr(0, 2))};
    }
    if (rest.starts_with('"') || rest.starts_with('\'')) {
        const size_t end = closing_quote(rest.substr(1), rest.front());
        if (end == std::string_view::npos)
            return whole();
        return {end + 2, false, hidden_in(rest.substr(0, 1))};
    }
    if (rest.starts_with('[') || rest.starts_with('{')) {
        const size_t end = closing_bracket(rest);
        if (end == std::string_view::npos)
            return whole();
        return {end + 1, false, hidden_in("\"")};
    }
    if (quoted_name) {
        const size_t end = std::min(rest.find_first_of(",}]"), rest.size());
        return {end, end == rest.size(), hidden_in("\"")};
    }
    if (separator == '=') {
        const size_t end = std::min(rest.find_first_of(" \t&;\"'"), rest.size());
        return {end, false, std::string(kHidden)};
    }
    return whole();
}

size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(" \t"), line.size());
}

}  // namespace

bool Scrubber::Patterns::says_no_secret(std::string_view name_text) const {
    if (always && RE2::PartialMatch(re2::StringPiece(name_text.data(), name_text.size()), *always))
        return false;
    return flare::says_no_secret(name_text);
}

namespace {

/// Hides the values of secret names in a line; knows whether the lines below still belong to one.
template <typename Patterns>
class LineScrubber {
   public:
    explicit LineScrubber(const Patterns& patterns) : patterns_(patterns) {}

    void line(std::string_view line, std::string& out) {
        if (continues(line))
            return;
        hidden_below_ = false;
        re2::StringPiece rest(line.data(), line.size());
        re2::StringPiece name, quote, separator;
        const char* done = line.data();
        while (RE2::FindAndConsume(&rest, patterns_.name, &name, &quote, &separator)) {
            if (patterns_.says_no_secret(std::string_view(name.data(), name.size())))
                continue;
            std::string_view after(rest.data(), rest.size());
            const size_t blanks = indent_of(after);
            after.remove_prefix(blanks);
            const auto value = find_value(after, separator[0], !quote.empty());
            if (after.empty() || value.to_end) {
                hidden_below_ = separator[0] == ':';
                indent_ = indent_of(line);
            }
            if (value.size == 0)
                continue;
            out.append(done, after.data());
            out += value.shown;
            done = after.data() + value.size;
            rest = re2::StringPiece(done, static_cast<size_t>(line.data() + line.size() - done));
        }
        out.append(done, line.data() + line.size());
    }

   private:
    /// A block, a list or the second line of a value: all that is deeper than its key, and items beside it.
    bool continues(std::string_view line) const {
        if (!hidden_below_)
            return false;
        const size_t indent = indent_of(line);
        if (indent == line.size() || indent > indent_)
            return true;
        return indent == indent_ && line.substr(indent).starts_with("- ");
    }

    const Patterns& patterns_;
    bool hidden_below_ = false;
    size_t indent_ = 0;
};

/// -----BEGIN X----- ... -----END X-----, whatever stands between; to the end of the text when it never ends.
std::string hide_pem(std::string_view text) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    constexpr std::string_view kEnd = "-----END ";
    std::string out;
    for (;;) {
        const size_t begin = text.find(kBegin);
        out += text.substr(0, begin);
        if (begin == std::string_view::npos)
            return out;
        out += "******** PEM block ********";
        const size_t end = text.find(kEnd, begin);
        if (end == std::string_view::npos)
            return out;
        const size_t dashes = text.find("-----", end + kEnd.size());
        if (dashes == std::string_view::npos)
            return out;
        text.remove_prefix(dashes + 5);
    }
}

}  // namespace

Scrubber::Scrubber(const std::vector<std::string>& additional_keys)
    : patterns_(std::make_unique<Patterns>(alternatives(additional_keys))) {}
Scrubber::~Scrubber() = default;

std::string Scrubber::scrub(std::string_view text) const {
    const std::string without_pem = hide_pem(text);
    std::string out;
    out.reserve(without_pem.size());
    LineScrubber<Patterns> lines(*patterns_);
    for (size_t at = 0; at < without_pem.size();) {
        const size_t end = std::min(without_pem.find('\n', at), without_pem.size());
        const size_t before = out.size();
        lines.line(std::string_view(without_pem).substr(at, end - at), out);
        if (end < without_pem.size() && (out.size() > before || end == at))
            out += '\n';
        at = end + 1;
    }
    for (const auto& replacement : replacements())
        RE2::GlobalReplace(&out, replacement.pattern, replacement.with);
    RE2::GlobalReplace(&out, patterns_->argument.pattern, patterns_->argument.with);
    return out;
}

std::string scrub(std::string_view text) {
    static const Scrubber known({});
    return known.scrub(text);
}

bool is_secret_name(std::string_view name) {
    return !says_no_secret(name) &&
           RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), any_secret_word());
}

}  // namespace vedette::flare
