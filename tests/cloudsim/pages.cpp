// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/pages.hpp"

#include <algorithm>
#include <array>

#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::size_t kLists = 64;

/// A field that a kind offers to field selectors besides name and namespace, like an API server 1.28.
struct Field {
  std::string_view kind;
  std::string_view path;
};
constexpr auto kFields = std::to_array<Field>({
    {"Pod", "spec.nodeName"},
    {"Pod", "spec.restartPolicy"},
    {"Pod", "spec.schedulerName"},
    {"Pod", "spec.serviceAccountName"},
    {"Pod", "spec.hostNetwork"},
    {"Pod", "status.phase"},
    {"Pod", "status.podIP"},
    {"Pod", "status.nominatedNodeName"},
    {"Node", "spec.unschedulable"},
    {"Namespace", "status.phase"},
    {"Secret", "type"},
    {"ReplicationController", "status.replicas"},
    {"Job", "status.successful"},
    {"CertificateSigningRequest", "spec.signerName"},
    {"Event", "involvedObject.kind"},
    {"Event", "involvedObject.namespace"},
    {"Event", "involvedObject.name"},
    {"Event", "involvedObject.uid"},
    {"Event", "involvedObject.apiVersion"},
    {"Event", "involvedObject.resourceVersion"},
    {"Event", "involvedObject.fieldPath"},
    {"Event", "reason"},
    {"Event", "reportingComponent"},
    {"Event", "source"},
    {"Event", "type"},
});

void check_field(const ResourceKind& kind, const std::string& path) {
  if (path == "metadata.name" || path == "metadata.namespace") return;
  const auto of_kind = [&](const Field& field) { return field.kind == kind.kind; };
  const bool any = std::any_of(kFields.begin(), kFields.end(), of_kind);
  if (std::any_of(kFields.begin(), kFields.end(),
                  [&](const Field& field) { return of_kind(field) && field.path == path; }))
    return;
  throw ApiError(kube::Status::bad_request(
      any ? "field label not supported: " + path
          : "\"" + path +
                "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""));
}

}  // namespace

Selection Selection::parse(const ResourceKind& kind, const std::string& labels, const std::string& fields) {
  try {
    Selection selection{kube::LabelSelector::parse(labels), kube::FieldSelector::parse(fields)};
    for (const std::string& path : selection.fields.paths()) check_field(kind, path);
    return selection;
  } catch (const BadInput& bad) {
    throw ApiError(kube::Status::bad_request(bad.what()));
  }
}

const Pages::List& Pages::find(const Request& request, std::size_t& begin) {
  const kube::Status expired = kube::Status::expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new "
      "list without the continue parameter.");
  try {
    const Json token = kube::parse_json(net::base64url_decode(request.token), "The token");
    const std::string id = kube::get_string(token, "list");
    begin = static_cast<std::size_t>(std::max<std::int64_t>(kube::get_int(token, "start"), 0));
    for (const List& list : lists_) {
      if (list.id == id) return list;
    }
  } catch (const BadInput&) {
    throw ApiError(kube::Status::bad_request("continue key is not valid: it was not made here"));
  }
  throw ApiError(expired);
}

Pages::Page Pages::read(const Request& request) {
  std::size_t begin = 0;
  if (request.token.empty()) {
    const Selection selection =
        Selection::parse(*request.kind, request.label_selector, request.field_selector);
    List list{uuid_v4(), cluster_.version(), cluster_.list(*request.kind, request.ns),
              !selection.labels.selects_everything() || !selection.fields.selects_everything()};
    std::erase_if(list.objects, [&](const Object& object) { return !selection.matches(*object); });
    lists_.push_back(std::move(list));
    if (lists_.size() > kLists) lists_.pop_front();
  }
  const List& list = request.token.empty() ? lists_.back() : find(request, begin);
  const std::size_t total = list.objects.size();
  begin = std::min(begin, total);
  const std::size_t end =
      request.limit > 0 ? std::min(total, begin + static_cast<std::size_t>(request.limit)) : total;
  Page page;
  page.metadata = {{"resourceVersion", std::to_string(list.version)}};
  page.objects.assign(list.objects.begin() + static_cast<std::ptrdiff_t>(begin),
                      list.objects.begin() + static_cast<std::ptrdiff_t>(end));
  if (end < total) {
    const Json token = {{"list", list.id}, {"start", end}};
    page.metadata["continue"] = net::base64url(kube::dump_json(token));
    if (!list.selected) page.metadata["remainingItemCount"] = total - end;
  } else if (request.token.empty()) {
    lists_.pop_back();  // a complete list is not read again
  }
  return page;
}

Json list_document(const ResourceKind& kind, const Pages::Page& page) {
  Json items = Json::array();
  for (const Object& object : page.objects) items.push_back(in_version(kind, *object));
  return {{"kind", std::string(kind.kind) + "List"},
          {"apiVersion", kind.api_version()},
          {"metadata", page.metadata},
          {"items", std::move(items)}};
}

}  // namespace edgecore::cloudsim
