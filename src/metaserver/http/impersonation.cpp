// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/impersonation.hpp"

#include <string_view>

#include "edgecore/base/ascii.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {

void refuse_impersonation(const net::Headers& headers) {
  constexpr std::string_view kPrefix = "Impersonate-";
  for (const auto& [name, value] : headers)
    if (name.size() > kPrefix.size() && iequals(std::string_view(name).substr(0, kPrefix.size()), kPrefix))
      forbidden("the node's API server does not impersonate users: ask the cloud's");
}

}  // namespace edgecore::metaserver
