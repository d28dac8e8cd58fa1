// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace edgecore {

/// Starts a thread that blocks all signals, which other threads of the process wait for. `name` is shown by
/// `top -H` and gdb, cut at 15 characters. `body` must not throw.
std::thread start_quiet_thread(const std::string& name, std::function<void()> body);

}  // namespace edgecore
