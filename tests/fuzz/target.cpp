// SPDX-License-Identifier: Apache-2.0
// The entry point of every fuzz target: runs take() and holds its memory to kMemory.
#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "input.hpp"

namespace {

using namespace edgecore;

/// Bytes asked for and not given back, as take() is running. Targets have one thread.
struct Meter {
  bool running = false;
  std::int64_t held = 0;
  std::int64_t peak = 0;
} meter;

void allocated(const volatile void*, std::size_t size) {
  if (!meter.running) return;
  meter.held += static_cast<std::int64_t>(size);
  meter.peak = std::max(meter.peak, meter.held);
}

void freed(const volatile void* block) {
  if (!meter.running || block == nullptr) return;
  meter.held -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(block));
}

Meter measure(std::string_view input) {
  meter = {.running = true};
  fuzz::take(input);
  meter.running = false;
  return meter;
}

[[noreturn]] void too_much(const char* what, std::int64_t bytes, std::size_t input, std::int64_t budget) {
  std::fprintf(stderr, "memory: an input of %zu bytes holds %lld bytes %s, %lld are allowed\n", input,
               static_cast<long long>(bytes), what, static_cast<long long>(budget));
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  fuzz::hold(__sanitizer_install_malloc_and_free_hooks(allocated, freed) != 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto budget = static_cast<std::int64_t>(fuzz::kMemory.per_byte * size + fuzz::kMemory.fixed);
  // What exists once in the process (tables, caches, OpenSSL's queue of errors) is made by whichever input
  // comes first, so an input is at fault when it is too much each time.
  constexpr int kCalls = 20;
  std::int64_t least_peak = 0, least_held = 0;
  for (int call = 0; call < kCalls; ++call) {
    const Meter used = measure(input);
    least_peak = call == 0 ? used.peak : std::min(least_peak, used.peak);
    least_held = call == 0 ? used.held : std::min(least_held, used.held);
    if (least_peak <= budget && least_held <= 0) return 0;
  }
  if (least_peak > budget) too_much("at its peak", least_peak, size, budget);
  too_much("after each call", least_held, size, 0);
}
