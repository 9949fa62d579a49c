// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vedette::probe {

struct Content;

/// An ELF program of 64 bits in our byte order that the Go linker made and whose build information has been removed, as
/// garble does: it names its compiler "unknown". A stripped program is not meant; what else removes it is.
bool is_garbled_go_program(const Content& content);

}  // namespace vedette::probe
