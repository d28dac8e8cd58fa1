// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore {

/// A random (version 4) UUID in lower-case hex with dashes, for message ids and object uids. Cheap: one call
/// in 64 reads random bytes from the kernel. Threads, and the two sides of a fork, never get the same id. Any
/// thread; throws Error if the kernel has no randomness.
std::string uuid_v4();

/// `count` random bytes from the kernel.
std::string random_bytes(std::size_t count);

}  // namespace edgecore
