// SPDX-License-Identifier: Apache-2.0
#include "edged/status/status_patch.hpp"

#include <algorithm>

namespace edgecore::edged {
namespace {

/// The members of a status that edged owns and that are replaced whole.
constexpr const char* kPlain[] = {"phase",
                                  "reason",
                                  "message",
                                  "hostIP",
                                  "podIP",
                                  "qosClass",
                                  "startTime",
                                  "initContainerStatuses",
                                  "ephemeralContainerStatuses",
                                  "containerStatuses"};

/// Treats null members as absent.
bool same(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    const auto covers = [](const Json& left, const Json& right) {
      for (const auto& [key, value] : left.items()) {
        const auto found = right.find(key);
        const bool absent = found == right.end();
        if (value.is_null() ? !absent && !found->is_null() : absent || !same(value, *found)) return false;
      }
      return true;
    };
    return covers(a, b) && covers(b, a);
  }
  if (a.is_array() && b.is_array()) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
  }
  return a == b;
}

const Json* find_by(const Json& list, const char* key, const Json& value) {
  for (const auto& one : list) {
    if (one.is_object() && one.contains(key) && one[key] == value) return &one;
  }
  return nullptr;
}

Json keys_in_order(const Json& list, const char* key) {
  Json out = Json::array();
  for (const auto& one : list) out.push_back({{key, one[key]}});
  return out;
}

bool counts_as_changed(const Json& old, const Json& now) {
  for (const char* key : {"status", "reason", "message"}) {
    if (kube::string_or(old, key) != kube::string_or(now, key)) return true;
  }
  return false;
}

/// The differing members, with null for removed ones.
Json condition_patch(const Json& old, const Json& now) {
  Json out = {{"type", now["type"]}};
  for (const char* key : {"status", "reason", "message", "lastTransitionTime"}) {
    const Json* before = kube::find_keys(old, {key});
    const Json* after = kube::find_keys(now, {key});
    if (after != nullptr && (before == nullptr || *before != *after)) out[key] = *after;
    if (after == nullptr && before != nullptr) out[key] = nullptr;
  }
  // The Go edge always sends it: a reader of a single patch sees the condition's status.
  out["status"] = now["status"];
  return out;
}

void patch_conditions(const Json& old, const Json& now, Json& patch) {
  Json changed = Json::array();
  for (const auto& one : now) {
    if (!one.contains("type") || !one.contains("status")) continue;
    const Json* before = find_by(old, "type", one["type"]);
    if (before == nullptr) {
      changed.push_back(one);
    } else if (counts_as_changed(*before, one)) {
      changed.push_back(condition_patch(*before, one));
    }
  }
  if (changed.empty()) return;
  patch["conditions"] = std::move(changed);
  if (!old.empty()) patch["$setElementOrder/conditions"] = keys_in_order(now, "type");
}

void patch_addresses(const Json& old, const Json& now, Json& patch) {
  if (same(old, now)) return;
  if (now.empty()) {
    patch["podIPs"] = nullptr;
    return;
  }
  Json out = now;
  for (const auto& one : old) {
    if (one.is_object() && one.contains("ip") && find_by(now, "ip", one["ip"]) == nullptr) {
      out.push_back({{"ip", one["ip"]}, {"$patch", "delete"}});
    }
  }
  patch["podIPs"] = std::move(out);
  if (!old.empty()) patch["$setElementOrder/podIPs"] = keys_in_order(now, "ip");
}

}  // namespace

std::optional<Json> make_status_patch(const std::string& uid, const Json& old_status,
                                      const Json& new_status) {
  Json patch = Json::object();
  for (const char* key : kPlain) {
    const Json* before = kube::find_keys(old_status, {key});
    const Json* after = kube::find_keys(new_status, {key});
    if (after != nullptr && (before == nullptr || !same(*before, *after))) patch[key] = *after;
    if (after == nullptr && before != nullptr) patch[key] = nullptr;
  }
  patch_conditions(kube::array_or_empty(old_status, "conditions"),
                   kube::array_or_empty(new_status, "conditions"), patch);
  patch_addresses(kube::array_or_empty(old_status, "podIPs"), kube::array_or_empty(new_status, "podIPs"),
                  patch);
  if (patch.empty()) return std::nullopt;
  return Json{{"metadata", {{"uid", uid}}}, {"status", std::move(patch)}};
}

}  // namespace edgecore::edged
