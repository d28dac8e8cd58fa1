// SPDX-License-Identifier: Apache-2.0
#include "servicebus/target_urls.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/target_urls.hpp"
#include "servicebus/url_text.hpp"

namespace edgecore::servicebus {
namespace {

std::vector<std::string> without(const std::set<std::string>& all, const std::set<std::string>& those) {
  std::vector<std::string> left;
  std::set_difference(all.begin(), all.end(), those.begin(), those.end(), std::back_inserter(left));
  return left;
}

std::set<std::string> rows_of(const store::Store& store) {
  const store::Reader reader = store.open_reader();
  const auto rows = store::target_urls::list(reader);
  return {rows.begin(), rows.end()};
}

}  // namespace

TargetUrls::TargetUrls(beehive::ModuleContext& context, store::Store& store, const ServiceBusTuning& tuning,
                       std::function<void()> changed)
    : context_(context),
      store_(store),
      tuning_(tuning),
      changed_(std::move(changed)),
      wanted_(rows_of(store)),
      on_disk_(wanted_),
      wakeup_(context.executor) {}

void TargetUrls::start(const std::string& url) {
  if (url.empty() || url.size() > kUrlBytes || (wanted_.size() >= kMostUrls && !wanted_.contains(url))) {
    if (refused_.now())
      context_.log->error(
          "ignoring the cloud's rule for {}: a target URL may have 1 to {} bytes, and at most {} are allowed",
          log::quote_url(url), kUrlBytes, kMostUrls);
    return;
  }
  context_.log->info("a rule of the cloud allows programs on this node to call {}", log::quote_url(url));
  wanted_.insert(url);
  wakeup_.notify();
}

void TargetUrls::stop(const std::string& url) {
  const std::size_t gone =
      std::erase_if(wanted_, [&](const std::string& row) { return row == url || clean_path(row) == url; });
  if (gone > 0) context_.log->info("programs on this node may no longer call {}", log::quote_url(url));
  wakeup_.notify();
}

boost::asio::awaitable<void> TargetUrls::run() {
  auto pause = tuning_.first_pause;
  for (;;) {
    SteadyTime until = SteadyTime::max();
    if (wanted_ != on_disk_) {
      const bool written = co_await write();
      if (!written) until = steady_now() + pause;
      pause = written ? tuning_.first_pause : std::min(pause * 2, tuning_.longest_pause);
    }
    if (until != SteadyTime::max() || wanted_ == on_disk_) co_await wakeup_.sleep_until(until);
  }
}

boost::asio::awaitable<bool> TargetUrls::write() {
  std::set<std::string> aim = wanted_;
  store::Job job = [added = without(aim, on_disk_), gone = without(on_disk_, aim)](store::Transaction& into) {
    for (const std::string& url : added) store::target_urls::add(into, url);
    for (const std::string& url : gone) store::target_urls::remove(into, url);
  };
  try {
    co_await store::async_write(store_, std::move(job));
  } catch (const Error& error) {
    if (complaints_.now())
      context_.log->error("cannot store a change of the rules' URLs, trying again: {}", error.what());
    co_return false;
  }
  complaints_.reset();
  on_disk_ = std::move(aim);
  changed_();
  co_return true;
}

}  // namespace edgecore::servicebus
