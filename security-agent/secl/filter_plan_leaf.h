// SPDX-License-Identifier: Apache-2.0
//
// Approvers of one test of a rule; filter_plan.cpp puts those of a whole rule together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/filter_plan.h"
#include "security-agent/secl/filter_plan_fields.h"

namespace vedette::secl {

/// What must hold for a condition to hold.
struct Derived {
    bool found = false;               ///< one of `approvers` passes whenever the condition holds
    std::vector<Approver> approvers;  ///< none: it never holds
    int weight = 0;
    std::string why;  ///< not found
};

/// Of a condition that never holds.
Derived never();
Derived missing(std::string why);

class TestApprovers {
   public:
    TestApprovers(std::string_view event, const FieldTable& fields);

    /// Of the test, or with !positive of its negation.
    Derived derive(const Test& test, bool positive) const;

   private:
    Derived of(const IntSet& test, bool positive) const;
    Derived of(const IntCompare& test, bool positive) const;
    Derived of(const StringSet& test, bool positive) const;
    Derived of(const IpSet& test, bool positive) const;
    Derived of(const Age&, bool) const { return missing(""); }
    Derived of(const SameValue&, bool) const { return missing(""); }

    FilterField use_of(const FieldRead& read) const;
    Derived internet_families(const FieldRead& read, FilterField use, bool only_with_address) const;

    std::string_view event_;
    const FieldTable& fields_;
};

}  // namespace vedette::secl
