// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/push_pipeline.hpp"

#include <boost/asio/post.hpp>
#include <limits>
#include <utility>

#include "edgecore/beehive/names.hpp"
#include "edgecore/metamanager/ack.hpp"
#include "metamanager/delivery/handover.hpp"

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

PushPipeline::PushPipeline(beehive::ModuleContext& context, store::Store& store, beehive::TaskGroup& tasks,
                           Cloud& cloud, ServedFeed& feed, Limits limits, OnSettled on_settled)
    : context_(context),
      store_(store),
      cloud_(cloud),
      feed_(feed),
      limits_(limits),
      on_settled_(std::move(on_settled)),
      // `take` sees to the limits: what is acknowledged to nobody must not be lost here.
      lanes_(context.executor, tasks,
             {.messages = std::numeric_limits<std::size_t>::max(),
              .bytes = std::numeric_limits<std::size_t>::max() / 2},
             [this](std::string, Entry entry) { return finish(std::move(entry)); }),
      self_(std::make_shared<PushPipeline*>(this)) {}

PushPipeline::~PushPipeline() {
  store_.flush();
}

bool PushPipeline::has_room(std::size_t weight) const {
  return size() == 0 ||
         (size() < limits_.messages && storing_bytes_ + lanes_.bytes() + weight <= limits_.bytes);
}

void PushPipeline::take(beehive::Delivery delivery, Push push) {
  const std::size_t weight = delivery->weight;
  if (!has_room(weight)) {
    if (overflow_.now()) {
      context_.log->warn(
          "{} is not taken: {} pushes from the cloud wait already. The cloud will send it again",
          log::quote(delivery->route.resource), size());
    }
    return;
  }
  if (!push.complaint.empty()) {
    context_.log->warn("{} of {} from {} is acknowledged but not used: {}",
                       log::quote(delivery->route.operation), log::quote(delivery->route.resource),
                       log::quote(delivery->route.source), push.complaint);
  }
  const std::uint64_t number = ++last_number_;
  storing_bytes_ += weight;
  const auto at = storing_.try_emplace(number, Entry{std::move(delivery), std::move(push)}).first;
  submit(number, at->second.push);
}

void PushPipeline::submit(std::uint64_t number, const Push& push) {
  const auto outcome = std::make_shared<WriteOutcome>();
  store::Job job;
  std::size_t bytes = 512;
  if (push.write) {
    job = [write = push.write, outcome](store::Transaction& into) { *outcome = apply(into, *write); };
    bytes += push.write->text->size();
  } else if (push.removal) {
    job = [removal = push.removal, outcome](store::Transaction& from) { *outcome = apply(from, *removal); };
  } else {
    stored(number, {}, nullptr);
    return;
  }
  // The writer thread may hold the last reference to what this captures: nothing of this thread is in it.
  store::Done done = [outcome, number, weak = std::weak_ptr<PushPipeline*>(self_),
                      executor = context_.executor](std::exception_ptr failure) {
    boost::asio::post(executor, [outcome, number, weak, failure = std::move(failure)] {
      if (const auto self = weak.lock()) (*self)->stored(number, std::move(*outcome), failure);
    });
  };
  store_.submit_and_wait_turn(std::move(job), std::move(done), bytes);
}

void PushPipeline::stored(std::uint64_t number, WriteOutcome outcome, std::exception_ptr failure) {
  auto taken = storing_.extract(number);
  Entry& entry = taken.mapped();
  entry.outcome = std::move(outcome);
  entry.failure = std::move(failure);
  const std::size_t weight = entry.delivery->weight;
  storing_bytes_ -= weight;
  const std::string target = entry.push.target;
  static_cast<void>(lanes_.put(target, std::move(entry), weight));
}

boost::asio::awaitable<void> PushPipeline::refuse(const Entry& entry) {
  const beehive::Message& received = *entry.delivery;
  const std::string why = text_of(entry.failure);
  if (write_failure_.now()) {
    context_.log->error("{} from the cloud could not be stored: {}. The cloud will send it again",
                        log::quote(received.route.resource), why);
  }
  beehive::Message refusal = make_refusal(received, why);
  co_await cloud_.tell(std::move(refusal));
}

boost::asio::awaitable<void> PushPipeline::finish(Entry entry) {
  const beehive::Message& received = *entry.delivery;
  if (entry.failure) {
    co_await refuse(entry);
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
  on_settled_(entry.push, entry.outcome);
  if (entry.outcome.kind == WriteOutcome::Kind::kStored && entry.push.write)
    co_await feed_.stored(entry.push.write);
  if (entry.push.removal && entry.outcome.kind != WriteOutcome::Kind::kOtherUid)
    co_await feed_.removed(entry.push.removal);
  if (auto news = news_of(entry.push, entry.outcome))
    co_await hand_over(context_, std::move(entry.push.target), std::move(news));
  // Nobody waits for an answer to an error.
  if (received.route.operation == names::operation::kError) co_return;
  beehive::Message ack = make_ack(received);
  co_await cloud_.tell(std::move(ack));
}

}  // namespace edgecore::metamanager
