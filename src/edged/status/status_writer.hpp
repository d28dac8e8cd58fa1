// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/meta/meta_client.hpp"

namespace edgecore::edged {

/// Brings pod statuses to the API and, when a pod has ended here and is to be deleted there, deletes it
/// (protocol/05-edged.md §1.10, §1.11.5). Patches only what differs from the API's copy, newest status wins,
/// one request at a time for each pod; what fails is sent again, at once after `cloud_connected`. While the
/// cloud cannot be reached each new status is told to metamanager once, which shows it to those who ask on
/// this node (docs/messages.md). Part of edged; belongs to its thread.
class StatusWriter {
 public:
  StatusWriter(beehive::ModuleContext& context, MetaClient& meta);

  /// Sends until cancelled.
  boost::asio::awaitable<void> run();

  /// The pod as the API has it now: pushed or listed. An older copy than the one known changes nothing.
  void observe(const kube::PodPtr& pod);
  /// The API has no such pod any more: nothing is sent for it.
  void forget(const std::string& uid);
  /// The API's picture of a static pod, now: what is set under the static pod's UID is reported on the
  /// mirror's, and waits while there is none. An older copy than the one known changes nothing. May come
  /// before anything else is known of the static pod; holds until `unpair`, also over a `forget`.
  void pair(const std::string& static_uid, const kube::PodPtr& mirror);
  /// The static pod has no mirror (any more).
  void unpair(const std::string& static_uid);

  /// The status to report. One in which a container that ended for good comes back is discarded.
  void set(const kube::PodPtr& pod, Json status);
  /// Nothing of the pod is left on this node: once its end is reported and its deletion asked for, the API's
  /// object goes.
  void finished(const kube::PodPtr& pod);

  /// The last status set, with the conditions of others from the API; before there was one, the API's; null
  /// for an unknown pod.
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
    /// A status the API has taken and what it showed right afterwards, when that still differs: an admission
    /// hook or a merge of its own. Sending it again would change nothing until one of the two changes.
    Json taken, shown;
    Json shown_here;  ///< the status that metamanager was told without the cloud; null: the API's is right
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
  /// The UID under which the API has it. Empty when the API is not known to have it: an orphan, a pod whose
  /// name belongs to another one by now, a static pod without a mirror. Nothing is sent for those.
  [[nodiscard]] std::string api_uid(const Entry& entry) const;
  void note_owner(const kube::Pod& pod);
  Entry* find(const std::string& uid);
  /// What is still to be said about the pod whose UID in the API is `api_uid`.
  [[nodiscard]] static std::optional<Json> patch_for(const Entry& entry, const std::string& api_uid);
  [[nodiscard]] bool is_due(const Entry& entry) const;
  [[nodiscard]] bool is_behind(const Entry& entry) const;
  [[nodiscard]] bool may_delete(const Entry& entry) const;
  /// False when metamanager has no room for it just now.
  bool show_here(Entry& entry);
  boost::asio::awaitable<void> loop();
  boost::asio::awaitable<void> bring_up_to_date(std::string uid);
  boost::asio::awaitable<bool> send_patch(std::string uid, Json patch);
  boost::asio::awaitable<bool> send_delete(std::string uid);
  bool refused(Entry& entry, const kube::Status& why, const Asked& asked, const char* what);

  beehive::ModuleContext& context_;
  MetaClient& meta_;
  beehive::TaskGroup tasks_;
  beehive::Wakeup wakeup_;
  unsigned connections_ = 0;  ///< begun so far
  bool connected_ = true;     ///< until a notice says otherwise: a restarted module does not know
  std::map<std::string, Entry> entries_;
  std::map<std::string, kube::PodPtr> mirrors_;  ///< by the static pod's UID
  struct Owner {
    std::string uid;
    std::uint64_t version = 0;
  };
  std::map<std::string, Owner> owners_;  ///< the API's pod of each full name, the newest that was observed
  std::size_t sending_ = 0;
};

}  // namespace edgecore::edged
