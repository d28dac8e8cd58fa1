// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "edgecore/kube/json.hpp"
#include "edgecore/net/http_server.hpp"

/// HTTP responses with a body.
namespace edgecore::cloudsim {

inline net::Response json_response(int status, const Json& body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = kube::dump_json(body) + "\n";
  return response;
}

inline net::Response text_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace edgecore::cloudsim
