// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/status.hpp"

/// The cloud's DynamicController, which runs API calls for the node when it is enabled there
/// (protocol/03-metaserver.md §3). Pure functions.
namespace edgecore::beehive {

/// One API call.
struct Application {
  std::string node_name;
  std::string key;  ///< `/<group|core>/<version>/<resource>/<namespace|null>/<name|null>`, or the path itself
  std::string verb;           ///< get list watch create update updatestatus patch delete
  std::string option = "{}";  ///< the verb's options as JSON text (§3.2)
  std::string body;           ///< the object's JSON text; "" for none
  std::string subresource;
  /// Goes into the ID. The cloud takes calls with the same ID for one listener, and Go's edge for one call:
  /// different for each write, "" for the rest.
  std::string nonce;
};

/// Of the call: the listener's name in the cloud for a watch.
[[nodiscard]] std::string application_id(const Application& call);
/// What goes over the wire as content.
[[nodiscard]] Json application_content(const Application& call);
/// The request, to be sent to module `websocket`.
[[nodiscard]] Message application_request(const Application& call);

/// How the call ended.
struct ApplicationAnswer {
  bool approved = false;
  std::string body;     ///< JSON text; "" where the verb has none
  kube::Status status;  ///< when it was refused: the API server's, or made of the reason in words
};
/// Reads an answer's content. Throws BadInput when it is no Application.
[[nodiscard]] ApplicationAnswer read_application_answer(const Json& content);

}  // namespace edgecore::beehive
