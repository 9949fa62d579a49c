// SPDX-License-Identifier: Apache-2.0
//
// What one side of an operator turned out to be, and the operators that compare two of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/ast.h"
#include "security-agent/secl/bound.h"
#include "security-agent/secl/diagnostics.h"

namespace vedette::secl {

struct LiteralString {
    ast::StringKind kind = ast::StringKind::kPlain;
    std::string text;
    Place place;
};

struct Operand {
    enum class Kind : uint8_t {
        kError,     ///< already reported
        kBool,      ///< condition
        kInt,       ///< number
        kDuration,  ///< number, constant
        kString,    ///< strings.front()
        kIp,        ///< ranges.front(), one address
        kNetwork,   ///< ranges.front()
        kStringRead,
        kIpRead,  ///< read
        kStrings,
        kInts,
        kBools,
        kIps,  ///< lists of literals
    };
    Kind kind = Kind::kError;
    Place place;
    Condition condition;
    IntExpr number;
    FieldRead read;
    std::vector<LiteralString> strings;
    std::vector<FieldRead> reads;  ///< of kStrings: those of its strings that hold variables
    std::vector<int64_t> ints;     ///< of kInts and kBools
    std::vector<IpRange> ranges;

    bool is_list() const { return kind >= Kind::kStrings; }
    /// Has no field in it.
    bool is_static() const;
    /// The one field it is, without arithmetic; null when it is anything else.
    const FieldRead* plain_read() const;
    bool reads_variable() const;
};

/// The field as rules write it, with ".length"; a variable in its braces, a string with variables in quotes.
std::string spelled(const FieldRead& read);

/// "a number", "a string", "'process.argv' (string list)": for type errors.
std::string describe(const Operand& operand);

/// Reports to diagnostics for one rule.
class Reporter {
   public:
    Reporter(Diagnostics& diagnostics, std::string_view subject)
        : diagnostics_(diagnostics), subject_(subject) {}

    void error(const Place& place, std::string message, std::string hint = {});
    void warning(const Place& place, std::string message, std::string hint = {});
    bool failed() const { return errors_ > 0; }
    size_t errors() const { return errors_; }
    Diagnostics& diagnostics() { return diagnostics_; }
    std::string_view subject() const { return subject_; }

   private:
    Diagnostics& diagnostics_;
    std::string_view subject_;
    size_t errors_ = 0;
};

/// `left op right` for every CompareOp. After an error the condition means nothing.
Condition compare(ast::CompareOp op, Operand left, Operand right, const Place& place,
                  Reporter& report);

/// Value of an expression without fields.
int64_t fold(const IntExpr& number);

}  // namespace vedette::secl
