// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/sync_records.hpp"

#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

struct Place {
  const ResourceKind* kind;
  std::string ns;
  std::string name;
};

Place place_of(const std::string& node, const beehive::Message& message) {
  const auto path = beehive::parse_resource(message.route.resource);
  const std::string ns = path ? path->ns : "null";
  const bool cluster = ns == "null";
  return {&kind_named(cluster ? "ClusterObjectSync" : "ObjectSync"), cluster ? "" : ns,
          node + "." + uid_of(message.content)};
}

}  // namespace

std::optional<std::uint64_t> SyncRecords::acked(const std::string& node,
                                                const beehive::Message& message) const {
  const Place place = place_of(node, message);
  const Object record = cluster_.find(*place.kind, place.ns, place.name);
  if (!record) return std::nullopt;
  return version_number(kube::string_or(*record, "status.objectResourceVersion"));
}

void SyncRecords::open(const std::string& node, const beehive::Message& message) {
  if (!acked(node, message)) write(node, message, "0");
}

void SyncRecords::acknowledge(const std::string& node, const beehive::Message& message) {
  if (message.route.operation == names::operation::kDelete) {
    const Place place = place_of(node, message);
    if (cluster_.find(*place.kind, place.ns, place.name)) cluster_.remove(*place.kind, place.ns, place.name);
    return;
  }
  write(node, message, message.header.resource_version);
}

void SyncRecords::write(const std::string& node, const beehive::Message& message,
                        const std::string& version) {
  const Place place = place_of(node, message);
  if (const Object before = cluster_.find(*place.kind, place.ns, place.name)) {
    Json after = *before;
    after["status"]["objectResourceVersion"] = version;
    cluster_.update(*place.kind, place.ns, place.name, std::move(after));
    return;
  }
  // An object without a kind has its type in the resource's type segment.
  const auto path = beehive::parse_resource(message.route.resource);
  const ResourceKind* kind = path ? kube::find_type(path->type) : nullptr;
  const std::string api_version = kind ? kind->api_version() : "";
  const std::string_view kind_name = kind ? kind->kind : "";
  Json spec = {{"objectAPIVersion", kube::string_or(message.content, "apiVersion", api_version)},
               {"objectKind", kube::string_or(message.content, "kind", kind_name)},
               {"objectName", name_of(message.content)}};
  Json record = {{"metadata", {{"name", place.name}}}, {"spec", spec}};
  record["status"] = {{"objectResourceVersion", version}};
  try {
    cluster_.create(*place.kind, place.ns, std::move(record));
  } catch (const ApiError&) {
    // The namespace was deleted with its objects: no record is needed.
  }
}

std::vector<SyncRecords::Record> SyncRecords::all() const {
  std::vector<Record> records;
  for (const char* kind : {"ObjectSync", "ClusterObjectSync"}) {
    for (const Object& object : cluster_.list(kind_named(kind))) {
      const std::string name = name_of(*object);
      const std::size_t dot = name.rfind('.');
      if (dot == std::string::npos) continue;
      records.push_back({name.substr(0, dot), name.substr(dot + 1), namespace_of(*object),
                         kube::string_or(*object, "spec.objectAPIVersion"),
                         kube::string_or(*object, "spec.objectKind"),
                         kube::string_or(*object, "spec.objectName"),
                         version_number(kube::string_or(*object, "status.objectResourceVersion"))});
    }
  }
  return records;
}

void SyncRecords::drop(const Record& record) {
  const ResourceKind& kind = kind_named(record.ns.empty() ? "ClusterObjectSync" : "ObjectSync");
  const std::string name = record.node + "." + record.uid;
  if (cluster_.find(kind, record.ns, name)) cluster_.remove(kind, record.ns, name);
}

void SyncRecords::forget_node(const std::string& node) {
  for (const Record& record : all()) {
    if (record.node == node) drop(record);
  }
}

}  // namespace edgecore::cloudsim
