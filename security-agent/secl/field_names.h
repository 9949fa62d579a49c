// SPDX-License-Identifier: Apache-2.0
//
// From what a rule writes, "process.ancestors[A].file.path", "process.argv[0]", "open.file.name.length", to what
// is read.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>
#include <string_view>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/field.h"
#include "security-agent/secl/suggest.h"

namespace vedette::secl {

struct NamedRead {
    FieldRead read;  ///< its register is unset
    /// Register the name carries, empty when none. It is bound to an element of the field's subject.
    std::string_view reg;
    std::string error;  ///< not empty: the name is no field, and why
    std::string hint;
    bool unknown = false;  ///< no such name, as against a wrong use of a known one
};

/// Lookup in a FieldTable, which must outlive it.
class FieldNames {
   public:
    explicit FieldNames(const FieldTable& table);

    NamedRead resolve(std::string_view name) const;
    void suggest(Suggestion& suggestion) const;
    const FieldTable& table() const { return table_; }
    /// Name of an event type, "" when unknown.
    std::string_view event_name(EventTypeId id) const;

   private:
    const FieldDef* find(std::string_view name) const;

    const FieldTable& table_;
    boost::unordered_flat_map<std::string_view, const FieldDef*> by_name_;
};

}  // namespace vedette::secl
