// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/pages.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/net/http_server.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::cloudsim {

/// The parts of an API request's path.
struct ApiPath {
  const ResourceKind* kind = nullptr;
  std::string ns;           ///< "" for cluster scope and for all namespaces
  std::string name;         ///< "" for a collection
  std::string subresource;  ///< "" for the object itself
};
/// nullopt if the path is not a resource's.
std::optional<ApiPath> parse_api_path(const std::string& path, const Kinds& kinds);

/// The Kubernetes API over plain HTTP on the loopback, sufficient for kubectl and client libraries:
/// discovery, get, list in pages, watch, create, update, patch, delete, scale, Table output
/// (protocol/03-metaserver.md lists clients' requests). No authentication. References must outlive it; one
/// thread.
class RestApi {
 public:
  /// Answers paths outside of /api and /apis (the fault switches); nullopt for an unknown path.
  using Extra = std::function<std::optional<net::Response>(const net::Request& request)>;

  RestApi(boost::asio::any_io_executor executor, Cluster& cluster, const Authority& authority,
          std::uint16_t port, Extra extra);

  void start() { server_.start(); }
  boost::asio::awaitable<void> stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// The answer to any request except a watch.
  [[nodiscard]] net::Response answer(const net::Request& request);

 private:
  boost::asio::awaitable<void> serve(const net::Request& request, net::Responder& responder);
  boost::asio::awaitable<void> watch(const ApiPath& path, const net::Target& target, bool table,
                                     net::Responder& responder);
  [[nodiscard]] net::Response resource(const net::Request& request, const ApiPath& path,
                                       const net::Target& target);
  [[nodiscard]] Json get(const net::Request& request, const ApiPath& path, const net::Target& target);
  [[nodiscard]] net::Response post(const net::Request& request, const ApiPath& path);
  [[nodiscard]] Json put(const net::Request& request, const ApiPath& path);
  [[nodiscard]] Json patch(const net::Request& request, const ApiPath& path, int& status);
  [[nodiscard]] Json remove(const net::Request& request, const ApiPath& path, const net::Target& target);

  boost::asio::any_io_executor executor_;
  Cluster& cluster_;
  const Authority& authority_;
  Pages pages_;
  Extra extra_;
  std::map<int, std::shared_ptr<SteadyTimer>> watchers_;  ///< cancelled at each change
  int next_watcher_ = 0;
  net::HttpServer server_;
};

}  // namespace edgecore::cloudsim
