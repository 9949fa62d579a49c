// SPDX-License-Identifier: Apache-2.0
//
// Network namespaces as text: JSON, and a graph for graphviz.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "system-probe/resolvers/network_namespaces.h"

namespace vedette::probe {

/// `left_out`: processes of namespaces that are not among them.
std::string network_json(std::span<const NetworkNamespace> namespaces, uint64_t left_out);
/// A box for each namespace, in it its interfaces.
std::string network_graph(std::span<const NetworkNamespace> namespaces);

}  // namespace vedette::probe
