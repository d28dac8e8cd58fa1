// SPDX-License-Identifier: Apache-2.0
// Certificates, keys and requests, in PEM or DER, from the cloud and from files.
#include "edgecore/net/x509.hpp"

#include "input.hpp"

namespace {

using namespace edgecore;

void read(const net::Certificate& certificate) {
  certificate.subject();
  certificate.issuer();
  certificate.common_name();
  certificate.not_before();
  certificate.not_after();
  certificate.dns_names();
  certificate.ip_addresses();
  certificate.is_ca();
  fuzz::hold(net::Certificate::from_pem(certificate.pem()) == certificate);
  const auto now = WallTime(std::chrono::seconds(1'750'000'000));
  net::verify(certificate, {certificate}, net::CertificatePurpose::kAny, now);
}

}  // namespace

// A name of three bytes is an object of OpenSSL, and a string. Fixed: an empty certificate, and its
// verification.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 256, .fixed = 256 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] { read(net::Certificate::from_der(text)); });
  fuzz::accepted([&] {
    const auto all = net::Certificate::all_from_pem(text);
    fuzz::hold(!all.empty());
    for (const auto& one : all) read(one);
  });
  fuzz::accepted([&] {
    const auto request = net::CertificateRequest::from_der(text);
    request.subject();
    request.signature_valid();
    request.dns_names();
    request.ip_addresses();
    fuzz::hold(net::CertificateRequest::from_pem(request.pem()).der() == request.der());
    fuzz::hold(net::CertificateRequest::from_der(request.der()).der() == request.der());
  });
  fuzz::accepted([&] {
    const auto key = net::PrivateKey::from_pem(text);
    fuzz::hold(net::PrivateKey::from_pem(key.pem()).der() == key.der());
  });
}
