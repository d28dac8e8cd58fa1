// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/source.hpp"

/// Table `edgecore_offline_writes` (ours alone): what was accepted for the cloud's API while it could not be
/// reached, oldest first, until the API has decided on it (docs/metaserver.md "Writes without the cloud").
namespace edgecore::store::offline_writes {

/// Rows kept; one more is refused.
constexpr std::size_t kMaxRows = 1000;
/// Longest body of a row.
constexpr std::size_t kMaxBodyBytes = 64U << 10U;

inline constexpr std::string_view kDelete = "delete";
inline constexpr std::string_view kPatch = "patch";

struct Row {
  std::int64_t id = 0;       ///< rises with each row, never given again; `add` ignores it
  std::string key;           ///< of the object, as in `meta_v2`
  std::string uid;           ///< of the object; the write is meant for no other one
  std::string verb;          ///< kDelete or kPatch
  std::string content_type;  ///< of the body
  std::string body;          ///< DeleteOptions, or the patch
  WallTime time;             ///< when it was accepted; whole milliseconds are kept
  bool operator==(const Row&) const = default;
};

/// Appends the write and returns its id. A deletion of a uid of which there is one already adds nothing and
/// gives back that one's id. Throws QueueFull when `max_rows` are there, BadInput for a body that is too
/// long.
std::int64_t add(Transaction& into, const Row& row);
/// False when there was none.
bool remove(Transaction& from, std::int64_t id);

/// In the order in which they were added, those behind `after_id`. `limit` 0: all.
[[nodiscard]] std::vector<Row> list(const Source& from, std::int64_t after_id = 0, std::size_t limit = 0);
[[nodiscard]] std::size_t count(const Source& from);
/// Whether there is a write for this object.
[[nodiscard]] bool has(const Source& from, std::string_view uid);
/// The deletions, oldest first.
[[nodiscard]] std::vector<Row> deletions(const Source& from);

}  // namespace edgecore::store::offline_writes
