// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/runtime_state.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "edgecore/async/attempt.hpp"

namespace edgecore::edged {
namespace {

constexpr std::chrono::seconds kPeriod{5};
/// Short, so that pods start soon after a runtime that starts with the machine.
constexpr std::chrono::seconds kRuntimeRetry{1};
constexpr std::chrono::seconds kGivenUpAfter{30};

std::string trouble(const cri::RuntimeStatus& status, const char* type) {
  const cri::RuntimeCondition* condition = status.condition(type);
  if (condition == nullptr) return fmt::format("{} is not reported", type);
  if (condition->status) return {};
  return fmt::format("{}=false reason:{} message:{}", type, condition->reason, condition->message);
}

}  // namespace

RuntimeState::RuntimeState(cri::Runtime& runtime, boost::asio::any_io_executor executor, log::Logger log,
                           std::function<void()> changed)
    : runtime_(runtime), log_(std::move(log)), changed_(std::move(changed)), pause_(std::move(executor)) {}

bool RuntimeState::usable() const {
  return last_good_ && steady_now() - *last_good_ < kGivenUpAfter && runtime_trouble_.empty();
}

std::vector<std::string> RuntimeState::troubles() const {
  if (!last_good_) return {"container runtime status check may not have completed yet"};
  std::vector<std::string> out;
  if (steady_now() - *last_good_ >= kGivenUpAfter) out.emplace_back("container runtime is down");
  if (!runtime_trouble_.empty()) out.push_back("container runtime not ready: " + runtime_trouble_);
  if (!network_trouble_.empty()) out.push_back("container runtime network not ready: " + network_trouble_);
  return out;
}

boost::asio::awaitable<void> RuntimeState::check() {
  if (name_.empty()) {
    const cri::VersionInfo info = co_await runtime_.version("");
    name_ = info.runtime_name;
    version_ = info.runtime_version;
    log_->info("container runtime {} {}", log::quote(name_), log::quote(version_));
  }
  const cri::RuntimeStatus status = co_await runtime_.status(false);
  runtime_trouble_ = trouble(status, "RuntimeReady");
  network_trouble_ = trouble(status, "NetworkReady");
  last_good_ = steady_now();
}

boost::asio::awaitable<void> RuntimeState::run() {
  std::vector<std::string> before = {"not asked yet"};
  for (;;) {
    const Outcome<void> checked = co_await async::attempt(check());
    const bool is_back = checked && complaints_.count() > 0;
    if (checked) {
      if (is_back) log_->info("the container runtime answers again");
      complaints_.reset();
    } else if (complaints_.now()) {
      log_->warn("the container runtime does not answer (attempt {}): {}", complaints_.count(),
                 checked.failure().message());
    }
    std::vector<std::string> now = troubles();
    const bool is_usable = usable();
    if (now != before || is_usable != was_usable_ || is_back) {  // its containers may have changed meanwhile
      before = std::move(now);
      was_usable_ = is_usable;
      changed_();
    }
    co_await pause_.sleep_until(steady_now() + (checked ? kPeriod : kRuntimeRetry));
  }
}

}  // namespace edgecore::edged
