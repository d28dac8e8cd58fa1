// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "edgecore/store/source.hpp"

/// Table `edgecore_mapper_objects` (ours alone): which version of each device and device model the mapper of
/// a protocol was last told of, so that a restart neither repeats what it knows nor forgets what it was not
/// told (pains row 34).
namespace edgecore::store::mapper_objects {

/// Of whom and what: an object whose protocol changes is known to two mappers for a while.
struct Key {
  std::string protocol;  ///< of the mapper
  std::string object;    ///< `<namespace>/device/<name>` or `<namespace>/devicemodel/<name>`
  auto operator<=>(const Key&) const = default;
};

/// `digest`: of what was sent; "" when it is not known what came of it. An equal row costs no write.
void upsert(Transaction& into, const Key& key, std::string_view digest);
/// False when there was none.
bool remove(Transaction& from, const Key& key);
/// Digests.
[[nodiscard]] std::map<Key, std::string> list(const Source& from);

}  // namespace edgecore::store::mapper_objects
