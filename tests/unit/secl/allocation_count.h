// SPDX-License-Identifier: Apache-2.0
//
// Counts every operator new of this test program, to prove that a path makes none.
#pragma once

#include <cstddef>

namespace vedette::secl::test {

size_t allocation_count();

}  // namespace vedette::secl::test
