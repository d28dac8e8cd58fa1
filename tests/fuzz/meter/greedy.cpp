// SPDX-License-Identifier: Apache-2.0
// A target at fault on purpose, for the test of target.cpp: `peak` takes too much for a moment, `held` keeps
// something of each call, `once` keeps something of the first, which is no fault.
#include <cstring>
#include <utility>

#include "input.hpp"

namespace {

void* volatile kept = nullptr;  // volatile: the compiler has to allocate

void allocate(std::size_t bytes) {
  kept = std::malloc(bytes);
}

}  // namespace

const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 1, .fixed = 1024};

void edgecore::fuzz::take(std::string_view text) {
  if (text == "peak") {
    allocate(std::size_t{1} << 20U);
    std::free(kept);
  }
  if (text == "held") {
    // In a list, or LeakSanitizer would find it first.
    void* const before = kept;
    allocate(100);
    std::memcpy(kept, &before, sizeof before);
  }
  static bool made = false;
  if (text == "once" && !std::exchange(made, true)) allocate(100);
}
