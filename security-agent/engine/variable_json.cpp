// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/variable_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <vector>

#include "common/json_text.h"
#include "security-agent/engine/scrubber.h"
#include "security-agent/secl/ip.h"

namespace vedette::engine {
namespace {

std::string_view short_name(const secl::Variable& variable) {
    std::string_view name = variable.name;
    if (variable.scope != secl::Scope::kGlobal)
        if (const size_t dot = name.find('.'); dot != std::string_view::npos)
            name.remove_prefix(dot + 1);
    return name;
}

template <typename List>
std::span<const typename List::value_type> newest(const List& list) {
    const std::span<const typename List::value_type> all(list.data(), list.size());
    return all.last(std::min(all.size(), kShownElements));
}

boost::json::array elements(const secl::Variable& variable, const secl::StringList& strings,
                            const secl::IntList& ints) {
    boost::json::array out;
    if (variable.type == secl::ValueType::kString) {
        // Each by itself: an element is no argument of the one before.
        for (const std::string_view text : newest(strings))
            out.emplace_back(json_text(scrub({&text, 1}).front()));
    } else if (variable.type == secl::ValueType::kIp) {
        for (const std::string_view bytes : newest(strings))
            out.emplace_back(secl::ip_text(bytes));
    } else {
        for (const int64_t number : newest(ints)) {
            if (variable.type == secl::ValueType::kBool)
                out.emplace_back(number != 0);
            else
                out.emplace_back(number);
        }
    }
    return out;
}

}  // namespace

boost::json::value variable_json(const secl::Variable& variable, const secl::StringList& strings,
                                 const secl::IntList& ints) {
    boost::json::array list = elements(variable, strings, ints);
    if (variable.is_list)
        return list;
    return list.empty() ? boost::json::value() : list.front();
}

boost::json::object variables_json(VariableStore& store, const VariableStore::Binding& binding,
                                   const ScopeSource& source, secl::Scope scope, int64_t now_ns) {
    boost::json::object out;
    for (uint32_t number = 0; number < binding.slots.size(); ++number) {
        const secl::Variable& variable = binding.table->at(number);
        if (variable.scope != scope || variable.is_private ||
            variable.builtin != secl::Variable::Builtin::kNone)
            continue;
        secl::StringList strings;
        secl::IntList ints;
        if (store.read(binding, number, source, now_ns, strings, ints))
            out[json_text(short_name(variable))] = variable_json(variable, strings, ints);
    }
    return out;
}

}  // namespace vedette::engine
