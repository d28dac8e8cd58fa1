// SPDX-License-Identifier: Apache-2.0
#include "edgecore/eventbus/eventbus.hpp"

#include <optional>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json.hpp"
#include "eventbus/broker_address.hpp"
#include "eventbus/broker_link.hpp"
#include "eventbus/private_broker.hpp"
#include "eventbus/subscriptions.hpp"
#include "eventbus/topics.hpp"
#include "eventbus/twin_lane.hpp"
#include "eventbus/uploads.hpp"

namespace edgecore::eventbus {
namespace {

namespace op = names::operation;

/// Made once per life of the module: reconnects use the same id (protocol/04-devices.md §1.2).
std::string client_id(const std::string& configured, const char* role, WallTime now) {
  if (!configured.empty()) return configured;
  return "hub-client-" + std::string(role) + "-" + std::to_string(unix_millis(now) / 1000);
}

class EventBus final : public beehive::Module {
 public:
  EventBus(beehive::ModuleContext& context, const EventBusOptions& options, const EventBusDeps& deps)
      : context_(context),
        config_(options.config),
        client_(deps.client()),
        subscriptions_(context, deps.store),
        twin_(context, {},
              [this](bool full) {
                twin_full_ = full;
                judge_reading();
              }),
        uploads_(context, deps.store, {}),
        tasks_(context.executor) {
    if (config_.mode != config::kMqttInternal) make_external();
    if (config_.mode != config::kMqttExternal) make_internal(options);
  }

  boost::asio::awaitable<void> run() override {
    tasks_.spawn("mailbox", read_mailbox());
    tasks_.spawn("subscriptions", subscriptions_.run());
    tasks_.spawn("messages for devices", twin_.run());
    tasks_.spawn("messages for the cloud", uploads_.run());
    if (external_) tasks_.spawn("external broker", external_->run());
    if (internal_) tasks_.spawn("clients of the private broker", internal_->run());
    if (broker_) tasks_.spawn("private broker", broker_->run());
    co_await tasks_.join();
  }

 private:
  void make_external();
  void make_internal(const EventBusOptions& options);
  [[nodiscard]] LinkOptions link_options(const BrokerAddress& address);

  boost::asio::awaitable<void> read_mailbox();
  void dispatch(const beehive::MessagePtr& message);
  void from_cloud(const beehive::MessagePtr& message);
  void publish(const beehive::MessagePtr& message, bool may_come_back);
  void take(std::string_view topic, std::string_view payload);
  void judge_reading();
  template <typename Action>
  void for_each_link(Action action) {
    if (external_) action(*external_);
    if (internal_) action(*internal_);
  }

  // Members are made in this order and destroyed in the reverse one: the tasks before what they use.
  beehive::ModuleContext& context_;
  const config::EventBus config_;
  std::unique_ptr<MqttClient> client_;
  Subscriptions subscriptions_;
  TwinLane twin_;
  Uploads uploads_;
  std::optional<BrokerLink> external_, internal_;
  std::optional<PrivateBroker> broker_;
  bool twin_full_ = false;
  bool reading_ = true;
  log::Quiet bad_topics_, strangers_;
  async::TaskGroup tasks_;
};

void EventBus::make_external() {
  try {
    const BrokerAddress address = BrokerAddress::parse(config_.server_external);
    LinkOptions options = link_options(address);
    options.connection.username = config_.username;
    options.connection.password = config_.password;
    if (config_.tls.enable) {
      options.connection.tls =
          MqttTls{config_.tls.ca_file, config_.tls.cert_file, config_.tls.private_key_file};
    } else if (address.tls) {
      context_.log->warn("the certificate of {} is not verified: modules.eventBus.eventBusTLS is not enabled",
                         options.name);
      options.connection.tls = MqttTls{{}, {}, {}, false};
    }
    external_.emplace(context_, *client_, std::move(options), subscriptions_.filters(),
                      [this](std::string_view topic, std::string_view payload) { take(topic, payload); });
  } catch (const BadInput& error) {
    context_.log->error(
        "modules.eventBus.mqttServerExternal: {}; this broker is not used until the setting is corrected",
        error.what());
  }
}

void EventBus::make_internal(const EventBusOptions& options) {
  try {
    const BrokerAddress address = BrokerAddress::parse(config_.server_internal);
    if (address.tls || address.port == 0)
      throw BadInput("the private broker supports only TCP without TLS (tcp://host:port)");
    PrivateBrokerOptions broker;
    broker.directory = options.broker_directory;
    broker.host = address.host;
    broker.port = address.port;
    broker.session_queue_size = config_.session_queue_size;
    broker.program = options.broker_program;
    LinkOptions link = link_options(address);
    link.name = "the private MQTT broker at " + address.text();
    if (address.host == "0.0.0.0") link.connection.host = "127.0.0.1";
    if (address.host == "::") link.connection.host = "::1";
    link.qos = config_.qos;
    link.retain = config_.retain;
    link.waits_for_broker = true;
    link.drops_echo = true;
    internal_.emplace(context_, *client_, std::move(link), subscriptions_.filters(),
                      [this](std::string_view topic, std::string_view payload) { take(topic, payload); });
    broker_.emplace(context_, std::move(broker), [this] { internal_->broker_started(); });
  } catch (const BadInput& error) {
    context_.log->error("modules.eventBus.mqttServerInternal: {}; the private broker is not started",
                        error.what());
  }
}

LinkOptions EventBus::link_options(const BrokerAddress& address) {
  const WallTime now = context_.clock.wall();
  LinkOptions options;
  options.name = "the MQTT broker at " + address.text();
  options.connection.host = address.host;
  options.connection.port = address.port;
  options.subscriber_id = client_id(config_.sub_client_id, "sub", now);
  options.publisher_id = client_id(config_.pub_client_id, "pub", now);
  options.on_crowded = [this] { judge_reading(); };
  return options;
}

boost::asio::awaitable<void> EventBus::read_mailbox() {
  for (;;) {
    const beehive::Delivery delivery = co_await context_.mailbox->receive();
    dispatch(delivery.message());
  }
}

/// Never waits.
void EventBus::dispatch(const beehive::MessagePtr& message) {
  const beehive::Route& route = message->route;
  if (route.group == names::group::kBus && route.source == names::module::kTwin &&
      route.operation == op::kPublish) {
    publish(message, false);
  } else if (route.source == names::source::kRouterEventBus) {
    from_cloud(message);
  } else if (route.source == names::source::kEdgeHub && route.resource == names::resource::kNodeConnection) {
    uploads_.cloud(message->content == names::content::kCloudConnected);
  } else if (strangers_.now()) {
    context_.log->info("ignoring message {} of {} about {} ({} so far)", log::quote(route.operation),
                       log::quote(route.source), log::quote(route.resource), strangers_.count());
  }
}

void EventBus::from_cloud(const beehive::MessagePtr& message) {
  const beehive::Route& route = message->route;
  if (route.operation == op::kSubscribe) {
    if (!subscriptions_.add(route.resource)) return;
    for_each_link([&](BrokerLink& link) { link.subscribe(route.resource); });
  } else if (route.operation == op::kUnsubscribe) {
    if (!subscriptions_.remove(route.resource)) return;
    for_each_link([&](BrokerLink& link) { link.unsubscribe(route.resource); });
  } else if (route.operation == op::kPublish) {
    publish(message, true);
  } else {
    context_.log->warn("ignoring unknown operation {} of the cloud on {}", log::quote(route.operation),
                       log::quote(route.resource));
  }
}

void EventBus::publish(const beehive::MessagePtr& message, bool may_come_back) {
  if (!is_topic(message->route.resource)) {
    if (bad_topics_.now())
      context_.log->warn("cannot publish a message of {}: {} is not an MQTT topic ({} so far)",
                         log::quote(message->route.source), log::quote(message->route.resource),
                         bad_topics_.count());
    return;
  }
  Publication publication{message, {}, may_come_back};
  const auto& content = message->content;
  if (!content.is_string() && !content.is_null()) publication.text = kube::dump_json(content);
  for_each_link([&](BrokerLink& link) { link.publish(publication); });
}

void EventBus::take(std::string_view topic, std::string_view payload) {
  if (is_for_twin(topic)) {
    twin_.take(topic, payload);
  } else {
    uploads_.take(topic, payload);
  }
}

/// Stops reading from brokers while the device module, or the queues of its answers, are full: the brokers
/// keep their messages.
void EventBus::judge_reading() {
  bool reading = !twin_full_;
  for_each_link([&](BrokerLink& link) { reading = reading && !link.crowded(); });
  if (std::exchange(reading_, reading) == reading) return;
  for_each_link([&](BrokerLink& link) { link.set_reading(reading); });
}

}  // namespace

beehive::ModuleFactory make_eventbus(EventBusOptions options, EventBusDeps deps) {
  return [options = std::move(options), deps = std::move(deps)](beehive::ModuleContext& context) {
    return std::make_unique<EventBus>(context, options, deps);
  };
}

}  // namespace edgecore::eventbus
