// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/serving_request.hpp"

#include <algorithm>
#include <string_view>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::metaserver {
namespace {

constexpr char kSigner[] = "kubernetes.io/kubelet-serving";
constexpr char kOrganization[] = "system:nodes";
constexpr char kUserPrefix[] = "system:node:";
constexpr char kNamePrefix[] = "metaserver-csr-";
constexpr std::size_t kNameLength = 253;
constexpr std::size_t kDigestLength = 8;
/// The longest chain or request that is decoded, in base64.
constexpr std::size_t kPemBytes = 1U << 20U;

std::optional<std::string> decoded(const Json& object, std::string_view path) {
  const std::string text = kube::string_or(object, path);
  if (text.empty() || text.size() > kPemBytes) return std::nullopt;
  try {
    return net::base64_decode(text);
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

/// The first of `wanted` that is not among `present`; nullptr if all are.
const std::string* first_missing(const std::vector<std::string>& wanted,
                                 const std::vector<std::string>& present) {
  const auto missing = std::find_if(wanted.begin(), wanted.end(), [&](const std::string& one) {
    return std::find(present.begin(), present.end(), one) == present.end();
  });
  return missing == wanted.end() ? nullptr : &*missing;
}

}  // namespace

net::Name ServingTemplate::subject() const {
  return {{"O", kOrganization}, {"CN", kUserPrefix + node_name}};
}

std::optional<std::string> ServingTemplate::flaw(const net::Certificate& certificate) const {
  const net::Name name = certificate.subject();
  const std::string expected = kUserPrefix + node_name;
  if (net::name_value(name, "CN") != expected)
    return "its CN is " + log::quote(net::name_value(name, "CN")) + " instead of " + expected;
  if (net::name_value(name, "O") != kOrganization) return std::string("its O is not ") + kOrganization;
  if (const std::string* missing = first_missing(ip_addresses, certificate.ip_addresses()))
    return "it lacks the address " + *missing;
  return std::nullopt;
}

std::string signing_request_name(const std::string& node_name, const net::PrivateKey& key) {
  const std::string digest = net::sha256_hex(key.public_der()).substr(0, kDigestLength);
  std::string name = kNamePrefix + node_name;
  if (name.size() + 1 + kDigestLength > kNameLength) {
    name.resize(kNameLength - 1 - kDigestLength);
    while (name.back() == '.' || name.back() == '-') name.pop_back();
  }
  return name + "-" + digest;
}

Json signing_request(const std::string& name, const net::PrivateKey& key, const ServingTemplate& what) {
  const auto request = net::CertificateRequest::make(key, what.subject(), {{}, what.ip_addresses});
  return {{"kind", "CertificateSigningRequest"},
          {"metadata", {{"name", name}, {"creationTimestamp", nullptr}}},
          {"spec",
           {{"request", net::base64(request.pem())},
            {"signerName", kSigner},
            {"usages", {"digital signature", "key encipherment", "server auth"}}}},
          {"status", Json::object()}};
}

bool asks_for(const Json& object, const net::PrivateKey& key, const ServingTemplate& what) {
  const auto pem = decoded(object, "spec.request");
  if (!pem || kube::string_or(object, "spec.signerName") != kSigner) return false;
  try {
    const auto request = net::CertificateRequest::from_pem(*pem);
    return request.matches(key) && request.signature_valid() && request.subject() == what.subject() &&
           first_missing(what.ip_addresses, request.ip_addresses()) == nullptr;
  } catch (const BadInput&) {
    return false;
  }
}

SigningState signing_state(const Json& object) {
  SigningState state;
  bool approved = false;
  for (const Json& condition : kube::array_or_empty(object, "status.conditions")) {
    if (kube::string_or(condition, "status", "True") == "False") continue;
    const std::string type = kube::string_or(condition, "type");
    if (type == "Approved") approved = true;
    if (type != "Denied" && type != "Failed") continue;
    state.kind = SigningState::Kind::kRefused;
    state.why =
        (type == "Denied" ? "it was denied" : "the signer failed") +
        (": " + log::quote(kube::string_or(condition, "message", kube::string_or(condition, "reason"))));
    return state;
  }
  const std::string certificate = kube::string_or(object, "status.certificate");
  if (!approved || certificate.empty()) return state;
  if (auto chain = decoded(object, "status.certificate")) {
    state.kind = SigningState::Kind::kIssued;
    state.chain_pem = std::move(*chain);
  } else {
    state.kind = SigningState::Kind::kRefused;
    state.why = "its certificate is not base64 text of at most 1 MiB";
  }
  return state;
}

}  // namespace edgecore::metaserver
