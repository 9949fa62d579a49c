// SPDX-License-Identifier: Apache-2.0
//
// Which execs a rule can match: the agent's approvers, tested on what the probe is about to tell it. The same bytes that
// the engine would read, so that nothing depends on how a path came about, and what was cut off is cut off for both.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "system-probe/filters/text_pieces.h"
#include "system-probe/resolvers/process_cache.h"

namespace vedette::v1 {
class Approver;
class TypeFilter;
}  // namespace vedette::v1

namespace vedette::probe {

/// Immutable once made.
class ExecFilter {
   public:
    /// Nothing when every exec has to be told: because a rule wants it so, or for an approver that is not understood.
    static std::optional<ExecFilter> of(const v1::TypeFilter& message);

    /// A rule may match the exec that made this image.
    bool passes(const Image& image) const;

   private:
    using Texts = std::set<std::string, std::less<>>;

    /// Of a program's file.
    struct Files {
        Texts names;
        std::vector<std::string> beginnings;  ///< of the name
        std::vector<std::string> ends;
        Texts directories;               ///< names of the one it is in
        std::vector<std::string> paths;  ///< how they begin

        bool add(const v1::Approver& approver);
        bool empty() const;
        bool match(const v1::File& file) const;
    };
    struct Words {
        Texts whole;
        TextPieces pieces;

        bool add(const v1::Approver& approver);
        bool empty() const { return whole.empty() && pieces.empty(); }
        bool match(std::string_view text) const;
    };

    bool add(const v1::Approver& approver);
    bool match_arguments(const Program& program) const;
    bool match_environment(const Program& program) const;

    Files file_;
    Files parent_;
    Words args_;  ///< of all arguments, joined by spaces
    Words argv_;
    Words argv0_;
    Words envp_;
    Words envs_;
};

/// What the agent looks for besides rules: a process whose path or ancestry is not known as it should be.
bool is_unsound(const Image& image);
/// Of the program alone.
bool has_abnormal_path(const Image& image);

}  // namespace vedette::probe
