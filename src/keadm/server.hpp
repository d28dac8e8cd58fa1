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
  /// Receives the body of a successful answer in pieces, possibly without end: logs.
  std::function<void(std::string_view)> on_body = nullptr;
};
struct Answer {
  int status = 0;
  std::string body;
};
/// Sends a request and returns when the answer is complete. Throws Error with a sentence if there is no
/// answer. The commands' only access to the network; a seam for tests.
using Ask = std::function<Answer(const Question&)>;

/// The server's address, and how to connect.
struct Endpoint {
  std::string base;  ///< "http://127.0.0.1:10550"
  std::shared_ptr<const net::TlsContext> tls;
  std::string node;  ///< this node's name
};

/// Throws Error with a sentence if the configuration disables MetaServer, or if the files for HTTPS are
/// unusable (`cluster_ca`: the CA of its certificate).
Endpoint find_server(const config::EdgeCoreConfig& config, const std::string& cluster_ca);

/// An Ask for this server; opens a connection for each request.
Ask ask_server(Endpoint endpoint, std::string user_agent);

/// The object in an answer. Throws Error with the Status' message for a refusal, and if the body is not an
/// object.
Json object_of(const Answer& answer);

}  // namespace edgecore::keadm
