// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::edgehub {

/// A CA like CloudCore's, for tests.
struct FakeAuthority {
  struct Pair {
    net::PrivateKey key;
    net::Certificate certificate;
  };

  WallTime now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  net::PrivateKey key = net::PrivateKey::generate();
  net::Certificate ca = net::self_sign(named("KubeEdge", true), key);

  [[nodiscard]] net::CertificateTemplate named(const std::string& common_name, bool is_ca) const {
    net::CertificateTemplate what;
    what.subject = {{"O", is_ca ? "KubeEdge" : "system:nodes"}, {"CN", common_name}};
    what.not_before = now - std::chrono::hours(1);
    what.not_after = now + std::chrono::hours(24 * 365);
    what.is_ca = is_ca;
    return what;
  }
  [[nodiscard]] Pair issue(const std::string& node) const {
    auto what = named("system:node:" + node, false);
    what.client_auth = true;
    auto node_key = net::PrivateKey::generate();
    auto certificate = net::sign(what, node_key, ca, key);
    return {std::move(node_key), std::move(certificate)};
  }
  [[nodiscard]] Pair server() const {
    auto what = named("KubeEdge", false);
    what.server_auth = true;
    what.dns_names = {""};
    what.ip_addresses = {"127.0.0.1"};
    auto server_key = net::PrivateKey::generate();
    auto certificate = net::sign(what, server_key, ca, key);
    return {std::move(server_key), std::move(certificate)};
  }
  [[nodiscard]] std::string token() const { return net::sha256_hex(ca.der()) + ".header.payload.signature"; }
};

}  // namespace edgecore::edgehub
