// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/downstream.hpp"

#include <algorithm>
#include <array>

#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr std::array<std::string_view, 5> kNoAckWords = {"podlist", "membership", "twin/cloud_updated",
                                                         "serviceaccounttoken", "k8s/ca.crt"};
constexpr std::array<std::string_view, 4> kVolumeOperations = {
    names::operation::kCreateVolume, names::operation::kDeleteVolume,
    names::operation::kControllerPublishVolume, names::operation::kControllerUnpublishVolume};
constexpr std::array<std::string_view, 6> kNoAckTypes = {
    names::resource::kNode,     names::resource::kLease,     names::resource::kNodePatch,
    names::resource::kPodPatch, names::resource::kPodStatus, names::resource::kCertificateSigningRequest};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The text at `at` that Go's encoder/json escapes for HTML, as the escape and the length it replaces; length
/// 0 if there is none.
std::pair<std::string_view, std::size_t> html_escape(std::string_view text, std::size_t at) {
  switch (text[at]) {
    case '<':
      return {"\\u003c", 1};
    case '>':
      return {"\\u003e", 1};
    case '&':
      return {"\\u0026", 1};
    default:
      break;
  }
  if (text.substr(at, 3) == "\xe2\x80\xa8") return {"\\u2028", 3};
  if (text.substr(at, 3) == "\xe2\x80\xa9") return {"\\u2029", 3};
  return {"", 0};
}

}  // namespace

bool needs_ack(const Downstream& downstream) {
  const auto& route = downstream.message.route;
  for (const std::string_view word : kNoAckWords) {
    if (route.resource.find(word) != std::string::npos) return false;
  }
  if (one_of(kVolumeOperations, route.operation) ||
      route.operation == names::operation::kApplicationResponse || route.group == names::group::kUser ||
      route.source == names::source::kTaskManager || route.source == "nodeupgradejobcontroller")
    return false;
  const bool response = route.operation == names::operation::kResponse;
  if (response && (downstream.error_content || downstream.message.content == names::content::kOk))
    return false;
  if (route.source != names::source::kEdgeController) return true;
  const auto path = beehive::parse_resource(route.resource);
  if (!path) return true;
  return !one_of(kNoAckTypes, path->type) && !(path->type == names::resource::kPod && response);
}

std::string wire_text(const beehive::Message& message) {
  const std::string plain = beehive::encode(message);
  std::string text;
  text.reserve(plain.size() + 64);
  for (std::size_t at = 0; at < plain.size();) {
    const auto [escape, length] = html_escape(plain, at);
    if (length == 0) {
      text.push_back(plain[at++]);
    } else {
      text.append(escape);
      at += length;
    }
  }
  text.push_back('\n');
  return text;
}

}  // namespace edgecore::cloudsim
