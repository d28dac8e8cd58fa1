// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::edgehub {

/// The secret a node joins with: `<caHash>.<jwt header>.<payload>.<signature>` (protocol/01-tunnel.md §3.1).
struct JoinToken {
  std::string ca_hash;  ///< lower-case hex SHA-256 of the CloudCore CA's DER
  std::string jwt;

  /// Throws BadInput when it does not have four parts or the hash is none; surrounding white space is
  /// ignored. The text itself never appears in the error.
  static JoinToken parse(std::string_view text);

  /// True when `ca_der` is the certificate the token was made for.
  [[nodiscard]] bool names(std::string_view ca_der) const;
};

}  // namespace edgecore::edgehub
