// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::edgehub {

/// The secret a node joins with: `<caHash>.<jwt header>.<payload>.<signature>` (protocol/01-tunnel.md §3.1).
struct JoinToken {
  std::string ca_hash;  ///< lower-case hex SHA-256 of the CloudCore CA's DER
  std::string jwt;

  /// Throws BadInput unless it has four parts, the first one a hash. Surrounding white space is
  /// ignored. The error never holds the text itself.
  static JoinToken parse(std::string_view text);

  /// True if `ca_der` is the CA that the token was made for.
  [[nodiscard]] bool names(std::string_view ca_der) const;
};

}  // namespace edgecore::edgehub
