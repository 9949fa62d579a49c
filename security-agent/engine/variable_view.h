// SPDX-License-Identifier: Apache-2.0
//
// Variables as one event sees them: what rules read while it is evaluated.
#pragma once

#include <functional>
#include <string>

#include "security-agent/engine/variable_store.h"
#include "security-agent/secl/eval_context.h"

namespace vedette::engine {

/// Random, RFC 9562 version 4. Errors of the kernel's generator abort: there is nothing sensible to say instead.
std::string random_uuid4();

class VariableView final : public secl::VariableReader {
   public:
    /// All must outlive the view. `uuid4` gives each new ${builtins.uuid4}.
    VariableView(VariableStore& store, const VariableStore::Binding& binding,
                 const ScopeSource& source, const std::function<std::string()>& uuid4)
        : store_(store), binding_(binding), source_(source), uuid4_(uuid4) {}

    void read(uint32_t number, const secl::EvalContext& context, secl::StringList& strings,
              secl::IntList& ints) const override;

   private:
    VariableStore& store_;
    const VariableStore::Binding& binding_;
    const ScopeSource& source_;
    const std::function<std::string()>& uuid4_;
};

}  // namespace vedette::engine
