// SPDX-License-Identifier: Apache-2.0
//
// A node that came without its program, because another has the same.
#pragma once

namespace vedette::v1 {
class ProcessUpdate;
}  // namespace vedette::v1

namespace vedette::engine {

class ProcessMirror;

/// Adds what the node named by `program_of` says of its program. Where that is not known (the mirror had no room for it),
/// what was known of the process itself; else the node stays without.
void add_program(v1::ProcessUpdate& update, const ProcessMirror& mirror);

}  // namespace vedette::engine
