// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/scopes.h"

#include <cstring>

namespace vedette::engine {

ProcessScopeKey process_scope_key(uint64_t process_key) {
    ProcessScopeKey out{};
    std::memcpy(out.data(), &process_key, out.size());
    return out;
}

std::string cgroup_scope_key(const v1::CGroup& cgroup) {
    if (cgroup.inode() == 0)
        return cgroup.id();
    std::string out = "#";
    out += view(process_scope_key(cgroup.inode()));
    return out;
}

}  // namespace vedette::engine
