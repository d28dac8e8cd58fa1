// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/unreported.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::unreported {

bool add(Transaction& into, std::string_view device_id) {
  auto statement = into.connection().prepare(sql::kUnreportedAdd);
  return statement.bind(device_id).run() > 0;
}

bool remove(Transaction& from, std::string_view device_id) {
  auto statement = from.connection().prepare(sql::kUnreportedRemove);
  return statement.bind(device_id).run() > 0;
}

std::vector<std::string> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kUnreportedList);
  std::vector<std::string> ids;
  while (statement.step()) ids.push_back(statement.text(0));
  return ids;
}

}  // namespace edgecore::store::unreported
