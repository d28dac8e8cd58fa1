// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/runtime/exit_watch.hpp"
#include "edged/runtime/pod_runtime.hpp"

namespace edgecore::edged {

/// A snapshot of ids and states, sorted: what two views of a pod are compared by.
using PodFingerprint = std::vector<std::pair<std::string, int>>;
PodFingerprint fingerprint(const PodRuntime& runtime);

/// What the runtime has, by pod UID, as last seen (protocol/05-edged.md §1.12). Workers read it and refresh
/// their own pod after each thing they did. Changes that nobody asked for come from the ends of processes
/// (ExitWatch) and from the runtime's events; lists are for what neither tells: every 30 s, every second
/// while something runs whose end would only show in a list. Part of edged; belongs to its thread.
class PodCache {
 public:
  /// Called when something of the pod changed behind the cache's back.
  using Changed = std::function<void(const std::string& uid)>;
  /// Called when a container or sandbox turns out to be dead that was not before, whoever looked.
  using Died = std::function<void()>;

  /// `processes` may be null.
  PodCache(cri::Runtime& runtime, cri::Processes* processes, boost::asio::any_io_executor executor,
           log::Logger log, Changed changed, Died died);

  /// Watches until cancelled.
  boost::asio::awaitable<void> run();

  /// The pod, from the runtime when the cache is not sure of it. Throws CallError.
  boost::asio::awaitable<std::shared_ptr<const PodRuntime>> get(std::string uid);
  /// The pod, from the runtime; messages of ended containers are as in termination_message.hpp. Throws
  /// CallError.
  boost::asio::awaitable<std::shared_ptr<const PodRuntime>> refresh(std::string uid);
  /// What is known without asking; never null.
  [[nodiscard]] std::shared_ptr<const PodRuntime> peek(const std::string& uid) const;
  /// The next `get` asks the runtime.
  void mark_stale(const std::string& uid);

  /// UIDs of which the runtime has sandboxes or containers.
  [[nodiscard]] std::vector<std::string> uids() const;
  /// True after the first complete list: before that "not there" means nothing.
  [[nodiscard]] bool listed() const { return listed_; }
  /// When the last complete list was made; what node readiness is judged by.
  [[nodiscard]] SteadyTime last_list() const { return last_list_; }

  /// Lists now instead of when it is due.
  void look_now() { list_by(steady_now()); }
  /// One list of everything; tells what changed. Throws CallError.
  boost::asio::awaitable<void> relist();

 private:
  struct Entry {
    PodFingerprint print;
    std::shared_ptr<const PodRuntime> runtime;
    bool stale = true;
  };
  boost::asio::awaitable<void> list_loop();
  boost::asio::awaitable<void> event_loop();
  void list_by(SteadyTime due);
  void compare(const std::map<std::string, PodFingerprint>& seen);
  void ended(const std::string& uid);
  [[nodiscard]] std::chrono::milliseconds period() const;

  cri::Runtime& runtime_;
  boost::asio::any_io_executor executor_;
  log::Logger log_;
  Changed changed_;
  Died died_;
  beehive::Wakeup wakeup_;
  std::map<std::string, Entry> entries_;
  ExitWatch exits_;
  SteadyTime due_{};  ///< of the next list
  bool listed_ = false;
  bool events_ = false;  ///< the runtime tells us
  SteadyTime last_list_{};
  log::Quiet list_complaints_;
};

}  // namespace edgecore::edged
