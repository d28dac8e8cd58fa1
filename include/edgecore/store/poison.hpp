// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_poison` (not in the Go EdgeCore): messages that made a module fail. They are acked and set
/// aside, so that they do not come back for ever and an operator can look at them.
namespace edgecore::store::poison {

/// Limit of the message text; the rest is cut (`failures` compares the cut text).
constexpr std::size_t kMaxTextBytes = 64U << 10U;
/// Limit of rows; the least recent ones are dropped.
constexpr std::size_t kMaxRows = 100;

struct Row {
  std::string module;
  std::string resource;
  std::string operation;
  std::string text;    ///< the message's content
  std::string reason;  ///< the error
  WallTime time;       ///< of the last failure
  std::uint64_t count = 0;
};

/// Records a failure of this message and returns how many there were in a row. Another text of the same
/// module, resource and operation is another message: it replaces the old one and starts at 1. Ignores
/// `row.count`.
std::uint64_t record(Transaction& into, const Row& row);
/// How often this message has failed so far; 0 if never.
[[nodiscard]] std::uint64_t failures(const Source& from, std::string_view module, std::string_view resource,
                                     std::string_view operation, std::string_view text);
/// Forgets a message after it has succeeded; false if there was none.
bool remove(Transaction& from, std::string_view module, std::string_view resource,
            std::string_view operation);
/// Newest first.
[[nodiscard]] std::vector<Row> list(const Source& from);

}  // namespace edgecore::store::poison
