// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "edgecore/base/steady_timer.hpp"
#include "edgecore/cri/processes.hpp"

namespace edgecore::edged::test {

/// The processes of containers, ended by the test or with the containers of a FakeRuntime (`on_end`).
class FakeProcesses {
 public:
  /// For EdgedDeps and ExitWatch; must not outlive this.
  std::unique_ptr<cri::Processes> make() { return std::make_unique<View>(*this); }

  /// Ends the process of that container or sandbox.
  void end(const std::string& id) {
    ended_.insert(id);
    const auto [from, to] = waiting_.equal_range(id);
    for (auto one = from; one != to; ++one) one->second->cancel();
  }
  /// Whether something waits for the end.
  [[nodiscard]] bool is_watched(const std::string& id) const { return waiting_.contains(id); }

  std::set<std::string> foreign;  ///< ids whose pids belong to other processes

 private:
  class Process final : public cri::Processes::Process {
   public:
    Process(FakeProcesses& all, std::string id) : all_(all), id_(std::move(id)) {}
    boost::asio::awaitable<void> ended() override {
      const auto executor = co_await boost::asio::this_coro::executor;
      SteadyTimer alarm(executor, SteadyTime::max());
      const auto place = all_.waiting_.emplace(id_, &alarm);
      boost::system::error_code woken;
      co_await alarm.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
      all_.waiting_.erase(place);
      if (!all_.ended_.contains(id_)) throw boost::system::system_error(woken);
    }

   private:
    FakeProcesses& all_;
    std::string id_;
  };
  class View final : public cri::Processes {
   public:
    explicit View(FakeProcesses& all) : all_(all) {}
    std::unique_ptr<cri::Processes::Process> open(std::int64_t pid, std::string_view id) override {
      const std::string wanted(id);
      if (pid <= 0 || all_.ended_.contains(wanted) || all_.foreign.contains(wanted)) return nullptr;
      return std::make_unique<FakeProcesses::Process>(all_, wanted);
    }

   private:
    FakeProcesses& all_;
  };

  std::set<std::string> ended_;
  std::multimap<std::string, SteadyTimer*> waiting_;
};

}  // namespace edgecore::edged::test
