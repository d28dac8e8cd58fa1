// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "edgecore/config/model.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/tls.hpp"

namespace edgecore::keadm {

/// One request to the MetaServer.
struct Question {
  std::string method = "GET";
  std::string target;  ///< path and query
  std::string accept = "application/json";
  std::string body;  ///< JSON
  /// Takes a good answer's body as it comes, without an end in sight: logs.
  std::function<void(std::string_view)> on_body = nullptr;
};
struct Answer {
  int status = 0;
  std::string body;
};
/// Asks the server, and returns when the answer is complete. Throws Error with a sentence when there is none.
/// The commands' only way to the world, so that tests can be the server.
using Ask = std::function<Answer(const Question&)>;

/// Where the server is and how it is spoken to.
struct Endpoint {
  std::string base;  ///< "http://127.0.0.1:10550"
  std::shared_ptr<const net::TlsContext> tls;
  std::string node;  ///< this node's name
};

/// Throws Error, with a sentence, when the configuration has no MetaServer, and when the files that HTTPS
/// needs cannot be used (`cluster_ca`: what its certificate is signed by).
Endpoint find_server(const config::EdgeCoreConfig& config, const std::string& cluster_ca);

/// One that asks that server, on a connection for each request.
Ask ask_server(Endpoint endpoint, std::string user_agent);

/// The object in an answer. Throws Error with the Status' message when it is a refusal, and for what is no
/// object.
Json object_of(const Answer& answer);

}  // namespace edgecore::keadm
