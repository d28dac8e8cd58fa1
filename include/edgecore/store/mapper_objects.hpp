// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "edgecore/store/source.hpp"

/// Table `edgecore_mapper_objects` (not in the Go EdgeCore): the version of each device and device model that
/// was last sent to the mapper of a protocol, so that a restart neither repeats nor skips an update (pains
/// row 34).
namespace edgecore::store::mapper_objects {

/// Mapper and object: if an object's protocol changes, two mappers know it for a while.
struct Key {
  std::string protocol;  ///< of the mapper
  std::string object;    ///< `<namespace>/device/<name>` or `<namespace>/devicemodel/<name>`
  auto operator<=>(const Key&) const = default;
};

/// `digest` is that of the sent version, or "" if it is unknown whether the mapper got it. Writing an equal
/// row does not touch the disk.
void upsert(Transaction& into, const Key& key, std::string_view digest);
/// False if there was none.
bool remove(Transaction& from, const Key& key);
/// The digests by mapper and object.
[[nodiscard]] std::map<Key, std::string> list(const Source& from);

}  // namespace edgecore::store::mapper_objects
