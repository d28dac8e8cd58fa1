// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <set>
#include <string>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/reply.hpp"
#include "edgecore/store/store.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/objects/served_kinds.hpp"

namespace edgecore::metamanager {

/// Whether a reply to a podpatch says that the cloud does not have this pod: not found, or another uid has
/// its name.
[[nodiscard]] bool says_gone(const kube::CloudReply& reply);

/// A patch that changes nothing: the only question about a pod that an EdgeController answers. With a uid,
/// the API server refuses it for another pod of the same name.
[[nodiscard]] beehive::Message pod_probe(const std::string& ns, const std::string& name,
                                         const std::string& uid);

/// Removes pods that the cloud does not have any more and never deletes. When a Node is deleted and made
/// again, the cloud forgets what it delivered and sends no delete for pods removed meanwhile
/// (protocol/02-metamanager.md §8.5, §10.10). A pod that the cloud says it does not have three times,
/// `recheck` apart, is removed here, and edged is told. Belongs to the module's thread.
class GonePods {
 public:
  GonePods(beehive::ModuleContext& context, store::Store& store, const store::Reader& reader,
           async::TaskGroup& tasks, Cloud& cloud, ServedKinds& kinds, ServedFeed& feed,
           std::chrono::milliseconds recheck)
      : context_(context),
        store_(store),
        reader_(reader),
        tasks_(tasks),
        cloud_(cloud),
        kinds_(kinds),
        feed_(feed),
        recheck_(recheck) {}

  /// The cloud said for the first time that it does not have this pod.
  void suspect(const std::string& ns, const std::string& name, const std::string& uid);

 private:
  boost::asio::awaitable<void> check(std::string ns, std::string name, std::string uid);
  boost::asio::awaitable<void> remove(const std::string& ns, const std::string& name, const std::string& uid);
  [[nodiscard]] bool is_stored(const std::string& ns, const std::string& name, const std::string& uid) const;

  beehive::ModuleContext& context_;
  store::Store& store_;
  const store::Reader& reader_;
  async::TaskGroup& tasks_;
  Cloud& cloud_;
  ServedKinds& kinds_;
  ServedFeed& feed_;
  std::chrono::milliseconds recheck_;
  std::set<std::string> checking_;  ///< uids
};

}  // namespace edgecore::metamanager
