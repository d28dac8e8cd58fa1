// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push_pipeline.hpp"

#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/metamanager/ack.hpp"
#include "metamanager/delivery/handover.hpp"

namespace edgecore::metamanager {
namespace {

/// What the acting module gets: the push, or the newer object that was stored before it. Such an object may
/// be the answer to a status report, which edged does not read for changes: if only the push were
/// acknowledged, edged would never hear of a pod's deletion.
beehive::MessagePtr news_of(const Push& push, const WriteOutcome& outcome) {
  if (push.target.empty() || outcome.kind == WriteOutcome::Kind::kAbsent) return nullptr;
  if (outcome.kind != WriteOutcome::Kind::kStale) return push.forward;
  auto newer = read_row(outcome.newer, push.path.type);
  if (!newer) return nullptr;
  beehive::Message news;
  news.header = push.forward->header;
  news.route = push.forward->route;
  news.route.operation = names::operation::kUpdate;
  news.content = std::move(*newer);
  return beehive::share(std::move(news));
}

}  // namespace

PushPipeline::PushPipeline(beehive::ModuleContext& context, store::Store& store, async::TaskGroup& tasks,
                           Cloud& cloud, ServedFeed& feed, Limits limits, OnSettled on_settled)
    : context_(context),
      store_(store),
      cloud_(cloud),
      feed_(feed),
      on_settled_(std::move(on_settled)),
      lanes_(context.executor, tasks, limits,
             [this](std::string, Entry entry) { return finish(std::move(entry)); }) {}

void PushPipeline::take(beehive::Delivery delivery, Push push) {
  const beehive::MessagePtr received = delivery.message();
  const std::string target = push.target;
  const std::string complaint = push.complaint;
  auto prepared = prepare(push);
  Write* const write = prepared.get();
  if (!lanes_.put(target, {std::move(delivery), std::move(push), std::move(prepared)}, received->weight)) {
    if (overflow_.now()) {
      context_.log->warn(
          "{} is not taken: {} pushes from the cloud wait already. The cloud will send it again",
          log::quote(received->route.resource), lanes_.size());
    }
    return;
  }
  if (!complaint.empty()) {
    context_.log->warn("{} of {} from {} is acknowledged but not used: {}",
                       log::quote(received->route.operation), log::quote(received->route.resource),
                       log::quote(received->route.source), complaint);
  }
  if (write != nullptr) store_.submit_and_wait_turn(std::move(write->job), write->end.sender(), write->bytes);
}

std::unique_ptr<PushPipeline::Write> PushPipeline::prepare(const Push& push) const {
  if (!push.write && !push.removal) return nullptr;
  auto made = std::make_unique<Write>(context_.executor);
  // The writer thread may hold the last reference to what the job captures: nothing of this thread is in it.
  const auto outcome = made->outcome;
  if (push.write) {
    made->job = [write = push.write, outcome](store::Transaction& into) { *outcome = apply(into, *write); };
    made->bytes += push.write->text->size();
  } else {
    made->job = [removal = push.removal, outcome](store::Transaction& from) {
      *outcome = apply(from, *removal);
    };
  }
  return made;
}

boost::asio::awaitable<WriteOutcome> PushPipeline::stored(const Entry& entry) {
  if (!entry.write) co_return WriteOutcome();
  co_await entry.write->end.wait_through(SteadyTime::max());
  if (const std::exception_ptr failure = entry.write->end.take()) std::rethrow_exception(failure);
  co_return std::move(*entry.write->outcome);
}

boost::asio::awaitable<void> PushPipeline::refuse(const beehive::Message& received, const Failure& failure) {
  if (write_failure_.now()) {
    context_.log->error("{} from the cloud could not be stored: {}. The cloud will send it again",
                        log::quote(received.route.resource), failure.message());
  }
  beehive::Message refusal = make_refusal(received, failure.message());
  co_await cloud_.tell(std::move(refusal));
}

boost::asio::awaitable<void> PushPipeline::finish(Entry entry) {
  const beehive::Message& received = *entry.delivery;
  const Outcome<WriteOutcome> outcome = co_await async::attempt(stored(entry));
  if (!outcome) {
    co_await refuse(received, outcome.failure());
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
  on_settled_(entry.push, *outcome);
  if (outcome->kind == WriteOutcome::Kind::kStored && entry.push.write)
    co_await feed_.stored(entry.push.write);
  if (entry.push.removal && outcome->kind != WriteOutcome::Kind::kOtherUid)
    co_await feed_.removed(entry.push.removal);
  if (auto news = news_of(entry.push, *outcome))
    co_await hand_over(context_, std::move(entry.push.target), std::move(news));
  // Nobody waits for an answer to an error.
  if (received.route.operation == names::operation::kError) co_return;
  beehive::Message ack = make_ack(received);
  co_await cloud_.tell(std::move(ack));
}

}  // namespace edgecore::metamanager
