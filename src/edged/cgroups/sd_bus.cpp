// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/sd_bus.hpp"

#include <dlfcn.h>

#include <string>

#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

constexpr char kLibrary[] = "libsystemd.so.0";

[[noreturn]] void fail() {
  const char* why = ::dlerror();
  throw Error(std::string("The cgroup driver systemd needs ") + kLibrary + ", which cannot be used: " +
              (why != nullptr ? why : "no reason given") + ". Install libsystemd0.");
}

template <class Function>
void find(void* library, const char* name, Function& into) {
  void* const found = ::dlsym(library, name);
  if (found == nullptr) fail();
  into = reinterpret_cast<Function>(found);
}

}  // namespace

SdBus SdBus::load() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) fail();
  SdBus bus{};
  find(library, "sd_bus_new", bus.bus_new);
  find(library, "sd_bus_set_address", bus.set_address);
  find(library, "sd_bus_set_bus_client", bus.set_bus_client);
  find(library, "sd_bus_start", bus.start);
  find(library, "sd_bus_is_ready", bus.is_ready);
  find(library, "sd_bus_process", bus.process);
  find(library, "sd_bus_wait", bus.wait);
  find(library, "sd_bus_close", bus.close);
  find(library, "sd_bus_unref", bus.bus_unref);
  find(library, "sd_bus_match_signal_async", bus.match_signal_async);
  find(library, "sd_bus_call", bus.call);
  find(library, "sd_bus_error_free", bus.error_free);
  find(library, "sd_bus_message_new_method_call", bus.new_method_call);
  find(library, "sd_bus_message_append", bus.append);
  find(library, "sd_bus_message_open_container", bus.open_container);
  find(library, "sd_bus_message_close_container", bus.close_container);
  find(library, "sd_bus_message_read", bus.read);
  find(library, "sd_bus_message_unref", bus.unref);
  return bus;
}

}  // namespace edgecore::edged
