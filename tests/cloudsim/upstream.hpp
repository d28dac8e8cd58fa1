// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "cloudsim/account_tokens.hpp"
#include "cloudsim/authority.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "cloudsim/dynamic_controller.hpp"
#include "cloudsim/traffic.hpp"

namespace edgecore::cloudsim {

/// Handles messages from the edge like CloudCore (protocol/01-tunnel.md §1.6 rules 2 and 4 to 8,
/// protocol/02-metamanager.md §3.18): executes them on the cluster and answers. References must outlive it.
class Upstream {
 public:
  Upstream(Cluster& cluster, const Authority& authority, DynamicController& dynamic, Downlink& downlink,
           Traffic& traffic)
      : cluster_(cluster), authority_(authority), dynamic_(dynamic), downlink_(downlink), traffic_(traffic) {}

  /// Passes uploads to the rule router; they are also kept for tests to read.
  using Uploads = std::function<void(const std::string& node, const beehive::Message& message)>;
  void set_uploads(Uploads uploads) { uploads_ = std::move(uploads); }

  /// `node` is the session's node id. Never throws.
  void handle(const std::string& node, const beehive::Message& message);

 private:
  using Message = beehive::Message;
  using Path = beehive::ResourcePath;

  void edge(const std::string& node, const Message& message);
  void on_twin(const std::string& node, const Message& message);
  void on_node(const std::string& node, const Message& message, const Path& path);
  void on_node_status(const std::string& node, const Message& message, const Path& path);
  void on_patch(const std::string& node, const Message& message, const Path& path, const ResourceKind& kind);
  void on_pod(const std::string& node, const Message& message, const Path& path);
  void on_pod_status(const std::string& node, const Message& message, const Path& path);
  void on_lease(const std::string& node, const Message& message, const Path& path);
  void on_token(const std::string& node, const Message& message, const Path& path);
  void on_certificate_request(const std::string& node, const Message& message, const Path& path);
  void query(const std::string& node, const Message& message, const Path& path, const ResourceKind& kind,
             bool from_cache);
  /// Answers with `call`'s result, wrapped, or with its ApiError and the zero object of `kind`.
  void wrap(const std::string& node, const Message& message, const std::string& kind, bool with_version,
            const std::function<Object()>& call);

  Cluster& cluster_;
  const Authority& authority_;
  DynamicController& dynamic_;
  Downlink& downlink_;
  Traffic& traffic_;
  Uploads uploads_;
};

}  // namespace edgecore::cloudsim
