// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/http/representation.hpp"

namespace edgecore::metaserver {

/// Sends answers in the form that the client wants, and notes their code in the call. Owned by the Api, on
/// the module's thread; keeps nothing between requests.
class Answers {
 public:
  explicit Answers(const ApiParts& parts) : parts_(parts) {}

  Done send_object(Call& call, int status, ObjectPtr object) const;
  Done send_json(Call& call, int status, const Json& document, const Representation& wanted) const;
  Done send_text(Call& call, int status, std::string body, const Representation& wanted) const;
  Done send_plain(Call& call, int status, std::string text, std::string content_type) const;
  Done send_status(Call& call, const kube::Status& status) const;
  /// The answer to a request that is refused by its head.
  [[nodiscard]] net::Response refusal(const kube::Status& status) const;

  /// Content-Type, and without a connection the headers that say so and how old the data are.
  [[nodiscard]] net::Headers headers_for(const Call& call, const std::string& content_type) const;

 private:
  [[nodiscard]] static net::Response response_of(const kube::Status& status, net::Headers headers);

  const ApiParts& parts_;
};

}  // namespace edgecore::metaserver
