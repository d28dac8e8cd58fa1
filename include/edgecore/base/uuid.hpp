// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore {

/// A random (version 4) UUID in lower-case hex with dashes, as message ids and object uids are written.
/// Cheap: one in 64 asks the kernel. No two threads, and no two sides of a fork, get the same. Any thread;
/// throws Error when the kernel gives no randomness.
std::string uuid_v4();

/// `count` random bytes from the kernel.
std::string random_bytes(std::size_t count);

}  // namespace edgecore
