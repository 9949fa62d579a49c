// SPDX-License-Identifier: Apache-2.0
//
// What a packet to or from a cloud's metadata service says. Of credentials in an answer only their type is taken.
#pragma once

#include <string_view>

namespace vedette::v1 {
class Imds;
}

namespace vedette::probe {

/// Fills what `payload` has; nothing when it is no HTTP.
void fill_imds(v1::Imds& out, std::string_view payload);

}  // namespace vedette::probe
