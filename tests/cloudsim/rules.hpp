// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloudsim/cluster.hpp"

/// Rules as CloudCore's router reads them (protocol/04-devices.md §5.2 to §5.6). Pure functions.
namespace edgecore::cloudsim {

/// A Rule with what its two RuleEndpoints say, as it was when it was made.
struct Rule {
  enum class End : std::uint8_t { kRest, kEventbus, kServicebus };
  std::string ns;
  std::string name;
  End source = End::kRest;
  End target = End::kRest;
  std::string node;          ///< of a source that is no REST
  std::string source_place;  ///< path, topic or target URL
  std::string target_place;  ///< URL, topic or path
  std::string service_port;  ///< of a target that is a service
};

/// Throws BadInput for a rule that cannot work: an endpoint is missing or says nothing of use, or nothing
/// goes from the one to the other.
Rule read_rule(const Cluster& cluster, const Json& object);

/// The shortest spelling of a path, Go's path.Clean; the router does it with URLs too.
std::string clean(const std::string& path);

/// Under which a message of the source's node is looked up: `<ns>/<topic>`, or the target URL, in its
/// shortest spelling. "" for REST.
std::string source_key(const Rule& rule);

/// `/<node>/<namespace>/<path>[/param]` taken apart for a rule whose source is REST.
struct RestCall {
  std::string node;
  std::string param;  ///< what comes behind the rule's path, with the query
};
/// nullopt when the request is not for this rule.
std::optional<RestCall> match(const Rule& rule, std::string_view target);

}  // namespace edgecore::cloudsim
