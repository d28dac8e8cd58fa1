// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/target_urls.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::target_urls {

bool add(Transaction& into, std::string_view url) {
  auto statement = into.connection().prepare(sql::kUrlAdd);
  return statement.bind(url).run() > 0;
}

bool remove(Transaction& from, std::string_view url) {
  auto statement = from.connection().prepare(sql::kUrlRemove);
  return statement.bind(url).run() > 0;
}

bool contains(const Source& from, std::string_view url) {
  auto statement = from.connection().prepare(sql::kUrlFind);
  return statement.bind(url).step();
}

std::vector<std::string> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kUrlList);
  std::vector<std::string> urls;
  while (statement.step()) urls.push_back(statement.text(0));
  return urls;
}

}  // namespace edgecore::store::target_urls
