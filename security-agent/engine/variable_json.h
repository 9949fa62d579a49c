// SPDX-License-Identifier: Apache-2.0
//
// Variables as alerts and the status page show them: those that are private never, secrets hidden as in arguments.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>

#include "security-agent/engine/variable_store.h"

namespace vedette::engine {

/// Elements of a list that are shown: the newest.
inline constexpr size_t kShownElements = 100;

/// A string, number or boolean; for a list an array of them.
boost::json::value variable_json(const secl::Variable& variable, const secl::StringList& strings,
                                 const secl::IntList& ints);

/// {"name": value} of those of one scope that are set and not private, without "process." and so on.
boost::json::object variables_json(VariableStore& store, const VariableStore::Binding& binding,
                                   const ScopeSource& source, secl::Scope scope, int64_t now_ns);

}  // namespace vedette::engine
