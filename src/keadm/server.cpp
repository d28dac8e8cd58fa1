// SPDX-License-Identifier: Apache-2.0
#include "keadm/server.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/feature_gates.hpp"
#include "edgecore/kube/status.hpp"
#include "edgecore/net/http_client.hpp"

namespace edgecore::keadm {
namespace {

/// The server may wait for the cloud before it answers from its database.
constexpr std::chrono::milliseconds kPatience{60'000};
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostErrorBytes = std::size_t{64} << 10;

net::ClientResponse wait_for(net::ClientRequest request) {
  boost::asio::io_context loop(1);
  std::exception_ptr failure;
  net::ClientResponse response;
  boost::asio::co_spawn(loop, net::fetch(std::move(request)),
                        [&](std::exception_ptr why, net::ClientResponse got) {
                          failure = std::move(why);
                          response = std::move(got);
                        });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return response;
}

/// An address to connect to: "0.0.0.0:10550" only says where to listen.
std::string reachable(std::string address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return address;
  const std::string host = address.substr(0, colon);
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1" + address.substr(colon);
  if (host == "[::]") return "[::1]" + address.substr(colon);
  return address;
}

}  // namespace

Endpoint find_server(const config::EdgeCoreConfig& config, const std::string& cluster_ca) {
  const auto& modules = config.modules;
  const config::MetaServer& server = modules.meta_manager.meta_server;
  if (!modules.meta_manager.enable || !server.enable) {
    throw Error(
        "The MetaServer of this node is switched off: set modules.metaManager.metaServer.enable to true in "
        "edgecore.yaml and restart edgecore");
  }
  Endpoint endpoint;
  endpoint.node = modules.edged.hostname_override;
  config::Findings findings;
  const bool secure = config::resolve_feature_gates(config.feature_gates, findings).require_authorization;
  endpoint.base = (secure ? "https://" : "http://") + reachable(server.server);
  if (secure) {
    endpoint.tls = net::TlsContext::client_from_files(cluster_ca, modules.edge_hub.tls_cert_file,
                                                      modules.edge_hub.tls_private_key_file);
  }
  return endpoint;
}

Ask ask_server(Endpoint endpoint, std::string user_agent) {
  return [endpoint = std::move(endpoint), user_agent = std::move(user_agent)](const Question& question) {
    net::ClientRequest request;
    request.method = question.method;
    request.url = endpoint.base + question.target;
    request.headers = {{"Accept", question.accept}, {"User-Agent", user_agent}};
    request.body = question.body;
    if (!question.body.empty()) request.headers.add("Content-Type", "application/json");
    request.tls = endpoint.tls;
    request.timeout = kPatience;
    request.max_response_bytes = kMostBytes;
    int status = 0;
    std::string refusal;
    if (question.on_body) {
      request.timeout = std::chrono::milliseconds(0);
      request.on_head = [&](int got, const net::Headers&) { status = got; };
      request.on_body = [&](std::string_view piece) {
        if (status == 200) return question.on_body(piece);
        if (refusal.size() < kMostErrorBytes) refusal += piece;
      };
    }
    try {
      net::ClientResponse response = wait_for(std::move(request));
      return Answer{response.status, question.on_body ? std::move(refusal) : std::move(response.body)};
    } catch (const net::NetError& error) {
      throw Error(fmt::format("The MetaServer of this node at {} does not answer (does edgecore run?): {}",
                              endpoint.base, error.what()));
    }
  };
}

Json object_of(const Answer& answer) {
  const bool good = answer.status >= 200 && answer.status < 300;
  Json object;
  try {
    kube::JsonLimits limits;
    limits.max_bytes = kMostBytes;
    limits.max_values = 10'000'000;
    object = kube::parse_json(answer.body, "The MetaServer's answer", limits);
  } catch (const BadInput&) {
    if (good) throw;
  }
  if (good && object.is_object()) return object;
  if (good) throw Error("The MetaServer's answer is not an object");
  std::string why = kube::string_or(object, "message");
  if (why.empty()) why = log::quote(answer.body, 500);
  if (why.empty()) why = fmt::format("The MetaServer answered {}", answer.status);
  throw Error(why);
}

}  // namespace edgecore::keadm
