// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace edgecore::metaserver {

/// The user of a request (protocol/03-metaserver.md §4.2). A plain value.
struct User {
  std::string name;  ///< "system:serviceaccount:<ns>:<sa>", the node's admin, …
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

/// The action that is to be authorized (protocol/03-metaserver.md §4.4).
struct Attributes {
  std::string verb;  ///< RequestInfo verb; the lower-case method for paths that are no resources
  bool is_resource = true;
  std::string group, resource, subresource, ns, name;
  std::string path;  ///< if it is not a resource
};

}  // namespace edgecore::metaserver
