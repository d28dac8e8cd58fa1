// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metamanager/poison.hpp"

#include <memory>
#include <string>

#include "edgecore/kube/json.hpp"
#include "edgecore/store/poison.hpp"

namespace edgecore::metamanager {

std::uint64_t store_poison(store::Store& store, std::string_view module, const beehive::Message& message,
                           std::string_view reason, WallTime now) {
  store::poison::Row row;
  row.module = module;
  row.resource = message.route.resource;
  row.operation = message.route.operation;
  row.text = kube::dump_json(message.content);
  row.reason = reason;
  row.time = now;
  const auto count = std::make_shared<std::uint64_t>(0);
  store.write([row, count](store::Transaction& into) { *count = store::poison::record(into, row); });
  return *count;
}

}  // namespace edgecore::metamanager
