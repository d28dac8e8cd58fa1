// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/mapper_objects.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::mapper_objects {

void upsert(Transaction& into, const Key& key, std::string_view digest) {
  auto statement = into.connection().prepare(sql::kMapperObjectUpsert);
  statement.bind(key.protocol).bind(key.object).bind(digest).run();
}

bool remove(Transaction& from, const Key& key) {
  auto statement = from.connection().prepare(sql::kMapperObjectRemove);
  return statement.bind(key.protocol).bind(key.object).run() > 0;
}

std::map<Key, std::string> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kMapperObjectList);
  std::map<Key, std::string> all;
  while (statement.step()) all.emplace(Key{statement.text(0), statement.text(1)}, statement.text(2));
  return all;
}

}  // namespace edgecore::store::mapper_objects
