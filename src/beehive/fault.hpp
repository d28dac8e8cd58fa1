// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

namespace edgecore::beehive {

/// Why a life of a module has failed.
struct Fault {
  std::string reason;
  /// The machine lacked something: memory, descriptors, threads, room on the disk, time. No message is to
  /// blame, and the same work may succeed later.
  bool by_environment = false;
};

/// `prefix` begins the reason.
Fault fault_of(const std::exception_ptr& why, const std::string& prefix = {});

}  // namespace edgecore::beehive
