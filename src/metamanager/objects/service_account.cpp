// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/service_account.hpp"

#include "edgecore/beehive/names.hpp"
#include "metamanager/objects/object.hpp"

namespace edgecore::metamanager {

std::optional<Json> service_account_of(const Json& access) {
  const Json* found = kube::find_path(access, "spec.serviceAccount");
  if (found == nullptr || !found->is_object()) return std::nullopt;
  Json account = *found;
  fill_kind(account, names::resource::kServiceAccount);
  const std::string uid = kube::string_or(access, "spec.serviceAccountUid");
  if (!uid.empty() && account["metadata"].is_object()) account["metadata"]["uid"] = uid;
  if (!is_servable(account)) return std::nullopt;
  return account;
}

}  // namespace edgecore::metamanager
