// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/meta/meta_client.hpp"

namespace edgecore::edged {

/// Sends pod statuses to the API, and deletes a pod there once it has ended here (protocol/05-edged.md §1.10,
/// §1.11.5). Patches only what differs from the API's copy. The newest status wins. One request at a time per
/// pod; failures are retried, at once after `cloud_connected`. While the cloud is unreachable, metamanager
/// gets each new status once and shows it to clients on this node (docs/messages.md). Part of edged; belongs
/// to its thread.
class StatusWriter {
 public:
  StatusWriter(beehive::ModuleContext& context, MetaClient& meta);

  /// Sends until cancelled.
  boost::asio::awaitable<void> run();

  /// The pod as the API has it now: pushed or listed. Ignored if older than the known copy.
  void observe(const kube::PodPtr& pod);
  /// The API has no such pod any more: nothing is sent for it.
  void forget(const std::string& uid);
  /// The mirror of a static pod as the API has it now: the static pod's status is reported to the mirror's
  /// UID, and waits while there is none. Ignored if older than the known copy. May be called before the
  /// static pod is known; holds until `unpair`, also over a `forget`.
  void pair(const std::string& static_uid, const kube::PodPtr& mirror);
  /// The static pod has no mirror (any more).
  void unpair(const std::string& static_uid);

  /// The status to report. Discarded if a container that ended for good comes back in it.
  void set(const kube::PodPtr& pod, Json status);
  /// Nothing of the pod is left on this node: the API's object is deleted once its end is reported, if its
  /// deletion was requested.
  void finished(const kube::PodPtr& pod);

  /// The last status set, with other writers' conditions from the API; the API's if none was set; null for an
  /// unknown pod.
  [[nodiscard]] Json known(const std::string& uid) const;

  void connection(bool up);

  /// Pods with something to send.
  [[nodiscard]] std::size_t behind() const;

 private:
  struct Entry {
    kube::PodPtr pod;
    Json api;  ///< status as the API has it
    std::uint64_t version = 0;
    Json wanted;  ///< null: nothing to report yet
    /// A status the API has taken and what it showed right afterwards, if they differ (an admission hook, a
    /// merge of its own). The same patch is not sent again until one of the two changes.
    Json taken, shown;
    Json shown_here;  ///< the status that metamanager was given while the cloud was unreachable; null: the
                      ///< API's copy is right
    bool api_deleting = false, finished = false, busy = false, deleted = false;
    bool refused_for_good = false;  ///< the API has another pod, or none, of that name
    SteadyTime retry_at{};
    log::Quiet complaints;
  };
  struct Asked {
    unsigned connection;
    SteadyTime at;
  };
  Entry& entry_of(const kube::PodPtr& pod);
  static void take_from_api(Entry& entry, const kube::Pod& pod);
  /// The UID under which the API has the pod. Empty if it does not: an orphan, a pod whose name belongs to
  /// another one by now, a static pod without a mirror. Nothing is sent for those.
  [[nodiscard]] std::string api_uid(const Entry& entry) const;
  void note_owner(const kube::Pod& pod);
  Entry* find(const std::string& uid);
  /// The patch still to be sent for the pod whose UID in the API is `api_uid`; nullopt if none.
  [[nodiscard]] static std::optional<Json> patch_for(const Entry& entry, const std::string& api_uid);
  [[nodiscard]] bool is_due(const Entry& entry) const;
  [[nodiscard]] bool is_behind(const Entry& entry) const;
  [[nodiscard]] bool may_delete(const Entry& entry) const;
  /// False if metamanager's queue is full.
  bool show_here(Entry& entry);
  boost::asio::awaitable<void> loop();
  boost::asio::awaitable<void> bring_up_to_date(std::string uid);
  boost::asio::awaitable<bool> send_patch(std::string uid, Json patch);
  boost::asio::awaitable<bool> send_delete(std::string uid);
  bool refused(Entry& entry, const kube::Status& why, const Asked& asked, const char* what);

  beehive::ModuleContext& context_;
  MetaClient& meta_;
  async::TaskGroup tasks_;
  async::Event wakeup_;
  unsigned connections_ = 0;  ///< connections made so far
  bool connected_ = true;     ///< true until a notice says otherwise: a restarted module does not know
  std::map<std::string, Entry> entries_;
  std::map<std::string, kube::PodPtr> mirrors_;  ///< by the static pod's UID
  struct Owner {
    std::string uid;
    std::uint64_t version = 0;
  };
  std::map<std::string, Owner> owners_;  ///< the API's pod of each full name, the newest observed
  std::size_t sending_ = 0;
};

}  // namespace edgecore::edged
