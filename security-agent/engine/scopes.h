// SPDX-License-Identifier: Apache-2.0
//
// The scopes that values of variables belong to, and how one of each is told from another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "security-agent/secl/variables.h"
#include "vedette/v1/process.pb.h"

namespace vedette::engine {

/// Of a process, from v1::ProcessNode.process_key: the same for all its images.
using ProcessScopeKey = std::array<char, 8>;
ProcessScopeKey process_scope_key(uint64_t process_key);
inline std::string_view view(const ProcessScopeKey& key) {
    return {key.data(), key.size()};
}

/// Of a cgroup: its inode, since a path is used again when a service restarts; the path where there is no inode.
std::string cgroup_scope_key(const v1::CGroup& cgroup);

/// Where an event stands among the scopes.
class ScopeSource {
   public:
    virtual ~ScopeSource() = default;
    /// Identity of its scope of that kind; empty: there is none. Never asked for kGlobal. Valid while the event is.
    virtual std::string_view scope_key(secl::Scope scope) const = 0;
    /// How a person calls it: "pid 12", a container id, a cgroup's path.
    virtual std::string scope_label(secl::Scope scope) const = 0;
    /// Scope key of the process that is `generation` (1: the parent) processes up; empty: nobody is known there.
    virtual std::string_view ancestor_key(size_t generation) const = 0;
    virtual uint32_t pid() const = 0;
};

}  // namespace vedette::engine
