// SPDX-License-Identifier: Apache-2.0
#include "metamanager/pushes/resync.hpp"

#include <memory>
#include <optional>
#include <string_view>

#include "edgecore/async/attempt.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/info.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/objects/object_rows.hpp"
#include "metamanager/pushes/push.hpp"

namespace edgecore::metamanager {
namespace {

constexpr int kPageSize = 50;
/// Of devices the cloud lists those of all nodes.
constexpr int kMaxPages = 2000;
/// Attempts per connection: a cloud whose DynamicController is off never answers.
constexpr unsigned kAttempts = 4;

/// What does not work until the cloud has answered, and what helps.
struct Advice {
  const char* effect;
  const char* help;
};

Advice advice_on(std::string_view missing) {
  if (missing == "pods")
    return {"The cloud does not send again what it delivered before",
            "delete the pods so that their owners make new ones"};
  return {"Requests about devices are answered with \"not existed\" until a Device changes",
          "change the Devices (a label will do)"};
}

/// Notes the model of a Device, which is in the Device's namespace.
void note_model(const Json& device, std::set<std::pair<std::string, std::string>>& models) {
  std::string name = kube::string_or(device, "spec.deviceModelRef.name");
  if (kube::is_path_segment(name))
    models.emplace(kube::string_or(device, "metadata.namespace"), std::move(name));
}

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
  return store::info::devices_needed(reader_);
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
      const Outcome<void> done = co_await async::attempt(refill());
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
    context_.log->info("this node's {} could not be listed yet: {}", missing_, failure.message());
    return;
  }
  const Advice advice = advice_on(missing_);
  context_.log->warn(
      "this node's {} could not be listed: {}. {}. If some are missing, enable dynamicController in "
      "cloudcore.yaml, or {}. The list is asked for again at the next connection",
      missing_, failure.message(), advice.effect, advice.help);
}

boost::asio::awaitable<void> Resync::refill() {
  if (store::info::resync_needed(reader_)) co_await list_pods();
  if (needed()) co_await list_devices();
}

boost::asio::awaitable<void> Resync::list_pods() {
  missing_ = "pods";
  const bool has_devices = context_.bus.has_module(names::module::kTwin);
  const Mark mark = has_devices ? Mark::kPodsAreBack : Mark::kEverythingIsBack;
  std::string type = names::resource::kPod;
  const std::size_t count = co_await list(std::move(type), mark, nullptr);
  context_.log->info("the cloud listed {} pods of this node; they are in the new database", count);
}

boost::asio::awaitable<void> Resync::list_devices() {
  missing_ = "devices";
  Models models;
  std::string type = names::resource::kDevice;
  const std::size_t devices = co_await list(std::move(type), Mark::kNone, &models);
  const std::size_t count = models.size();
  co_await fetch_models(std::move(models));
  context_.log->info("the cloud listed {} devices of this node, of {} models; they are in the new database",
                     devices, count);
}

boost::asio::awaitable<std::size_t> Resync::list(std::string type, Mark mark, Models* models) {
  std::size_t received = 0;
  std::string continuation;
  for (int pages = 0; pages < kMaxPages; ++pages) {
    beehive::Message question = list_request(type, node_name_, continuation, kPageSize);
    const Json answer = co_await ask(std::move(question));
    ObjectPage page = read_page(type, answer, node_name_);
    continuation = page.continuation;
    received += page.objects.size();
    for (const Json& object : page.objects)
      if (models != nullptr) note_model(object, *models);
    const Mark now = continuation.empty() ? mark : Mark::kNone;
    std::string page_type = type;
    co_await store_objects(std::move(page_type), std::move(page.objects), now);
    if (continuation.empty()) co_return received;
  }
  throw Error("the list has more than " + std::to_string(kMaxPages) + " pages");
}

boost::asio::awaitable<void> Resync::fetch_models(Models models) {
  std::vector<Json> found;
  for (const auto& [ns, name] : models) {
    beehive::ResourcePath path;
    path.ns = ns;
    path.type = names::resource::kDeviceModel;
    path.name = name;
    beehive::Message question = get_request(path, node_name_);
    const Json answer = co_await ask(std::move(question));
    if (std::optional<Json> model = read_object(path, answer)) found.push_back(std::move(*model));
  }
  std::string type = names::resource::kDeviceModel;
  co_await store_objects(std::move(type), std::move(found), Mark::kEverythingIsBack);
}

boost::asio::awaitable<Json> Resync::ask(beehive::Message question) {
  const Cloud::Answer answer = co_await cloud_.ask(std::move(question), timeout_);
  if (!answer.message || answer.message->route.operation != names::operation::kApplicationResponse)
    throw Error(answer.reply.status.message);
  co_return answer.message->content;
}

boost::asio::awaitable<void> Resync::store_objects(std::string type, std::vector<Json> objects, Mark mark) {
  struct Item {
    std::shared_ptr<const ObjectWrite> write;
    WriteOutcome outcome;
  };
  const auto items = std::make_shared<std::vector<Item>>();
  std::size_t bytes = 0;
  for (const Json& object : objects) {
    beehive::ResourcePath path;
    path.ns = kube::string_or(object, "metadata.namespace");
    path.type = type;
    path.name = kube::string_or(object, "metadata.name");
    items->push_back({make_write(kinds_, path, object), WriteOutcome()});
    bytes += items->back().write->text->size();
  }
  store::Job job = [items, mark](store::Transaction& into) {
    for (Item& item : *items) item.outcome = apply(into, *item.write);
    if (mark == Mark::kPodsAreBack) store::info::pods_are_back(into);
    if (mark == Mark::kEverythingIsBack) store::info::clear_resync_needed(into);
  };
  co_await store::async_write(store_, std::move(job), bytes);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if ((*items)[i].outcome.kind != WriteOutcome::Kind::kStored) continue;
    co_await feed_.stored((*items)[i].write);
    std::string module = acting_module(type, objects[i], node_name_);
    beehive::MessagePtr update = beehive::share(beehive::make_message(
        names::source::kEdgeController, names::group::kResource, names::operation::kUpdate,
        row_key((*items)[i].write->path), std::move(objects[i])));
    co_await hand_over(context_, std::move(module), std::move(update));
  }
}

}  // namespace edgecore::metamanager
