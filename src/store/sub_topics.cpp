// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/sub_topics.hpp"

#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store::sub_topics {

bool add(Transaction& into, std::string_view topic) {
  auto statement = into.connection().prepare(sql::kTopicAdd);
  return statement.bind(topic).run() > 0;
}

bool remove(Transaction& from, std::string_view topic) {
  auto statement = from.connection().prepare(sql::kTopicRemove);
  return statement.bind(topic).run() > 0;
}

std::vector<std::string> list(const Source& from) {
  auto statement = from.connection().prepare(sql::kTopicList);
  std::vector<std::string> topics;
  while (statement.step()) topics.push_back(statement.text(0));
  return topics;
}

}  // namespace edgecore::store::sub_topics
