// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// A CertificateSigningRequest for a serving certificate.
struct ServingRequest {
  std::string der;  ///< PKCS#10
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

/// Reads a request and checks it like CloudCore's CSRApprover (protocol/03-metaserver.md §1.4): signer,
/// subject, names, usages. nullopt, with the reason in `why`, if that approver would not approve it. Throws
/// BadInput for a malformed request.
std::optional<ServingRequest> approvable(const Json& request, std::string& why);

}  // namespace edgecore::cloudsim
