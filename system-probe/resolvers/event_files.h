// SPDX-License-Identifier: Apache-2.0
//
// The files an event is about, whatever its type.
#pragma once

#include <array>

namespace vedette::v1 {
class Event;
class File;
}  // namespace vedette::v1

namespace vedette::probe {

/// The file, and of a rename or link its new name; nullptr for one that the event has not.
std::array<v1::File*, 2> files_of(v1::Event& event);

}  // namespace vedette::probe
