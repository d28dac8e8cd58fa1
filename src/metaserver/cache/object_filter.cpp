// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/object_filter.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

/// Fields that can be selected besides name and namespace, as the API server offers them.
struct Selectable {
  std::string_view group, plural;
  std::array<std::string_view, 16> paths;
};
constexpr std::array kSelectable = {
    Selectable{"",
               "pods",
               {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"}},
    Selectable{"", "nodes", {"spec.unschedulable"}},
    Selectable{"", "namespaces", {"status.phase"}},
    Selectable{"", "secrets", {"type"}},
    Selectable{"", "replicationcontrollers", {"status.replicas"}},
    Selectable{"", "services", {"spec.clusterIP", "spec.type"}},
    Selectable{"",
               "events",
               {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
                "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
                "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"}},
    Selectable{"events.k8s.io",
               "events",
               {"regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "reason",
                "reportingController", "type"}},
    Selectable{"batch", "jobs", {"status.successful"}},
    Selectable{"apps", "replicasets", {"status.replicas"}},
    Selectable{"certificates.k8s.io", "certificatesigningrequests", {"spec.signerName"}},
};

/// Throws ApiError, in the API server's words, for a field that cannot be selected.
void check_selectable(const kube::ApiResource& resource, const std::string& path) {
  if (path == "metadata.name" || path == "metadata.namespace") return;
  const auto* at = std::find_if(kSelectable.begin(), kSelectable.end(), [&](const Selectable& row) {
    return row.group == resource.group && row.plural == resource.plural;
  });
  if (at == kSelectable.end())
    bad_request("\"" + path +
                R"(" is not a known field selector: only "metadata.name", "metadata.namespace")");
  if (std::find(at->paths.begin(), at->paths.end(), path) == at->paths.end())
    bad_request("field label not supported: " + path);
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
    parts.push_back(path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.push_back(path.substr(begin));
  return parts;
}

/// The fields that the selector compares, read from the text.
Json excerpt(const CachedObject& object, const kube::FieldSelector& fields) {
  Json out = Json::object();
  for (const std::string& path : fields.paths()) {
    std::string_view at = object.text();
    Json* into = &out;
    bool found = true;
    for (const std::string& key : segments(path)) {
      const auto inner = find_member(at, key);
      if (!inner) {
        found = false;
        break;
      }
      at = inner->of(at);
      if (into->is_null()) *into = Json::object();
      into = &(*into)[key];
    }
    if (found) *into = kube::stored_json(at);
  }
  return out;
}

}  // namespace

bool ObjectFilter::matches(const CachedObject& object) const {
  if (!ns.empty() && object.ns() != ns) return false;
  if (!name.empty() && object.name() != name) return false;
  if (!labels.selects_everything() && !labels.matches(object.labels())) return false;
  return fields.selects_everything() || fields.matches(excerpt(object, fields));
}

ObjectFilter make_filter(const kube::ApiResource& resource, std::string ns, std::string name,
                         std::string_view label_selector, std::string_view field_selector) {
  ObjectFilter filter;
  filter.ns = std::move(ns);
  filter.name = std::move(name);
  try {
    if (!label_selector.empty()) filter.labels = kube::LabelSelector::parse(label_selector);
    if (!field_selector.empty()) filter.fields = kube::FieldSelector::parse(field_selector);
  } catch (const BadInput& bad) {
    bad_request(bad.what());
  }
  for (const std::string& path : filter.fields.paths()) check_selectable(resource, path);
  if (filter.name.empty()) filter.name = filter.fields.required_value("metadata.name").value_or("");
  if (filter.ns.empty() && resource.namespaced)
    filter.ns = filter.fields.required_value("metadata.namespace").value_or("");
  return filter;
}

}  // namespace edgecore::metaserver
