#include "edgecore/store/mapper_objects.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::mapper_objects {

void upsert(Transaction& into, std::string_view key, const Told& told) {
  auto statement = into.connection().prepare(sql::kMapperObjectUpsert);
  statement.bind(key).bind(told.protocol).bind(told.digest).run();
}

bool remove(Transaction& from, std::string_view key) {
  auto statement = from.connection().prepare(sql::kMapperObjectRemove);
  return statement.bind(key).run() > 0;
}

std::map<std::string, Told> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kMapperObjectList);
  std::map<std::string, Told> all;
  while (statement.step()) all.emplace(statement.text(0), Told{statement.text(1), statement.text(2)});
  return all;
}

}  // namespace edgecore::store::mapper_objects
