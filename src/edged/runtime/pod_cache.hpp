// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/runtime/exit_feed.hpp"
#include "edged/runtime/exit_overlay.hpp"
#include "edged/runtime/exit_watch.hpp"
#include "edged/runtime/pod_runtime.hpp"

namespace edgecore::edged {

/// Ids and states, sorted: two snapshots of a pod are compared by it.
using PodFingerprint = std::vector<std::pair<std::string, int>>;
PodFingerprint fingerprint(const PodRuntime& runtime);

/// The runtime's sandboxes and containers by pod UID, as last seen (protocol/05-edged.md §1.12). Workers read
/// it and refresh their own pod after each action. Other changes come from the exits of processes (ExitWatch)
/// and from the runtime's events. An end that containerd's task events tell is shown before CRI shows it
/// (ExitOverlay). Lists cover the rest: every 30 s, and every second while a container runs whose end only a
/// list would show. Part of edged; belongs to its thread.
class PodCache {
 public:
  /// Called when a pod has changed without a refresh by its worker.
  using Changed = std::function<void(const std::string& uid)>;
  /// Called when a container or sandbox is found dead for the first time.
  using Died = std::function<void()>;

  /// `processes` may be nullptr.
  PodCache(cri::Runtime& runtime, cri::Processes* processes, boost::asio::any_io_executor executor,
           log::Logger log, Changed changed, Died died);

  /// Watches until cancelled.
  boost::asio::awaitable<void> run();

  /// The pod; asks the runtime if the cached copy is stale. Throws CallError.
  boost::asio::awaitable<std::shared_ptr<const PodRuntime>> get(std::string uid);
  /// Asks the runtime for the pod; messages of ended containers are as in termination_message.hpp. Throws
  /// CallError.
  boost::asio::awaitable<std::shared_ptr<const PodRuntime>> refresh(std::string uid);
  /// The cached copy; never null.
  [[nodiscard]] std::shared_ptr<const PodRuntime> peek(const std::string& uid) const;
  /// The next `get` asks the runtime.
  void mark_stale(const std::string& uid);

  /// UIDs that have sandboxes or containers in the runtime.
  [[nodiscard]] std::vector<std::string> uids() const;
  /// True after the first complete list: until then an absent pod means nothing.
  [[nodiscard]] bool listed() const { return listed_; }
  /// When the last complete list was made; node readiness depends on it.
  [[nodiscard]] SteadyTime last_list() const { return last_list_; }

  /// Brings the next list forward to now.
  void look_now() { list_by(steady_now()); }
  /// Lists everything once and reports changes. Throws CallError.
  boost::asio::awaitable<void> relist();

 private:
  struct Entry {
    PodFingerprint print;                       ///< as CRI shows the pod
    std::shared_ptr<const PodRuntime> runtime;  ///< with the ends that were told
    bool stale = true;
  };
  boost::asio::awaitable<void> list_loop();
  boost::asio::awaitable<void> event_loop();
  boost::asio::awaitable<void> follow_events();
  void list_by(SteadyTime due);
  void compare(const std::map<std::string, PodFingerprint>& seen);
  void ended(const std::string& uid);
  void told(const cri::TaskEvent& event);
  bool lay_over(PodRuntime& now, const PodRuntime& before) const;
  void forget_ends(const std::map<std::string, PodFingerprint>& seen);
  [[nodiscard]] const std::string* owner_of(const std::string& container_id) const;
  [[nodiscard]] std::chrono::milliseconds period() const;

  cri::Runtime& runtime_;
  boost::asio::any_io_executor executor_;
  log::Logger log_;
  Changed changed_;
  Died died_;
  async::Event wakeup_;
  std::map<std::string, Entry> entries_;
  ExitWatch exits_;
  ExitFeed feed_;
  ExitOverlay overlay_;
  SteadyTime due_{};  ///< when the next list is due
  bool listed_ = false;
  bool events_ = false;  ///< the runtime sends events
  SteadyTime last_list_{};
  log::Quiet list_complaints_;
};

}  // namespace edgecore::edged
