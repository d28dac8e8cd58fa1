// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/resync.hpp"

#include <vector>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/info.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {
namespace {

constexpr int kPageSize = 50;
constexpr int kMaxPages = 100;
/// Attempts per connection: a cloud whose DynamicController is off never answers.
constexpr unsigned kAttempts = 4;

}  // namespace

Resync::Resync(beehive::ModuleContext& context, store::Store& store, const store::Reader& reader,
               Cloud& cloud, ServedKinds& kinds, ServedFeed& feed, std::string node_name,
               std::chrono::milliseconds timeout, std::chrono::milliseconds pause)
    : context_(context),
      store_(store),
      reader_(reader),
      cloud_(cloud),
      kinds_(kinds),
      feed_(feed),
      node_name_(std::move(node_name)),
      timeout_(timeout),
      first_pause_(pause),
      connected_(context.executor) {}

bool Resync::needed() const {
  return store::info::resync_needed(reader_);
}

void Resync::on_connected() {
  attempts_ = 0;
  connected_.notify();
}

boost::asio::awaitable<void> Resync::run() {
  // Wait for the notice of a connection. It does not come if the module was restarted while connected; then
  // the pause ends by itself.
  if (needed() && !cloud_.is_up()) co_await pause_until_next_attempt();
  while (needed()) {
    if (!cloud_.is_down() && attempts_ < kAttempts) {
      ++attempts_;
      const Outcome<void> done = co_await list_pods();
      if (done) break;
      report(done.failure());
    }
    co_await pause_until_next_attempt();
  }
}

boost::asio::awaitable<void> Resync::pause_until_next_attempt() {
  SteadyTime until = SteadyTime::max();
  if (!cloud_.is_down() && attempts_ < kAttempts)
    until = steady_now() + first_pause_ * (1U << (attempts_ > 0 ? attempts_ - 1 : 0));
  co_await connected_.sleep_until(until);
}

void Resync::report(const Failure& failure) {
  if (cloud_.is_down()) return;
  if (attempts_ < kAttempts) {
    context_.log->info("this node's pods could not be listed yet: {}", failure.message());
    return;
  }
  context_.log->warn(
      "this node's pods could not be listed: {}. The cloud does not send again what it delivered before. If "
      "pods are missing, enable dynamicController in cloudcore.yaml, or delete the pods so that their owners "
      "make new ones. The list is asked for again at the next connection",
      failure.message());
}

boost::asio::awaitable<Outcome<void>> Resync::list_pods() {
  std::size_t received = 0;
  std::string continuation;
  for (int pages = 0; pages < kMaxPages; ++pages) {
    const Outcome<PodPage> page = co_await async::attempt(fetch_page(continuation));
    if (!page) co_return page.failure();
    const Outcome<void> kept = co_await async::attempt(store_page(*page));
    if (!kept) co_return kept;
    received += page->pods.size();
    continuation = page->continuation;
    if (!continuation.empty()) continue;
    context_.log->info("the cloud listed {} pods of this node; they are in the new database", received);
    co_return Outcome<void>();
  }
  co_return Failure("the list has more than " + std::to_string(kMaxPages) + " pages");
}

boost::asio::awaitable<PodPage> Resync::fetch_page(const std::string& continuation) {
  beehive::Message question = list_pods_request(node_name_, continuation, kPageSize);
  const Cloud::Answer answer = co_await cloud_.ask(std::move(question), timeout_);
  if (!answer.message || answer.message->route.operation != names::operation::kApplicationResponse)
    throw Error(answer.reply.status.message);
  co_return read_pod_page(answer.message->content, node_name_);
}

boost::asio::awaitable<void> Resync::store_page(const PodPage& page) {
  struct Item {
    std::shared_ptr<const ObjectWrite> write;
    WriteOutcome outcome;
  };
  const auto items = std::make_shared<std::vector<Item>>();
  std::size_t bytes = 0;
  for (const Json& pod : page.pods) {
    beehive::ResourcePath path;
    path.ns = kube::string_or(pod, "metadata.namespace");
    path.type = names::resource::kPod;
    path.name = kube::string_or(pod, "metadata.name");
    items->push_back({make_write(kinds_, path, pod), WriteOutcome()});
    bytes += items->back().write->text->size();
  }
  const bool last = page.continuation.empty();
  store::Job job = [items, last](store::Transaction& into) {
    for (Item& item : *items) item.outcome = apply(into, *item.write);
    if (last) store::info::clear_resync_needed(into);
  };
  co_await store::async_write(store_, std::move(job), bytes);
  for (std::size_t i = 0; i < page.pods.size(); ++i) {
    if ((*items)[i].outcome.kind != WriteOutcome::Kind::kStored) continue;
    co_await feed_.stored((*items)[i].write);
    beehive::MessagePtr update = beehive::share(
        beehive::make_message(names::source::kEdgeController, names::group::kResource,
                              names::operation::kUpdate, row_key((*items)[i].write->path), page.pods[i]));
    std::string edged = names::module::kEdged;
    co_await hand_over(context_, std::move(edged), std::move(update));
  }
}

}  // namespace edgecore::metamanager
