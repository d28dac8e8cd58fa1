// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "cloudsim/faults.hpp"
#include "cloudsim/rules.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/net/http_server.hpp"

namespace edgecore::cloudsim {

/// CloudCore's router (protocol/04-devices.md §5): tells nodes about rules, takes calls on its REST port and
/// uploads of nodes, and passes them to the other end of their rule. All references must outlive it; one
/// thread. Once started, stop it before destroying it.
class Router {
 public:
  Router(boost::asio::any_io_executor executor, Cluster& cluster, Downlink& downlink, const Faults& faults,
         std::uint16_t port);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Handles a change.
  void changed(const Change& change);
  /// CloudCore has started: handles all rules as added.
  void replay();

  void start() { server_.start(); }
  /// Ends all calls. Nothing of the router runs after it returns.
  boost::asio::awaitable<void> stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// A message of operation `upload` and group `user` from a node.
  void uploaded(const std::string& node, const beehive::Message& message);

 private:
  using Key = std::pair<std::string, std::string>;  // namespace, name
  struct Waiting;

  void add(const Json& object);
  void remove(const Key& key);
  void tell(const Rule& rule, bool begin);
  void count(const Rule& rule, const std::string& failure);

  boost::asio::awaitable<void> serve(net::Request& request, net::Responder& responder);
  boost::asio::awaitable<net::Response> call_service(Rule rule, RestCall call, net::Request& request);
  void publish(const Rule& rule, const RestCall& call, const std::string& body);
  boost::asio::awaitable<void> post(Rule rule, std::string node, beehive::Message message);

  boost::asio::any_io_executor executor_;
  Cluster& cluster_;
  Downlink& downlink_;
  const Faults& faults_;
  std::map<Key, Rule> rules_;
  std::map<std::string, Waiting*> waiting_;  ///< calls of services, by message id
  net::HttpServer server_;
  async::TaskGroup posts_;
};

}  // namespace edgecore::cloudsim
