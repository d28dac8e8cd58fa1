// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "edgecore/async/single_flight.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/missing_objects.hpp"
#include "metaserver/cache/object_filter.hpp"

namespace edgecore::metaserver {

/// Reads single objects: from the cache if they are current, else from the cloud. Requests for the same
/// object share one get (single flight). Owned by the Api, on the module's thread; the gets that are under
/// way belong to the module's tasks and end before this is destroyed.
class ObjectReader {
 public:
  explicit ObjectReader(const ApiParts& parts) : parts_(parts), gets_(parts.tasks, "get of an object") {}
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  /// The object that a call names, or null if it does not exist. Throws ApiError: 503 if neither the node nor
  /// the cloud can tell, 429 if the client has asked the cloud too often, or the refusal of the cloud.
  boost::asio::awaitable<ObjectPtr> current(const Call& call);
  /// Takes an object that the cloud answered with into the cache. Returns it with kind and apiVersion.
  ObjectPtr keep_answer(const kube::ApiResourcePtr& resource, const std::string& subresource,
                        const std::string& body);
  /// Before nodes are read: asks metamanager for this node's Node, because its heartbeats are not stored. At
  /// most once in five seconds; does nothing for other resources.
  Done refresh_own_node(const kube::ApiResource& resource);

  [[nodiscard]] bool is_own_pod(const kube::ApiResource& resource, const ObjectPtr& object) const;
  /// The filter selects pods of this node only.
  [[nodiscard]] bool is_of_own_node(const ObjectFilter& filter, const kube::ApiResource& resource) const;

 private:
  using AnswerPtr = std::shared_ptr<const CloudAnswer>;

  boost::asio::awaitable<ObjectPtr> fetch(const Call& call);
  void want_if_asked_before(const Call& call, const std::string& key);
  boost::asio::awaitable<AnswerPtr> ask_cloud(std::string key);
  [[nodiscard]] bool was_asked_before(const std::string& key);

  const ApiParts& parts_;
  std::unordered_map<std::string, SteadyTime> asked_at_;  ///< when an object was asked for last, by key
  async::SingleFlight<std::string, AnswerPtr> gets_;
  MissingObjects missing_;
  SteadyTime own_node_at_{};
};

}  // namespace edgecore::metaserver
