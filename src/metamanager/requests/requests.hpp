// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "edgecore/async/semaphore.hpp"
#include "edgecore/async/single_flight.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/reply.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/cloud/freshness.hpp"
#include "metamanager/delivery/gone_pods.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/objects/local_change.hpp"
#include "metamanager/objects/object_rows.hpp"
#include "metamanager/objects/own_objects.hpp"
#include "metamanager/requests/request_kind.hpp"

namespace edgecore::metamanager {

/// Serves the requests of this node's modules (docs/messages.md "edged → metamanager"). Inside, every answer
/// is a kube::CloudReply: an object (or an array of objects), done, or an error with its Status. Belongs to
/// the module's thread; each request runs in a task of its own.
class Requests {
 public:
  struct Parts {
    beehive::ModuleContext& context;
    store::Store& store;
    const store::Reader& reader;
    async::TaskGroup& tasks;
    Cloud& cloud;
    ServedKinds& kinds;
    ServedFeed& feed;
    Freshness& freshness;
    GonePods& gone_pods;
    OwnNode& node;
    OwnLease& lease;
    std::string node_name;
    std::chrono::milliseconds patience;     ///< MetaManagerTuning::local_copy_patience
    std::chrono::milliseconds node_answer;  ///< MetaManagerTuning::node_answer
  };
  explicit Requests(Parts parts);

  /// Answers `request`, also when serving it fails.
  boost::asio::awaitable<void> serve(beehive::MessagePtr request);
  /// Answers without serving.
  void refuse(const beehive::Message& request, const kube::Status& status);

 private:
  using Reply = boost::asio::awaitable<kube::CloudReply>;

  Reply answer_to(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply get_pod(const beehive::ResourcePath& path);
  Reply get_tracked(const beehive::ResourcePath& path);
  Reply get_node(const beehive::ResourcePath& path);
  Reply get_lease(const beehive::ResourcePath& path);
  Reply get_token(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply drop_pod_tokens(const beehive::ResourcePath& path);
  Reply write_lease(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply create_node(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply patch_node(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply patch_pod(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply create_pod(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply delete_pod(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply patch_stored(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply show_pod_status(const beehive::Message& request, const beehive::ResourcePath& path);
  Reply get_csr(const beehive::ResourcePath& path);
  Reply forward(const beehive::Message& request, const beehive::ResourcePath& path);

  /// The cloud's answer, shared by all who ask for `key` while it is on its way: CloudHub answers only the
  /// last of several equal queries (protocol/02-metamanager.md §5.1, protocol/07-observed.md). nullopt when
  /// it is not there `patience` after the cloud was asked.
  boost::asio::awaitable<std::optional<kube::CloudReply>> shared_answer(
      std::string key, RequestKind kind, beehive::ResourcePath path, Json ask,
      std::optional<std::chrono::milliseconds> patience);
  /// The same for an object, however long it takes.
  Reply ask_once(RequestKind kind, beehive::ResourcePath path);
  /// The work of a flight: asks, stores the answer, acknowledges it.
  Reply fly(std::string key, RequestKind kind, beehive::ResourcePath path, Json ask);
  Reply fetch(RequestKind kind, const beehive::ResourcePath& path, const Json& ask);
  Reply fetch_tracked(const beehive::ResourcePath& path);
  Reply fetch_token(const beehive::ResourcePath& path, const Json& ask);
  Reply fetch_missing_pod(const beehive::ResourcePath& path);

  /// Sends a request about `path`; fills in the answer's kind and apiVersion from `object_type`.
  boost::asio::awaitable<Cloud::Answer> ask(const char* operation, const beehive::ResourcePath& path,
                                            Json content, const std::string& object_type);
  /// Sends a query for the object.
  boost::asio::awaitable<Cloud::Answer> query(const beehive::ResourcePath& path);
  /// Stores an object that came as an answer. If the stored one is newer, `object` becomes that. nullopt when
  /// the database fails, which is logged.
  boost::asio::awaitable<std::optional<WriteOutcome>> keep(const beehive::ResourcePath& path, Json& object,
                                                           bool only_if_present);
  boost::asio::awaitable<void> keep_node(const Json& node);
  boost::asio::awaitable<bool> run_job(store::Job job, std::size_t bytes, const std::string& what);

  using LocalPlanner = LocalPlan (*)(const store::Source&, const LocalChange&);
  /// Makes the change and tells metaserver. Throws Refused where there is nothing to change.
  boost::asio::awaitable<LocalOutcome> change_locally(LocalPlanner plan, LocalChange change);
  /// Plans and writes, again where the rows were changed in between. Throws BadInput for a bad patch.
  boost::asio::awaitable<LocalOutcome> write_locally(LocalPlanner plan, const LocalChange& change);
  std::shared_ptr<async::Semaphore> local_turn(const beehive::ResourcePath& path);
  [[nodiscard]] std::optional<Json> stored(const beehive::ResourcePath& path) const;
  [[nodiscard]] kube::CloudReply list_pods() const;
  [[nodiscard]] kube::CloudReply get_local(const beehive::ResourcePath& path) const;
  [[nodiscard]] kube::CloudReply get_service_account(const beehive::ResourcePath& path) const;

  Parts parts_;
  async::SingleFlight<std::string, kube::CloudReply> flights_;
  std::set<std::string> left_;  ///< keys of flights whose answer somebody has not waited for
  std::map<std::string, std::weak_ptr<async::Semaphore>> local_turns_;  ///< by the object's row
};

}  // namespace edgecore::metamanager
