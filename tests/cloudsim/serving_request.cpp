// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/serving_request.hpp"

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::cloudsim {
namespace {

constexpr char kSigner[] = "kubernetes.io/kubelet-serving";

/// The DER inside a PEM block of any label. Throws BadInput.
std::string pem_body(const std::string& pem) {
  std::string body;
  bool inside = false;
  std::size_t at = 0;
  while (at < pem.size()) {
    const std::size_t end = std::min(pem.find('\n', at), pem.size());
    std::string line = pem.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    at = end + 1;
    if (line.starts_with("-----BEGIN")) {
      inside = true;
    } else if (line.starts_with("-----END")) {
      break;
    } else if (inside) {
      body += line;
    }
  }
  return net::base64_decode(body);
}

std::string bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if ((bytes.size() != 4 && bytes.size() != 16) ||
      inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr)
    throw BadInput("An address in the certificate request is neither IPv4 nor IPv6.");
  return text.data();
}

/// Reads the subject alternative names; false if one is an e-mail address or a URI.
bool read_names(ServingRequest& wanted) {
  const auto* at = reinterpret_cast<const unsigned char*>(wanted.der.data());
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(wanted.der.size())), X509_REQ_free);
  if (!request) throw BadInput("The certificate request is not PKCS#10.");
  const auto free_all = [](STACK_OF(X509_EXTENSION) * all) {
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
  };
  const std::unique_ptr<STACK_OF(X509_EXTENSION), decltype(free_all)> extensions(
      X509_REQ_get_extensions(request.get()), free_all);
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  bool only_hosts = true;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      wanted.dns_names.push_back(bytes_of(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      wanted.ip_addresses.push_back(address_text(bytes_of(name->d.iPAddress)));
    } else {
      only_hosts = false;
    }
  }
  return only_hosts;
}

bool serving_usages(const Json& request) {
  std::set<std::string> usages;
  for (const Json& usage : kube::array_or_empty(request, "spec.usages")) {
    if (usage.is_string()) usages.insert(usage.get<std::string>());
  }
  usages.erase("key encipherment");
  return usages == std::set<std::string>{"digital signature", "server auth"};
}

}  // namespace

std::optional<ServingRequest> approvable(const Json& request, std::string& why) {
  if (kube::string_or(request, "spec.signerName") != kSigner) {
    why = std::string("its signer is not ") + kSigner;
    return std::nullopt;
  }
  ServingRequest wanted;
  wanted.der = pem_body(net::base64_decode(kube::get_string(request, "spec.request")));
  const net::CertificateRequest parsed = net::CertificateRequest::from_der(wanted.der);
  if (!parsed.signature_valid()) throw BadInput("The certificate request is not signed by its own key.");
  const net::Name subject = parsed.subject();
  const auto organizations =
      std::count_if(subject.begin(), subject.end(), [](const auto& entry) { return entry.field == "O"; });
  if (organizations != 1 || net::name_value(subject, "O") != "system:nodes") {
    why = "its organization is not system:nodes alone";
  } else if (!net::name_value(subject, "CN").starts_with("system:node:")) {
    why = "its common name does not begin with system:node:";
  } else if (!read_names(wanted)) {
    why = "it contains an e-mail address or a URI";
  } else if (wanted.dns_names.empty() && wanted.ip_addresses.empty()) {
    why = "it has neither an IP address nor a host name";
  } else if (!serving_usages(request)) {
    why = "its usages are not those of a serving certificate";
  } else {
    return wanted;
  }
  return std::nullopt;
}

}  // namespace edgecore::cloudsim
