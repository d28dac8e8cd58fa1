// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edgecore/net/url.hpp"

namespace edgecore::metaserver {

/// A request's verb, resource and names by the API server's rules (protocol/03-metaserver.md §2.1). A plain
/// value.
struct RequestInfo {
  bool is_resource = false;
  /// For a resource: get list watch create update patch delete deletecollection proxy, "" for a method that
  /// means none of these. For any other path: the method in lower case.
  std::string verb;
  std::string group, version, resource, ns, name, subresource;
  std::vector<std::string> more;  ///< segments behind the subresource (behind the name, for proxy)
  net::Target target;             ///< the path as it was sent and the decoded query
};

/// Segments are decoded; one that is empty, holds an escaped '/', '%' or control character, or is not UTF-8
/// is refused, because names become keys and paths. A malformed field selector sets no name here;
/// make_filter() refuses it. Throws ApiError (400) for a malformed path or query.
RequestInfo parse_request(std::string_view method, std::string_view target);

}  // namespace edgecore::metaserver
