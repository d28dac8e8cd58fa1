// SPDX-License-Identifier: Apache-2.0
#include "edgecore/app/application.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/config/environment.hpp"
#include "edgecore/config/load.hpp"
#include "edgecore/config/token.hpp"
#include "edgecore/config/validate.hpp"
#include "edgecore/cri/grpc_runtime.hpp"
#include "edgecore/devicetwin/devicetwin.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/edgehub/edgehub.hpp"
#include "edgecore/eventbus/eventbus.hpp"
#include "edgecore/metamanager/ack.hpp"
#include "edgecore/metamanager/metamanager.hpp"
#include "edgecore/metamanager/poison.hpp"
#include "edgecore/metaserver/metaserver.hpp"
#include "edgecore/servicebus/servicebus.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::app {
namespace {

/// Directory of MetaServer's certificates, including the cluster's CA (protocol/02-metamanager.md §3.13).
constexpr char kMetaServerPki[] = "/etc/kubeedge/pki/metaserver";

/// Paths that tests change; the Go agent has no configuration key for them.
std::filesystem::path place(const char* variable, const char* usual) {
  const char* moved = std::getenv(variable);
  return moved != nullptr && *moved != '\0' ? moved : usual;
}

std::string token_now(const StartFiles& files) {
  try {
    if (auto token = config::read_bootstrap_token(files.bootstrap)) return *token;
    const auto text = read_file(files.config, config::kMaxConfigBytes);
    if (!text) return {};
    return config::load(*text, config::SystemHost()).config.modules.edge_hub.token;
  } catch (const Error& error) {
    log::get("edgecore")->warn("the join token cannot be read: {}", error.what());
    return {};
  }
}

bool has_meta_server(const config::Startup& startup) {
  const config::MetaManager& meta_manager = startup.config.modules.meta_manager;
  return meta_manager.enable && meta_manager.meta_server.enable;
}

/// True if pods get MetaServer's address: only if it authenticates them.
bool serves_pods(const config::Startup& startup) {
  return has_meta_server(startup) && startup.gates.require_authorization;
}

edgehub::EdgeHubOptions hub_options(const config::Startup& startup) {
  const config::EdgeHub& from = startup.config.modules.edge_hub;
  edgehub::EdgeHubOptions options;
  options.node_name = startup.config.modules.edged.hostname_override;
  options.project_id = from.project_id;
  options.websocket_server = from.websocket.server;
  options.http_server = from.http_server;
  options.ca_file = from.tls_ca_file;
  options.certificate_file = from.tls_cert_file;
  options.key_file = from.tls_private_key_file;
  options.rotate_certificates = from.rotate_certificates;
  options.heartbeat = std::chrono::seconds(std::max(1, from.heartbeat));
  options.handshake_timeout = std::chrono::seconds(std::max(1, from.websocket.handshake_timeout));
  options.write_timeout = std::chrono::seconds(std::max(1, from.websocket.write_deadline));
  options.bulk_per_second = from.message_qps;
  options.bulk_burst = from.message_burst;
  if (serves_pods(startup))
    options.kubernetes_ca_file = place("EDGECORE_METASERVER_PKI", kMetaServerPki) / "ca.crt";
  return options;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

config::ApiAddress api_for_pods(const config::Startup& startup) {
  std::optional<std::string> dummy_server;
  if (serves_pods(startup)) dummy_server = startup.config.modules.meta_manager.meta_server.dummy_server;
  std::vector<std::string> warnings;
  const config::ApiAddress address = config::api_address(
      dummy_server, {variable(config::kApiHostVariable), variable(config::kApiPortVariable)}, warnings);
  for (const auto& warning : warnings) log::get("edgecore")->warn("{}", warning);
  return address;
}

edged::EdgedOptions edged_options(const config::Startup& startup) {
  edged::EdgedOptions options;
  options.config = startup.config.modules.edged;
  options.agent_version = kVersion;
  const config::ApiAddress api = api_for_pods(startup);
  options.service_host = api.host;
  options.service_port = api.port;
  options.pod_logs = place("EDGECORE_POD_LOGS", "/var/log/pods");
  options.container_logs = place("EDGECORE_CONTAINER_LOGS", "/var/log/containers");
  return options;
}

metaserver::MetaServerOptions metaserver_options(const config::Startup& startup) {
  metaserver::MetaServerOptions options;
  options.config = startup.config.modules.meta_manager.meta_server;
  options.node_name = startup.config.modules.edged.hostname_override;
  options.require_authorization = startup.gates.require_authorization;
  options.pki = place("EDGECORE_METASERVER_PKI", kMetaServerPki);
  options.node_ca = startup.config.modules.edge_hub.tls_ca_file;
  options.pod_logs = place("EDGECORE_POD_LOGS", "/var/log/pods");
  options.agent_version = kVersion;
  return options;
}

/// What /readyz says of a module; "" while it runs.
std::string problem_of(const beehive::Supervisor::ModuleState& module) {
  using Life = beehive::Supervisor::ModuleState::Life;
  const std::string failures =
      " (" + std::to_string(module.restarts) + " restarts so far); the log of edgecore says why";
  switch (module.life) {
    case Life::kStarting:
      return "it is starting";
    case Life::kRunning:
      return "";
    case Life::kBackoff:
      return "it failed and is started again soon" + failures;
    case Life::kFailed:
      return "it failed and is not started again" + failures;
    case Life::kStopped:
      return "it was stopped";
  }
  return "";
}

eventbus::EventBusOptions eventbus_options(const config::Startup& startup) {
  eventbus::EventBusOptions options;
  options.config = startup.config.modules.event_bus;
  options.broker_directory =
      std::filesystem::path(startup.config.database.data_source).parent_path() / "mosquitto";
  return options;
}

}  // namespace

struct Application::Parts {
  Parts(config::Startup given, StartFiles given_files, Alterations given_alterations)
      : startup(std::move(given)), files(std::move(given_files)), alterations(std::move(given_alterations)) {}

  std::vector<beehive::ModuleSpec> modules();
  [[nodiscard]] std::vector<metaserver::ModuleHealth> health() const;
  void set_aside(const std::string& module, const beehive::MessagePtr& message, const std::string& reason);

  config::Startup startup;
  StartFiles files;
  Alterations alterations;
  log::Logger logger = log::get("edgecore");
  std::optional<store::Store> store;
  BlockingPool pool{"blocking", {}};
  beehive::Bus bus;
  bool edged_is_refused = false;  ///< it is enabled, but its configuration is wrong
  std::optional<beehive::Supervisor> supervisor;
};

Application::Application(config::Startup startup, StartFiles files, Alterations alterations)
    : parts_(std::make_unique<Parts>(std::move(startup), std::move(files), std::move(alterations))) {}

Application::~Application() = default;

std::vector<beehive::ModuleSpec> Application::Parts::modules() {
  const config::Modules& enabled = startup.config.modules;
  const auto watch = [](boost::asio::any_io_executor executor) {
    return net::watch_interfaces(std::move(executor));
  };
  std::vector<beehive::ModuleSpec> specs;
  const auto add = [&](const char* name, const char* group, beehive::ModuleFactory make) {
    beehive::ModuleSpec spec;
    spec.name = name;
    spec.group = group;
    spec.make = std::move(make);
    specs.push_back(std::move(spec));
  };

  if (enabled.meta_manager.enable) {
    metamanager::MetaManagerDeps deps{*store, enabled.edged.hostname_override, enabled.meta_manager};
    add(names::module::kMetaManager, names::group::kMeta, metamanager::make_metamanager(std::move(deps)));
  }
  if (has_meta_server(startup)) {
    add(names::module::kMetaServer, names::group::kMeta,
        metaserver::make_metaserver(metaserver_options(startup),
                                    metaserver::MetaServerDeps{*store, [this] { return health(); }}));
  }
  if (enabled.edged.enable) {
    const config::Findings findings = config::validate_kubelet(enabled.edged);
    for (const auto& warning : findings.warnings) logger->warn("{}: {}", warning.field, warning.text);
    if (findings.errors.empty()) {
      cri::GrpcRuntimeOptions runtime;
      runtime.runtime_endpoint = enabled.edged.runtime_endpoint();
      runtime.image_endpoint = enabled.edged.image_endpoint();
      const auto within = enabled.edged.kubelet.runtime_request_timeout;
      if (within > within.zero())
        runtime.deadlines.request = std::chrono::ceil<std::chrono::milliseconds>(within);
      edged::EdgedDeps deps{[runtime] { return cri::make_grpc_runtime(runtime); },
                            pool,
                            watch,
                            cri::make_grpc_health_checker,
                            nullptr,
                            cri::make_kernel_processes};
      add(names::module::kEdged, names::group::kEdged,
          edged::make_edged(edged_options(startup), std::move(deps)));
    } else {
      edged_is_refused = true;
      logger->error("edged is not started, its configuration is wrong: {}",
                    config::format_errors(findings.errors));
    }
  }
  if (enabled.device_twin.enable) {
    devicetwin::DeviceTwinDeps deps{*store, enabled.edged.hostname_override,
                                    enabled.device_twin.dmi_sock_path, devicetwin::make_grpc_dmi_server,
                                    devicetwin::make_grpc_mapper_client};
    add(names::module::kTwin, names::group::kTwin, devicetwin::make_devicetwin(std::move(deps)));
  }
  if (enabled.event_bus.enable) {
    add(names::module::kEventBus, names::group::kBus,
        eventbus::make_eventbus(eventbus_options(startup), eventbus::EventBusDeps{*store}));
    // DeviceTwin answers hundreds of requests in a batch, with several messages each, and does not wait for
    // room.
    specs.back().limits = {16384, 32U << 20U};
  }
  if (enabled.service_bus.enable) {
    servicebus::ServiceBusDeps deps{*store, enabled.service_bus};
    add(names::module::kServiceBus, names::group::kBus, servicebus::make_servicebus(std::move(deps)));
  }
  if (enabled.edge_hub.enable) {
    edgehub::EdgeHubDeps deps;
    deps.token = [where = files] { return token_now(where); };
    deps.enrolled = [where = files] { config::clean_up_token(where.config, where.bootstrap); };
    deps.watch = watch;
    add(names::module::kEdgeHub, names::group::kHub,
        edgehub::make_edgehub(hub_options(startup), std::move(deps)));
  }
  if (alterations.modules) alterations.modules(specs);
  return specs;
}

/// On MetaServer's thread; what it reads is set before the modules start.
std::vector<metaserver::ModuleHealth> Application::Parts::health() const {
  std::vector<metaserver::ModuleHealth> found;
  for (const auto& module : supervisor->states()) found.push_back({module.name, problem_of(module)});
  if (edged_is_refused)
    found.push_back({names::module::kEdged, "its configuration is wrong; the log of edgecore says where"});
  return found;
}

void Application::Parts::set_aside(const std::string& module, const beehive::MessagePtr& message,
                                   const std::string& reason) {
  const std::string what = log::quote(message->route.operation + " " + message->route.resource);
  try {
    metamanager::store_poison(*store, module, *message, reason, SystemClock::instance().wall());
  } catch (const Error& error) {
    logger->error("{} made module {} fail twice ({}) and could not be set aside: {}", what, module, reason,
                  error.what());
    return;
  }
  logger->error(
      "{} made module {} fail twice ({}): it is set aside in table edgecore_poison and will not be tried "
      "again",
      what, module, reason);
  // All other messages come from this node: from edged, MQTT, mappers, edgehub itself.
  const auto& source = message->route.source;
  const bool from_cloud = source != names::module::kEdged && source != names::source::kEdgeHub &&
                          source != names::source::kBus && message->route.group != names::group::kTwin;
  if (from_cloud && metamanager::wants_ack(*message))
    bus.try_send(names::module::kEdgeHub, metamanager::make_ack(*message));
}

void Application::start() {
  Parts& parts = *parts_;
  store::Options options;
  options.path = parts.startup.config.database.data_source;
  parts.store.emplace(std::move(options));
  if (parts.store->was_rebuilt())
    parts.logger->warn("the database was unusable and was replaced: the cloud is asked for everything again");

  beehive::SupervisorOptions supervision = parts.alterations.supervision;
  supervision.restart = parts.startup.gates.module_restart;
  parts.supervisor.emplace(parts.bus, SystemClock::instance(), supervision,
                           [&parts](const std::string& module, const beehive::MessagePtr& message,
                                    const std::string& reason) { parts.set_aside(module, message, reason); });
  parts.supervisor->start(parts.modules());
}

bool Application::stop() {
  Parts& parts = *parts_;
  bool clean = !parts.supervisor || parts.supervisor->stop();
  clean = parts.pool.stop(std::chrono::milliseconds(500)) && clean;
  if (!clean) return false;
  try {
    if (parts.store) parts.store->close();
  } catch (const Error& error) {
    parts.logger->error("the database was not closed cleanly: {}", error.what());
    return false;
  }
  return true;
}

bool Application::healthy() const {
  return parts_->supervisor && parts_->supervisor->healthy();
}

}  // namespace edgecore::app
