// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_offline_writes` (not in the Go EdgeCore): writes that were accepted for the cloud's API
/// while it was unreachable, oldest first, until the API has answered (docs/metaserver.md "Writes without the
/// cloud").
namespace edgecore::store::offline_writes {

/// Limit of rows; the next one is refused.
constexpr std::size_t kMaxRows = 1000;
/// Longest body of a row.
constexpr std::size_t kMaxBodyBytes = 64U << 10U;

inline constexpr std::string_view kDelete = "delete";
inline constexpr std::string_view kPatch = "patch";

struct Row {
  std::int64_t id = 0;       ///< rises with each row and is never reused; `add` ignores it
  std::string key;           ///< of the object, as in `meta_v2`
  std::string uid;           ///< of the object; the write must not change another one of that name
  std::string verb;          ///< kDelete or kPatch
  std::string content_type;  ///< of the body
  std::string body;          ///< DeleteOptions, or the patch
  WallTime time;             ///< when it was accepted, stored in milliseconds
  bool operator==(const Row&) const = default;
};

/// Appends the write and returns its id. If a deletion of the same uid waits already, adds nothing and
/// returns its id. Throws QueueFull at kMaxRows rows, BadInput for a body above kMaxBodyBytes.
std::int64_t add(Transaction& into, const Row& row);
/// False if there was none.
bool remove(Transaction& from, std::int64_t id);

/// The rows after `after_id`, oldest first. `limit` 0: all.
[[nodiscard]] std::vector<Row> list(const Source& from, std::int64_t after_id = 0, std::size_t limit = 0);
[[nodiscard]] std::size_t count(const Source& from);
/// True if a write for this object waits.
[[nodiscard]] bool has(const Source& from, std::string_view uid);
/// The deletions, oldest first.
[[nodiscard]] std::vector<Row> deletions(const Source& from);

}  // namespace edgecore::store::offline_writes
