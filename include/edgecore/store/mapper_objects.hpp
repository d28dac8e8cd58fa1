#pragma once

#include <map>
#include <string>
#include <string_view>

#include "edgecore/store/source.hpp"

/// Table `edgecore_mapper_objects` (ours alone): which version of each device and device model its mapper was
/// last told of, so that a restart neither repeats what it knows nor forgets what it was not told (pains row
/// 34).
namespace edgecore::store::mapper_objects {

struct Told {
  std::string protocol;  ///< of the mapper
  std::string digest;    ///< of what was sent
  bool operator==(const Told&) const = default;
};

/// `key`: `<namespace>/device/<name>` or `<namespace>/devicemodel/<name>`. An equal row costs no write.
void upsert(Transaction& into, std::string_view key, const Told& told);
/// False when there was none.
bool remove(Transaction& from, std::string_view key);
[[nodiscard]] std::map<std::string, Told> list(const Source& from);

}  // namespace edgecore::store::mapper_objects
