// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push_pipeline.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "edgecore/beehive/names.hpp"
#include "edgecore/metamanager/ack.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/delivery/served_feed.hpp"

namespace edgecore::metamanager {
namespace {

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown failure";
  }
}

/// What the receiving module is told: the push, or what has overtaken it. An answer to a status report may be
/// stored first and hold the push's change, of which the one that asked takes no notice: without this a pod's
/// deletion could be acknowledged and never be heard of.
std::optional<beehive::Message> news_of(Push& push, const WriteOutcome& outcome) {
  if (push.target.empty() || outcome.kind == WriteOutcome::Kind::kAbsent) return std::nullopt;
  if (outcome.kind == WriteOutcome::Kind::kStale) {
    auto newer = read_row(outcome.newer, push.path.type);
    if (!newer) return std::nullopt;
    push.forward.route.operation = names::operation::kUpdate;
    push.forward.content = std::move(*newer);
    push.forward.weight = 0;
  }
  return std::move(push.forward);
}

}  // namespace

PushPipeline::PushPipeline(beehive::ModuleContext& context, store::Store& store, beehive::TaskGroup& tasks,
                           Cloud& cloud, Limits limits, OnSettled on_settled)
    : context_(context),
      store_(store),
      tasks_(tasks),
      cloud_(cloud),
      limits_(limits),
      on_settled_(std::move(on_settled)) {}

PushPipeline::~PushPipeline() {
  store_.flush();
}

void PushPipeline::take(beehive::Delivery delivery, Push push) {
  const std::size_t weight = delivery->weight;
  if (count_ >= limits_.messages || (count_ > 0 && bytes_ + weight > limits_.bytes)) {
    if (overflow_.now()) {
      context_.log->warn(
          "{} pushes of the cloud wait to be handed on; {} is left for the cloud to send again", count_,
          log::quote(delivery->route.resource));
    }
    return;
  }
  if (!push.complaint.empty()) {
    context_.log->warn("{} of {} from {} is acknowledged but not used: {}",
                       log::quote(delivery->route.operation), log::quote(delivery->route.resource),
                       log::quote(delivery->route.source), push.complaint);
  }
  const auto lane = lane_of(push.target);
  Entry entry{std::move(delivery), std::move(push), std::make_shared<Commit>()};
  ++count_;
  bytes_ += weight;
  submit(entry, lane);
  const bool ready = entry.commit->settled;
  lane->entries.push_back(std::move(entry));
  if (ready) lane->wake.cancel();
}

std::shared_ptr<PushPipeline::Lane> PushPipeline::lane_of(const std::string& target) {
  auto& lane = lanes_[target];
  if (!lane) {
    lane = std::make_shared<Lane>(context_.executor);
    tasks_.spawn("pushes for " + (target.empty() ? std::string("nobody") : target), run_lane(lane));
  }
  return lane;
}

void PushPipeline::submit(const Entry& entry, const std::shared_ptr<Lane>& lane) {
  const auto& push = entry.push;
  const auto& commit = entry.commit;
  store::Job job;
  std::size_t bytes = 512;
  if (push.write) {
    job = [write = push.write, commit](store::Transaction& into) { commit->outcome = apply(into, *write); };
    bytes += push.write->text.size();
  } else if (push.removal) {
    job = [removal = push.removal, commit](store::Transaction& from) {
      commit->outcome = apply(from, *removal);
    };
  } else {
    commit->settled = true;
    return;
  }
  // The writer thread may hold the last reference to what this captures: nothing of this thread is in it.
  store::Done done = [commit, weak = std::weak_ptr<Lane>(lane),
                      executor = context_.executor](std::exception_ptr failure) {
    boost::asio::post(executor, [commit, weak, failure = std::move(failure)] {
      commit->settled = true;
      commit->failure = failure;
      if (const auto waiting = weak.lock()) waiting->wake.cancel();
    });
  };
  store_.submit_and_wait_turn(std::move(job), std::move(done), bytes);
}

boost::asio::awaitable<void> PushPipeline::run_lane(std::shared_ptr<Lane> lane) {
  for (;;) {
    while (!lane->entries.empty() && lane->entries.front().commit->settled) {
      Entry entry = std::move(lane->entries.front());
      lane->entries.pop_front();
      --count_;
      bytes_ -= entry.delivery->weight;
      co_await finish(std::move(entry));
    }
    lane->wake.expires_at(SteadyTime::max());
    boost::system::error_code woken;
    co_await lane->wake.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != boost::asio::cancellation_type::none) co_return;
  }
}

boost::asio::awaitable<void> PushPipeline::finish(Entry entry) {
  const beehive::Message& received = *entry.delivery;
  if (entry.commit->failure) {
    const std::string why = text_of(entry.commit->failure);
    if (write_failure_.now()) {
      context_.log->error("{} from the cloud could not be stored: {}. The cloud will send it again",
                          log::quote(received.route.resource), why);
    }
    beehive::Message refusal = make_refusal(received, why);
    co_await cloud_.tell(std::move(refusal));
    co_return;
  }
  write_failure_.reset();
  if (entry.push.kind == Push::Kind::kVolume) {
    beehive::Message refusal =
        beehive::make_error(received, received.route.source, received.route.group,
                            std::string("CSI volume operations are not served by this node's EdgeCore."));
    co_await cloud_.tell(std::move(refusal));
    co_return;
  }
  on_settled_(entry.push, entry.commit->outcome);
  if (entry.commit->outcome.kind == WriteOutcome::Kind::kStored && entry.push.write)
    co_await feed_stored(context_, entry.push.write);
  if (entry.push.removal && entry.commit->outcome.kind != WriteOutcome::Kind::kOtherUid)
    co_await feed_removed(context_, entry.push.removal);
  if (auto news = news_of(entry.push, entry.commit->outcome))
    co_await hand_over(context_, std::move(entry.push.target), std::move(*news));
  // An error is no question, and nobody waits for an answer to it.
  if (received.route.operation == names::operation::kError) co_return;
  beehive::Message ack = make_ack(received);
  co_await cloud_.tell(std::move(ack));
}

}  // namespace edgecore::metamanager
