// SPDX-License-Identifier: Apache-2.0
//
// A mount record becomes an event: two names, and the kernel's mount where that is known.
#pragma once

namespace vedette::probe {

class Record;
struct Decoded;

void decode_mount(const Record& record, Decoded& out);

}  // namespace vedette::probe
