// SPDX-License-Identifier: Apache-2.0
//
// What the agent is told of an image, and of the ids that stand in events.
#pragma once

#include "bpf/abi/records.h"

namespace vedette::v1 {
class Event;
class ProcessNode;
}  // namespace vedette::v1

namespace vedette::probe {

struct Image;
struct Names;

/// All of it.
void fill_node(v1::ProcessNode& node, const Image& image, const Names& names);
/// Without what its program says.
void fill_process(v1::ProcessNode& node, const Image& image, const Names& names);

/// Names of the owners of files and of the ids in setuid and setgid events.
void add_names(v1::Event& event, const Names& names);

}  // namespace vedette::probe
