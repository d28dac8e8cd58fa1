// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemd/sd-bus.h>

namespace edgecore::edged {

/// The functions of libsystemd's D-Bus client that edged calls. The library is loaded at run time, because
/// only nodes with the cgroup driver systemd need it; linked, it would cost all others 0.6 MiB of memory.
struct SdBus {
  /// Loads the library, which stays loaded. Throws Error if it is not installed.
  static SdBus load();

  decltype(&::sd_bus_new) bus_new;
  decltype(&::sd_bus_set_address) set_address;
  decltype(&::sd_bus_set_bus_client) set_bus_client;
  decltype(&::sd_bus_start) start;
  decltype(&::sd_bus_is_ready) is_ready;
  decltype(&::sd_bus_process) process;
  decltype(&::sd_bus_wait) wait;
  decltype(&::sd_bus_close) close;
  decltype(&::sd_bus_unref) bus_unref;
  decltype(&::sd_bus_match_signal_async) match_signal_async;
  decltype(&::sd_bus_call) call;
  decltype(&::sd_bus_error_free) error_free;
  decltype(&::sd_bus_message_new_method_call) new_method_call;
  decltype(&::sd_bus_message_append) append;
  decltype(&::sd_bus_message_open_container) open_container;
  decltype(&::sd_bus_message_close_container) close_container;
  decltype(&::sd_bus_message_read) read;
  decltype(&::sd_bus_message_unref) unref;
};

}  // namespace edgecore::edged
