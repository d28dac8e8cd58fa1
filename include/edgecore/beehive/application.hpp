// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/status.hpp"

/// API calls that the cloud's DynamicController makes for the node, if it is enabled there
/// (protocol/03-metaserver.md §3). Pure functions.
namespace edgecore::beehive {

/// One API call.
struct Application {
  std::string node_name;
  std::string key;  ///< `/<group|core>/<version>/<resource>/<namespace|null>/<name|null>`, or the path itself
  std::string verb;           ///< get list watch create update updatestatus patch delete
  std::string option = "{}";  ///< the verb's options as JSON text (§3.2)
  std::string body;           ///< the object's JSON text, or ""
  std::string subresource;
  /// Part of the ID: different for each write, "" for reads. The cloud treats calls with the same ID as one
  /// listener, the Go edge as one call.
  std::string nonce;
};

/// The ID of a call; for a watch the name of its listener in the cloud.
[[nodiscard]] std::string application_id(const Application& call);
/// The content on the wire.
[[nodiscard]] Json application_content(const Application& call);
/// The request; send it to module `websocket`.
[[nodiscard]] Message application_request(const Application& call);

/// Result of a call.
struct ApplicationAnswer {
  bool approved = false;
  std::string body;     ///< JSON text; "" if the verb returns none
  kube::Status status;  ///< if refused: the API server's Status, or one derived from the reason text
};
/// Parses an answer's content. Throws BadInput if it is not an Application.
[[nodiscard]] ApplicationAnswer read_application_answer(const Json& content);

}  // namespace edgecore::beehive
