// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// What a CertificateSigningRequest for a serving certificate asks for.
struct ServingRequest {
  std::string der;  ///< PKCS#10
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

/// Reads one and judges it as CloudCore's CSRApprover does (protocol/03-metaserver.md §1.4): signer, subject,
/// names, usages. nullopt when it is not for that approver or not as it must be: nobody approves it then, and
/// `why` says what is wrong. Throws BadInput for a request that cannot be read.
std::optional<ServingRequest> approvable(const Json& request, std::string& why);

}  // namespace edgecore::cloudsim
