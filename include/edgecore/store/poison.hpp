// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_poison` (ours alone): messages that made a module fail, so that they are acked and put
/// aside instead of coming back for ever, and an operator can look at them.
namespace edgecore::store::poison {

/// Longest message text kept; the rest is cut (the comparison of `failures` is of the cut text).
constexpr std::size_t kMaxTextBytes = 64U << 10U;
/// Rows kept; the ones not seen for longest go first.
constexpr std::size_t kMaxRows = 100;

struct Row {
  std::string module;
  std::string resource;
  std::string operation;
  std::string text;    ///< the message's content
  std::string reason;  ///< a sentence
  WallTime time;       ///< of the last failure
  std::uint64_t count = 0;
};

/// Notes one more failure of this message and returns how many there were in a row. The same module, resource
/// and operation with another text is another message: it takes the place of the old one and starts at 1.
/// `row.count` is ignored.
std::uint64_t record(Transaction& into, const Row& row);
/// How often this very message failed so far; 0 for one never seen.
[[nodiscard]] std::uint64_t failures(const Source& from, std::string_view module, std::string_view resource,
                                     std::string_view operation, std::string_view text);
/// Forgets, after it went well; false when there was none.
bool remove(Transaction& from, std::string_view module, std::string_view resource,
            std::string_view operation);
/// Newest first.
[[nodiscard]] std::vector<Row> list(const Source& from);

}  // namespace edgecore::store::poison
