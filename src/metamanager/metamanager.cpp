// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metamanager/metamanager.hpp"

#include <memory>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/status.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/meta.hpp"
#include "metamanager/cloud/cloud.hpp"
#include "metamanager/cloud/freshness.hpp"
#include "metamanager/delivery/gone_pods.hpp"
#include "metamanager/delivery/served_feed.hpp"
#include "metamanager/objects/own_objects.hpp"
#include "metamanager/objects/served_kinds.hpp"
#include "metamanager/objects/token.hpp"
#include "metamanager/pushes/push_pipeline.hpp"
#include "metamanager/pushes/resync.hpp"
#include "metamanager/requests/requests.hpp"

namespace edgecore::metamanager {
namespace {

namespace op = names::operation;
namespace type = names::resource;

std::chrono::milliseconds remote_timeout(const config::MetaManager& config) {
  constexpr std::int32_t kFallback = 60;
  return std::chrono::seconds(config.remote_query_timeout > 0 ? config.remote_query_timeout : kFallback);
}

class MetaManager final : public beehive::Module {
 public:
  MetaManager(beehive::ModuleContext& context, const MetaManagerDeps& deps,
              std::shared_ptr<ServedNotes> served_notes)
      : context_(context),
        deps_(deps),
        reader_(deps.store.open_reader()),
        kinds_(reader_, context.clock, context.log),
        cloud_(context, remote_timeout(deps.config)),
        feed_(context, reader_, std::move(served_notes)),
        tasks_(context.executor),
        gone_pods_(context, deps.store, reader_, tasks_, cloud_, kinds_, feed_, deps.tuning.gone_pod_recheck),
        pipeline_(context, deps.store, tasks_, cloud_, feed_, PushPipeline::Limits(),
                  [this](const Push& push, const WriteOutcome& outcome) { settled(push, outcome); }),
        resync_(context, deps.store, reader_, cloud_, kinds_, feed_, deps.node_name,
                deps.tuning.resync_timeout, deps.tuning.resync_pause),
        requests_(Requests::Parts{context, deps.store, reader_, tasks_, cloud_, kinds_, feed_, freshness_,
                                  gone_pods_, node_, lease_, deps.node_name, deps.tuning.local_copy_patience,
                                  deps.tuning.node_answer}) {}

  boost::asio::awaitable<void> run() override {
    load_node();
    report_database();
    deps_.store.submit_and_wait_turn([](store::Transaction& from) { sweep_tokens(from); },
                                     [](std::exception_ptr) {});
    tasks_.spawn("resync", resync_.run());
    tasks_.spawn("mailbox", read_mailbox());
    tasks_.spawn("changes for metaserver", feed_.run());
    co_await tasks_.join();
  }

 private:
  boost::asio::awaitable<void> read_mailbox() {
    for (;;) {
      beehive::Delivery delivery = co_await context_.mailbox->receive();
      dispatch(std::move(delivery));
    }
  }

  /// Never waits.
  void dispatch(beehive::Delivery delivery) {
    const auto& route = delivery->route;
    if (route.operation == op::kConnect && route.source == names::source::kEdgeHub) {
      on_connection(delivery->content == names::content::kCloudConnected);
    } else if (route.operation == op::kApplicationResponse) {
      context_.log->debug(
          "dropping an answer of the cloud's DynamicController: nobody waits for it any more");
    } else if (route.group == names::group::kResource || route.group == names::group::kFunc) {
      Push push = plan_push(kinds_, delivery.message(), deps_.node_name);
      pipeline_.take(std::move(delivery), std::move(push));
    } else if (route.group == names::group::kMeta) {
      serve(*delivery, delivery.message());
    } else {
      context_.log->warn("ignoring a message of group {} about {}: it is not for this module",
                         log::quote(route.group), log::quote(route.resource));
    }
  }

  void serve(const beehive::Message& request, const beehive::MessagePtr& shared) {
    if (requests_running_ >= deps_.tuning.max_requests) {
      requests_.refuse(request, kube::Status::too_many_requests("too many requests wait for the cloud", 1));
      return;
    }
    ++requests_running_;
    tasks_.spawn("request", serve_counted(shared));
  }

  boost::asio::awaitable<void> serve_counted(beehive::MessagePtr request) {
    struct Count {
      explicit Count(std::size_t& running) : running_(running) {}
      Count(const Count&) = delete;
      Count& operator=(const Count&) = delete;
      ~Count() { --running_; }
      std::size_t& running_;
    } count(requests_running_);
    co_await requests_.serve(std::move(request));
  }

  void on_connection(bool up) {
    cloud_.set_link(up ? Cloud::Link::kUp : Cloud::Link::kDown);
    if (!up) return;
    freshness_.begin_session();
    resync_.on_connected();
  }

  /// A push is in the database: updates what is kept in memory.
  void settled(const Push& push, const WriteOutcome& outcome) {
    const std::string key = row_key(push.path);
    if (push.path.type == type::kCustomResourceDefinition) learn(push, outcome);
    if (push.path.type == type::kNode && push.path.name == deps_.node_name) load_node();
    if (push.write && is_tracked(push.path.type) && outcome.kind != WriteOutcome::Kind::kAbsent) {
      freshness_.confirm(key);
    } else if (!push.write && is_tracked(push.path.type)) {
      freshness_.doubt(key);
    }
  }

  void learn(const Push& push, const WriteOutcome& outcome) {
    if (push.removal && outcome.kind != WriteOutcome::Kind::kOtherUid) kinds_.forget(push.path.name);
    if (push.write && outcome.kind == WriteOutcome::Kind::kStored)
      kinds_.learn(kube::stored_json(*push.write->text));
  }

  void load_node() {
    const auto row =
        store::meta::find(reader_, beehive::resource_path("default", type::kNode, deps_.node_name));
    const auto stored = row ? read_row(row->value, type::kNode) : std::nullopt;
    if (!stored) return node_.forget();
    node_.take(*stored);
    node_.written(*stored);
  }

  void report_database() {
    if (!store::info::devices_needed(reader_)) return;  // nothing was lost, or it has been fetched already
    const bool pods = store::info::resync_needed(reader_);
    if (deps_.store.was_rebuilt()) {
      context_.log->error(
          "the database was damaged and has been replaced by a new one: pods, devices and device models are "
          "missing in it until the cloud has listed them");
    } else if (deps_.store.was_empty()) {
      context_.log->info(
          "the database is new: the cloud is asked for the pods and devices this node may already have");
    } else {
      context_.log->warn("{} are still missing in the new database: the cloud is asked for them again",
                         pods ? "pods, devices and device models" : "devices and device models");
    }
  }

  // Members are made in this order and destroyed in the reverse one: the tasks before what they use.
  beehive::ModuleContext& context_;
  MetaManagerDeps deps_;
  store::Reader reader_;
  ServedKinds kinds_;
  Freshness freshness_;
  OwnNode node_;
  OwnLease lease_;
  Cloud cloud_;
  ServedFeed feed_;
  async::TaskGroup tasks_;
  GonePods gone_pods_;
  PushPipeline pipeline_;
  Resync resync_;
  Requests requests_;
  std::size_t requests_running_ = 0;
};

}  // namespace

beehive::ModuleFactory make_metamanager(MetaManagerDeps deps) {
  return [deps = std::move(deps), notes = std::make_shared<ServedNotes>()](
             beehive::ModuleContext& context) -> std::unique_ptr<beehive::Module> {
    return std::make_unique<MetaManager>(context, deps, notes);
  };
}

}  // namespace edgecore::metamanager
