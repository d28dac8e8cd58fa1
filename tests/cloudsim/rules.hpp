// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloudsim/cluster.hpp"

/// Rules as CloudCore's router understands them (protocol/04-devices.md §5.2 to §5.6). Pure functions.
namespace edgecore::cloudsim {

/// A Rule with the properties of its two RuleEndpoints, read when it was made.
struct Rule {
  enum class End : std::uint8_t { kRest, kEventbus, kServicebus };
  std::string ns;
  std::string name;
  End source = End::kRest;
  End target = End::kRest;
  std::string node;          ///< of a source other than REST
  std::string source_place;  ///< path, topic or target URL
  std::string target_place;  ///< URL, topic or path
  std::string service_port;  ///< of a target that is a service
};

/// Throws BadInput for a rule that cannot work: an endpoint is missing or incomplete, or this combination of
/// types is not supported.
Rule read_rule(const Cluster& cluster, const Json& object);

/// The shortest spelling of a path, Go's path.Clean; the router does it with URLs too.
std::string clean(const std::string& path);

/// The key for messages of the source's node: `<ns>/<topic>`, or the target URL, in its shortest spelling. ""
/// for REST.
std::string source_key(const Rule& rule);

/// The parts of `/<node>/<namespace>/<path>[/param]`, for a rule whose source is REST.
struct RestCall {
  std::string node;
  std::string param;  ///< the rest after the rule's path, with the query
};
/// nullopt if the request is not for this rule.
std::optional<RestCall> match(const Rule& rule, std::string_view target);

}  // namespace edgecore::cloudsim
