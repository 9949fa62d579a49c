// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "vedette/v1/event.pb.h"

namespace vedette::engine {

/// The files that an event is about: `file`, then `destination`; of whatever type it is. Those that are not there are
/// not in the list.
std::vector<v1::File*> files_of(v1::Event& event);
std::vector<const v1::File*> files_of(const v1::Event& event);

}  // namespace vedette::engine
