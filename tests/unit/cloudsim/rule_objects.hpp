// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/cluster.hpp"

namespace edgecore::cloudsim {

/// Creates one endpoint of each type in `default`, named after its type; the service's port is given.
inline void add_endpoints(Cluster& cluster, const std::string& service_port = "8080") {
  for (const char* type : {"rest", "eventbus", "servicebus"}) {
    Json spec = {{"ruleEndpointType", type}};
    if (std::string(type) == "servicebus") spec["properties"] = {{"service_port", service_port}};
    cluster.create(kind_named("RuleEndpoint"), "default",
                   {{"metadata", {{"name", type}}}, {"spec", std::move(spec)}});
  }
}

inline void add_rule(Cluster& cluster, const std::string& name, const std::string& source,
                     Json source_resource, const std::string& target, Json target_resource) {
  Json spec = {{"source", source},
               {"sourceResource", std::move(source_resource)},
               {"target", target},
               {"targetResource", std::move(target_resource)}};
  cluster.create(kind_named("Rule"), "default", {{"metadata", {{"name", name}}}, {"spec", std::move(spec)}});
}

}  // namespace edgecore::cloudsim
