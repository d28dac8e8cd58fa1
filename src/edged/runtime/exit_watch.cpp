// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/exit_watch.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "edgecore/async/event.hpp"
#include "edgecore/async/sleep.hpp"

namespace edgecore::edged {
namespace {

/// containerd shows an end 100 to 200 ms after the kernel has told us of it: it deletes the task and writes
/// to the disk before. So long it is asked often, then ever more rarely.
constexpr std::chrono::milliseconds kSoon{300};
constexpr std::chrono::milliseconds kShortestPause{10};
constexpr std::chrono::milliseconds kLongestPause{1000};
/// If the runtime shows an ended process as running for longer, it has lost the exit; a later list may show
/// it.
constexpr std::chrono::milliseconds kPatience{30000};
/// The same limit if the container may have ended before its process was found.
constexpr std::chrono::milliseconds kShortPatience{1000};
/// Pauses while the runtime does not answer.
constexpr std::chrono::milliseconds kAskAgain{1000};
constexpr std::chrono::milliseconds kAskAgainAtMost{30000};

boost::asio::awaitable<void> sleep_for_ever(boost::asio::any_io_executor executor) {
  async::Event never(std::move(executor));
  for (;;) co_await never.sleep();
}

}  // namespace

ExitWatch::ExitWatch(Deps deps) : deps_(std::move(deps)), tasks_(deps_.executor) {}

boost::asio::awaitable<void> ExitWatch::run() {
  tasks_.spawn("exit watch", sleep_for_ever(deps_.executor));
  co_await tasks_.join();
}

void ExitWatch::update(const std::string& uid, const std::vector<Running>& running) {
  std::set<std::string> ids;
  for (const Running& one : running) ids.insert(one.id);
  std::erase_if(items_, [&](const auto& one) { return one.second->uid == uid && !ids.contains(one.first); });
  for (const Running& one : running) {
    ItemPtr& item = items_[one.id];
    if (item != nullptr) continue;
    item = std::make_shared<Item>(Item{one.id, uid, one.sandbox, deps_.processes == nullptr});
    if (item->needs_lists) {
      deps_.unwatched();
    } else {
      tasks_.spawn("end of " + one.id, follow(item));
    }
  }
}

bool ExitWatch::covers_all() const {
  return std::none_of(items_.begin(), items_.end(), [](const auto& one) { return one.second->needs_lists; });
}

bool ExitWatch::is_wanted(const ItemPtr& item) const {
  const auto found = items_.find(item->id);
  return found != items_.end() && found->second == item;
}

void ExitWatch::leave_to_lists(Item& item) {
  if (std::exchange(item.needs_lists, true)) return;
  deps_.log->debug("cannot watch the process of {}: lists will show its end", item.id);
  deps_.unwatched();
}

boost::asio::awaitable<void> ExitWatch::follow(ItemPtr item) {
  const std::unique_ptr<cri::Processes::Process> process = co_await find_process(item);
  if (process != nullptr) {
    item->needs_lists = false;
    co_await process->ended();
    deps_.log->debug("the process of {} has ended", item->id);
  }
  const bool ended = co_await shows_end(item, process != nullptr ? kPatience : kShortPatience);
  if (!is_wanted(item)) co_return;
  if (ended) {
    deps_.log->debug("the runtime shows that {} has ended", item->id);
    items_.erase(item->id);
    deps_.ended(item->uid);
  } else if (process == nullptr) {
    leave_to_lists(*item);
  }
}

/// nullptr if the process has ended or cannot be waited for.
boost::asio::awaitable<std::unique_ptr<cri::Processes::Process>> ExitWatch::find_process(ItemPtr item) {
  std::chrono::milliseconds pause = kAskAgain;
  while (is_wanted(item)) {
    try {
      std::optional<std::int64_t> pid;
      if (item->sandbox) {
        pid = co_await deps_.runtime.pod_sandbox_pid(item->id);
      } else {
        pid = co_await deps_.runtime.container_pid(item->id);
      }
      if (!pid) break;
      co_return deps_.processes->open(*pid, item->id);
    } catch (const cri::CallError& error) {
      if (error.not_found() || error.unimplemented()) break;
    }
    leave_to_lists(*item);
    co_await async::sleep_for(pause);
    pause = std::min(pause * 2, kAskAgainAtMost);
  }
  co_return nullptr;
}

/// Waits until the runtime shows the end; false after `patience`. Keeps asking a runtime that does not
/// answer: until it does, no list shows the end either.
boost::asio::awaitable<bool> ExitWatch::shows_end(ItemPtr item, std::chrono::milliseconds patience) {
  std::chrono::milliseconds waited{0};
  while (is_wanted(item)) {
    const Seen seen = co_await ask(item);
    if (seen == Seen::kEnded) co_return true;
    if (seen == Seen::kRuns && waited >= patience) co_return false;
    const auto pause = std::clamp((waited - kSoon) / 4, kShortestPause, kLongestPause);
    co_await async::sleep_for(seen == Seen::kRuns ? pause : kAskAgain);
    if (seen == Seen::kRuns) waited += pause;
  }
  co_return false;
}

boost::asio::awaitable<ExitWatch::Seen> ExitWatch::ask(ItemPtr item) {
  bool runs = false;
  try {
    if (item->sandbox) {
      const cri::PodSandboxStatus status = co_await deps_.runtime.pod_sandbox_status(item->id);
      runs = status.state == cri::PodSandboxState::kReady;
    } else {
      const cri::ContainerStatus status = co_await deps_.runtime.container_status(item->id);
      runs = status.state == cri::ContainerState::kRunning;
    }
  } catch (const cri::CallError& error) {
    if (!error.not_found()) co_return Seen::kNoAnswer;
  }
  co_return runs ? Seen::kRuns : Seen::kEnded;
}

}  // namespace edgecore::edged
