// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace edgecore {

/// A thread that gets none of the process's signals: those are for the threads that wait for them. `name` is
/// for those who look at the process; at most 15 characters are shown. `body` must not throw.
std::thread start_quiet_thread(const std::string& name, std::function<void()> body);

}  // namespace edgecore
