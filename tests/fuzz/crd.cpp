// SPDX-License-Identifier: Apache-2.0
// What the cloud sends as CustomResourceDefinition, and objects shown by its columns: a JSON list of the two.
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/table.hpp"
#include "input.hpp"
#include "metaserver/schema/openapi.hpp"

// Names of a definition stand in dozens of places of the documents. Fixed: the documents of the kinds that
// are built in.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 16 * kJsonTree, .fixed = 32 * kMiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] {
    const Json input = kube::parse_json(text);
    if (!input.is_array() || input.size() != 2) return;
    kube::ApiResources resources;
    resources.learn(input[0]);
    const std::string group = kube::string_or(input[0], "spec.group");
    const auto resource = resources.find(group, "", kube::string_or(input[0], "spec.names.plural"));
    if (!resource) return;
    fuzz::hold(resources.find(group, resource->version, resource->plural) == resource);
    const Json* objects[] = {&input[1]};
    const Json table = kube::make_table(*resource, objects, WallTime{}, kube::IncludeObject::kObject);
    fuzz::hold(table["rows"][0]["cells"].size() == table["columnDefinitions"].size());
    const Json document = metaserver::openapi_v3(resources, "/openapi/v3/apis/" + resource->api_version());
    fuzz::hold(document["components"]["schemas"].size() >= 2);
    metaserver::openapi_v2_proto(metaserver::openapi_v2(resources));
  });
}
