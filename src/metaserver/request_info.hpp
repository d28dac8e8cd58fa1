#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/net/url.hpp"

namespace edgecore::metaserver {

/// What a request is about, as the API server reads it (protocol/03-metaserver.md §2.1). A plain value.
struct RequestInfo {
  bool is_resource = false;
  std::string
      verb;  ///< get list watch create update patch delete deletecollection proxy; else the lower-case method
  std::string group, version, resource, ns, name, subresource;
  std::vector<std::string> more;  ///< segments behind the subresource
  net::Target target;
};

/// Throws ApiError (400) for a malformed path or query.
RequestInfo parse_request(std::string_view method, std::string_view target);

}  // namespace edgecore::metaserver
