// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/status/status_writer.hpp"

namespace edgecore::edged {

/// The next step for the mirrors of one full name.
struct MirrorStep {
  enum class Kind {
    kNothing,  ///< nothing to do, or not yet
    kCreate,   ///< the static pod has no mirror
    kDelete,   ///< `mirror` stands for no static pod, for another version of it, or is being deleted
  };
  Kind kind = Kind::kNothing;
  kube::PodPtr mirror;
};

/// The mirror in `known` (by UID) that matches `wanted`, or nullptr. Pure.
kube::PodPtr standing_mirror(const kube::PodPtr& wanted, const std::map<std::string, kube::PodPtr>& known);

/// `wanted`: the static pod, nullptr if there is none. `stopping`: an earlier version of it (or the last one)
/// still runs; its mirror stays until it has stopped. Pure.
MirrorStep next_mirror_step(const kube::PodPtr& wanted, const std::map<std::string, kube::PodPtr>& known,
                            bool stopping);

/// Mirrors the static pods in the API (protocol/05-edged.md §1.1 "Mirror pods"). Creates a missing mirror,
/// recreates it if somebody deletes it or the file changes, and deletes it when the static pod is gone. The
/// mirror's status is the static pod's (StatusWriter::pair). Failures with mirrors do not affect static pods.
/// Part of edged; belongs to its thread.
class MirrorPods {
 public:
  struct Deps {
    beehive::ModuleContext& context;
    MetaClient& meta;
    StatusWriter& status;
    std::string node_name;
    /// UID of the Node in the API, which owns the mirrors; empty while it is not known.
    std::function<std::string()> node_uid;
    /// Whether a static pod of that full name is stopping.
    std::function<bool(const std::string& full_name)> stopping;
    /// An answer contained this mirror: handle it like a pushed one.
    std::function<void(const kube::PodPtr& mirror)> learned;
  };
  explicit MirrorPods(Deps deps);

  /// Works until cancelled.
  boost::asio::awaitable<void> run();

  /// All static pods, by UID. Nothing is created or deleted before the first call.
  void set_static_pods(const std::map<std::string, kube::PodPtr>& pods);
  /// A change of a mirror in the API.
  void take(const PodChange& change);
  /// All mirrors in the database were taken, so a static pod without one has none. Nothing is created or
  /// deleted before.
  void api_ready();
  void connection(bool up);
  /// Something that a step waits for may have happened: the Node is known, a pod has stopped.
  void look() { wakeup_.notify(); }

 private:
  struct Entry {
    kube::PodPtr wanted;
    std::map<std::string, kube::PodPtr> mirrors;  ///< by UID
    bool busy = false;
    SteadyTime retry_at{}, made_at{};
    std::chrono::seconds pause{0};
    unsigned asked_in = 0;  ///< the connection in which the last step began
    log::Quiet complaints;
  };
  [[nodiscard]] Entry* find(const std::string& full_name);
  void pair(const Entry& entry);
  [[nodiscard]] MirrorStep step_of(const std::string& full_name, const Entry& entry) const;
  boost::asio::awaitable<void> loop();
  boost::asio::awaitable<void> carry_out(std::string full_name);
  boost::asio::awaitable<bool> create(std::string full_name, kube::PodPtr pod);
  boost::asio::awaitable<bool> remove(std::string full_name, kube::PodPtr mirror);
  boost::asio::awaitable<bool> look_up(std::string full_name, kube::PodPtr pod);
  bool learn(Entry& entry, const kube::Pod& wanted, const Json& object);
  static void pause(Entry& entry);
  bool refused(Entry& entry, const kube::Pod& pod, const char* what, const kube::Status& why);
  bool failed(Entry& entry, const kube::Pod& pod, const char* what, const std::string& why);

  Deps deps_;
  async::TaskGroup tasks_;
  async::Event wakeup_;
  std::map<std::string, Entry> entries_;  ///< by full name
  bool api_ready_ = false, files_ready_ = false;
  unsigned connections_ = 0;  ///< connections made so far
  bool connected_ = true;     ///< true until a notice says otherwise: a restarted module does not know
  std::size_t sending_ = 0;
};

}  // namespace edgecore::edged
