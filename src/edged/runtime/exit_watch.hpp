// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/cri/processes.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::edged {

/// Notices the end of containers and sandboxes without lists: waits for the exit of their main processes,
/// then asks the runtime until it shows the end as well, a few ms later. If a process cannot be waited for,
/// lists have to show its end. Part of edged; belongs to its thread.
class ExitWatch {
 public:
  struct Deps {
    cri::Runtime& runtime;
    cri::Processes* processes;  ///< nullptr: lists have to show every end
    boost::asio::any_io_executor executor;
    log::Logger log;
    /// The runtime shows that something of the pod has ended.
    std::function<void(const std::string& uid)> ended;
    /// A container runs whose end only lists will show.
    std::function<void()> unwatched;
  };
  explicit ExitWatch(Deps deps);
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

  /// Watches until cancelled.
  boost::asio::awaitable<void> run();

  struct Running {
    std::string id;
    bool sandbox = false;
  };
  /// The containers and sandboxes of a pod that were just seen running. One that is not named any more has
  /// ended; its end is known and not reported.
  void update(const std::string& uid, const std::vector<Running>& running);
  /// True if every end is noticed without lists.
  [[nodiscard]] bool covers_all() const;

 private:
  struct Item {
    std::string id, uid;
    bool sandbox = false;
    bool needs_lists = false;
  };
  using ItemPtr = std::shared_ptr<Item>;
  enum class Seen { kEnded, kRuns, kNoAnswer };

  boost::asio::awaitable<void> follow(ItemPtr item);
  boost::asio::awaitable<std::unique_ptr<cri::Processes::Process>> find_process(ItemPtr item);
  boost::asio::awaitable<bool> shows_end(ItemPtr item, std::chrono::milliseconds patience);
  boost::asio::awaitable<Seen> ask(ItemPtr item);
  [[nodiscard]] bool is_wanted(const ItemPtr& item) const;
  void leave_to_lists(Item& item);

  Deps deps_;
  std::map<std::string, ItemPtr> items_;  ///< running containers and sandboxes by id
  async::TaskGroup tasks_;
};

}  // namespace edgecore::edged
