// SPDX-License-Identifier: Apache-2.0
#include "edgecore/metaserver/metaserver.hpp"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "edgecore/async/directory_watch.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/sleep.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/trusted_clock.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/jws.hpp"
#include "edgecore/net/x509.hpp"
#include "edgecore/store/info.hpp"
#include "edgecore/store/meta.hpp"
#include "metaserver/access/stored_tokens.hpp"
#include "metaserver/api/api.hpp"
#include "metaserver/http/metrics.hpp"
#include "metaserver/serving/listen_address.hpp"
#include "metaserver/serving/node_interfaces.hpp"
#include "metaserver/serving/serving_certificate.hpp"
#include "metaserver/serving/serving_files.hpp"
#include "metaserver/writes/offline_writes.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::seconds kTendEvery{5};
constexpr std::chrono::seconds kListenAgain{10};
constexpr std::chrono::minutes kUnusedFor{10};
/// The stored tokens are not read again within this time, however many unknown ones come.
constexpr std::chrono::milliseconds kTokensAgain{200};
constexpr std::chrono::hours kFloorEvery{24};
/// Tokens and certificates of open streams end by themselves; changes of rights come in bursts.
constexpr std::chrono::minutes kJudgeEvery{1};
constexpr std::chrono::milliseconds kJudgePause{200};
constexpr std::size_t kConnections = 8192;
/// Of both listeners. A TLS handshake takes about 30 KiB, an unknown connection is in one or has just ended
/// it.
constexpr net::HttpBudget::Limits kBudget{.connections = kConnections,
                                          .unknown = 768,
                                          .received_bytes = std::size_t{32} << 20,
                                          .unsent_bytes = std::size_t{48} << 20,
                                          .unsent_per_client = std::size_t{16} << 20};

/// The parts of "127.0.0.1:10550"; an IPv6 host may have brackets.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
HostPort parse_address(const std::string& text, const char* key) {
  const std::size_t colon = text.rfind(':');
  const auto port =
      colon == std::string::npos ? std::nullopt : kube::parse_resource_version(text.substr(colon + 1));
  if (!port || *port > 65535)
    throw Error("modules.metaManager.metaServer." + std::string(key) +
                " is not an address and port: " + log::quote(text));
  std::string host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {std::move(host), static_cast<std::uint16_t>(*port)};
}

class MetaServer final : public beehive::Module {
 public:
  MetaServer(beehive::ModuleContext& context, MetaServerOptions options, const MetaServerDeps& deps)
      : context_(context),
        options_(std::move(options)),
        deps_(deps),
        server_(parse_address(options_.config.server, "server")),
        dummy_(parse_address(options_.config.dummy_server, "dummyServer")),
        reader_(deps.store.open_reader()),
        trusted_(context.clock),
        metrics_([this] { return numbers(); }),
        cloud_(context, options_.node_name),
        cache_(deps.store, reader_, resources_, context.log),
        directory_watches_(context.executor),
        doubts_(context.executor),
        tasks_(context.executor),
        scopes_(context, cloud_, cache_, tasks_),
        limits_(options_.require_authorization ? RateLimits::per_user() : RateLimits::per_address()),
        offline_writes_({context, deps.store, reader_, options_.node_name,
                         [this](beehive::Application call) { return call_cloud(std::move(call)); }}) {
    floor_kept_ = store::info::time_floor(reader_);
    if (floor_kept_) trusted_.raise(*floor_kept_);
    learn_resources();
    if (options_.require_authorization) set_up_authorization();
    if (is_open_to_network())
      context_.log->warn(
          "whoever reaches {} may do everything with this node's pods and secrets: set "
          "requireAuthorization: true, or modules.metaManager.metaServer.server to 127.0.0.1:{}",
          options_.config.server, server_.port);
    api_.emplace(ApiParts{context_, trusted_, tasks_, options_, deps_.store, reader_, resources_, cache_,
                          cloud_, scopes_, options_.require_authorization ? &rules_ : nullptr,
                          authenticator_ ? &*authenticator_ : nullptr, [this] { look_at_tokens(); }, limits_,
                          denials_, offline_writes_, metrics_, directory_watches_, deps_.modules});
  }

  boost::asio::awaitable<void> run() override {
    tasks_.spawn("mailbox", read_mailbox());
    tasks_.spawn("upkeep", tend());
    tasks_.spawn("rights of open streams", judge_streams());
    tasks_.spawn("offline writes", offline_writes_.run());
    if (certificate_) {
      tasks_.spawn("serving certificate", certificate_->run());
    } else {
      tasks_.spawn("listener", listen("server", server_, main_listener_));
    }
    co_await tasks_.join();
  }

 private:
  using Listener = std::optional<net::HttpServer>;

  boost::asio::awaitable<OfflineWrites::CloudOutcome> call_cloud(beehive::Application call) {
    using Kind = OfflineWrites::CloudOutcome::Kind;
    CloudAnswer answer = co_await cloud_.call(std::move(call));
    OfflineWrites::CloudOutcome outcome;
    outcome.kind = answer.ok() ? Kind::kApproved : answer.refused() ? Kind::kRefused : Kind::kUnreachable;
    outcome.status = std::move(answer.status);
    co_return outcome;
  }

  void learn_resources() {
    const auto crds = resources_.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    cache_.observe(crds, [this](const ObjectPtr& object, bool gone) {
      try {
        if (gone) {
          resources_.forget(object->name());
        } else {
          resources_.learn(object->json());
        }
      } catch (const BadInput& bad) {
        context_.log->warn("the CustomResourceDefinition {} is not served: {}", log::quote(object->name()),
                           bad.what());
      }
    });
  }

  void set_up_authorization() {
    const auto accesses = resources_.find("policy.kubeedge.io", "v1alpha1", "serviceaccountaccesses");
    cache_.observe(accesses, [this](const ObjectPtr& object, bool gone) {
      if (gone) {
        rules_.remove(object->ns(), object->name());
      } else {
        rules_.put(object->json());
      }
      rights_changed();
    });
    cache_.observe(resources_.find("", "v1", "pods"), [this](const ObjectPtr&, bool gone) {
      if (gone) rights_changed();
    });

    TokenAuthenticator::Options options;
    options.issuers = options_.config.service_account_issuers;
    options.audiences = options_.config.api_audiences;
    for (const std::string& file : options_.config.service_account_key_files) {
      const auto text = read_file(file, kMaxPemFileBytes);
      if (!text) throw Error("the service account key file " + file + " does not exist");
      keys_.add_pem(*text, file);
    }
    if (!keys_.empty())
      options.verifier = [this](std::string_view input, std::string_view algorithm,
                                std::string_view signature) {
        return keys_.verifies(input, algorithm, signature);
      };
    options.may_be_expired = [this] { return !cloud_.is_up(); };
    TokenAuthenticator::Lookups lookups;
    lookups.pod = [this](std::string_view ns, std::string_view name) { return stored(ns, "pod", name); };
    lookups.secret = [this](std::string_view ns, std::string_view name) {
      return stored(ns, "secret", name);
    };
    lookups.account_uid = [this](std::string_view ns, std::string_view account) {
      return rules_.account_uid(ns, account);
    };
    authenticator_.emplace(std::move(options), std::move(lookups), tokens_, trusted_);
    look_at_tokens();

    ServingCertificate::Options wanted;
    wanted.clock = &trusted_;
    wanted.node_name = options_.node_name;
    wanted.ip_addresses = {server_.host, dummy_.host};
    wanted.directory = options_.pki;
    certificate_.emplace(
        context_, std::move(wanted),
        [this](const std::string& chain, const std::string& key) { use_certificate(chain, key); });
  }

  void rights_changed() {
    if (authenticator_) authenticator_->invalidate_all();
    doubts_.notify();
  }

  /// Ends watches and followed logs with what they were allowed by.
  boost::asio::awaitable<void> judge_streams() {
    for (;;) {
      const SteadyTime next = steady_now() + kJudgeEvery;
      co_await doubts_.sleep_until(next);
      co_await async::sleep_for(kJudgePause);
      api_->judge_streams();
    }
  }

  [[nodiscard]] std::optional<TokenAuthenticator::Found> stored(std::string_view ns, std::string_view type,
                                                                std::string_view name) const {
    const auto row = store::meta::find(reader_, beehive::resource_path(ns, type, name));
    if (!row) return std::nullopt;
    TokenAuthenticator::Found found;
    const Json object = kube::stored_json(row->value);
    if (object.is_null()) return std::nullopt;
    found.uid = kube::string_or(object, "metadata.uid");
    found.deleted_at = kube::time_at(object, "metadata.deletionTimestamp");
    return found;
  }

  /// Reads the tokens that pods on this node got, before a token that is not cached is checked.
  void look_at_tokens() {
    const SteadyTime now = context_.clock.steady();
    if (now - tokens_at_ < kTokensAgain) return;
    tokens_at_ = now;
    tokens_.clear();
    for (const auto& row : store::meta::list(reader_, names::resource::kServiceAccountToken))
      tokens_.put_row(row.key, row.value);
    if (const auto issued = tokens_.newest_issue()) trusted_.raise(*issued);
  }

  /// Writes down once a day that the time has passed, for a boot without a clock. Only while the cloud is
  /// connected: its certificate was verified, so that the clock is not far ahead.
  void keep_time() {
    const WallTime now = context_.clock.wall();
    if (!knows_cloud_ || !cloud_.is_up() || now < kReleaseDate) return;
    if (floor_kept_ && now < *floor_kept_ + kFloorEvery) return;
    floor_kept_ = now;
    deps_.store.submit_and_wait_turn(
        [now](store::Transaction& into) { store::info::set_time_floor(into, now); },
        [](std::exception_ptr) {}, sizeof now);
  }

  boost::asio::awaitable<void> read_mailbox() {
    for (;;) {
      const beehive::Delivery delivery = co_await context_.mailbox->receive();
      take(*delivery);
    }
  }

  void take(const beehive::Message& message) {
    const auto& route = message.route;
    if (route.operation == names::operation::kConnect && route.source == names::source::kEdgeHub) {
      const bool up = message.content == names::content::kCloudConnected;
      knows_cloud_ = up;
      scopes_.on_link(up);
      offline_writes_.on_link(up);
      if (up && certificate_) certificate_->notify_connected();
      if (!up) offline_since_ = context_.clock.wall();
      return;
    }
    if (route.source != names::module::kMetaManager || !message.content.is_string()) {
      context_.log->warn("ignored a message from {} about {}: no handler", log::quote(route.source),
                         log::quote(route.resource));
      return;
    }
    const std::string& text = message.content.get_ref<const std::string&>();
    if (route.operation == names::operation::kDelete) {
      cache_.removed(route.resource, text,
                     kube::parse_resource_version(message.header.resource_version).value_or(0));
    } else {
      cache_.changed(route.resource, text);
    }
  }

  boost::asio::awaitable<void> tend() {
    async::Event pause(context_.executor);
    for (;;) {
      const SteadyTime next = steady_now() + kTendEvery;
      co_await pause.sleep_until(next);
      scopes_.tend();
      keep_time();
      cache_.close_unused(context_.clock.steady() - kUnusedFor);
    }
  }

  void use_certificate(const std::string& chain, const std::string& key) {
    net::ServerTlsOptions options;
    options.certificate_pem = chain;
    options.key_pem = key;
    options.client_certificate = net::ClientCertificate::kAsked;
    try {
      tls_ = net::TlsContext::server(options);
      certificate_expiry_ = net::Certificate::from_pem(chain).not_after();
    } catch (const BadInput& bad) {
      context_.log->error("the serving certificate cannot be used: {}", bad.what());
      return;
    }
    if (main_listener_) main_listener_->set_tls(tls_);
    if (dummy_listener_) dummy_listener_->set_tls(tls_);
    if (std::exchange(listening_, true)) return;
    tasks_.spawn("listener", listen("server", server_, main_listener_));
    tasks_.spawn("listener for pods", listen("dummyServer", dummy_, dummy_listener_));
  }

  /// Listens as soon as possible, until the module ends.
  boost::asio::awaitable<void> listen(std::string key, HostPort at, Listener& listener) {
    async::Event pause(context_.executor);
    log::Quiet complaints;
    for (;;) {
      try {
        start(listener, at);
        break;
      } catch (const Error& error) {
        if (complaints.now())
          context_.log->error("cannot listen on modules.metaManager.metaServer.{}: {}; trying again", key,
                              error.what());
      }
      const SteadyTime again = steady_now() + kListenAgain;
      co_await pause.sleep_until(again);
    }
    // Until the module ends: running requests end before the parts that they use are destroyed.
    co_await pause.wait_until(SteadyTime::max());
    co_await boost::asio::this_coro::reset_cancellation_state();
    co_await listener->stop();
    listener.reset();
  }

  void start(Listener& listener, const HostPort& at) {
    net::HttpServer::Options options;
    if (&listener == &dummy_listener_) {
      make_listenable(at.host, context_.log);
      options.takes_from = [this](const std::string& interface) { return is_pods_interface(interface); };
    }
    options.address = at.host;
    options.port = at.port;
    options.tls = tls_;
    options.limits.connections = kConnections;
    options.budget = budget_;
    options.admit = [this](net::Request& head) { return api_->admit(head); };
    listener.emplace(context_.executor, std::move(options),
                     [this](net::Request& request, net::Responder& responder) {
                       return api_->handle(request, responder);
                     });
    listener->start();
    context_.log->info("the Kubernetes API of this node is at {}://{}:{}", tls_ ? "https" : "http", at.host,
                       listener->port());
  }

  /// The address for pods lies on this machine, but Linux would answer for it at every interface.
  bool is_pods_interface(const std::string& interface) {
    if (interfaces_.is_inside(interface)) return true;
    if (outsiders_.now())
      context_.log->warn(
          "a connection to modules.metaManager.metaServer.dummyServer from network interface {} was refused: "
          "it is for this machine and its pods",
          log::quote(interface));
    return false;
  }

  [[nodiscard]] bool is_open_to_network() const {
    return !options_.require_authorization && !is_loopback(server_.host);
  }

  [[nodiscard]] Metrics::State numbers() const {
    Metrics::State state;
    state.cache_objects = cache_.objects();
    state.cache_bytes = cache_.bytes();
    state.cache_collections = cache_.collections();
    state.scopes = scopes_.size();
    state.connected = cloud_.is_connected();
    state.open_to_network = is_open_to_network();
    if (!state.connected && offline_since_) state.data_age = context_.clock.wall() - *offline_since_;
    if (state.connected) state.data_age = std::chrono::nanoseconds(0);
    state.certificate_expiry = certificate_expiry_;
    return state;
  }

  // Destroyed in reverse order: listeners and tasks before the parts that they use.
  beehive::ModuleContext& context_;
  MetaServerOptions options_;
  MetaServerDeps deps_;
  HostPort server_, dummy_;
  store::Reader reader_;
  TrustedClock trusted_;
  std::optional<WallTime> floor_kept_;
  kube::ApiResources resources_;
  Metrics metrics_;
  CloudCalls cloud_;
  ObjectCache cache_;
  AccessRules rules_;
  StoredTokens tokens_;
  SteadyTime tokens_at_{};
  net::VerificationKeys keys_;
  std::optional<TokenAuthenticator> authenticator_;
  std::shared_ptr<const net::TlsContext> tls_;
  std::optional<WallTime> certificate_expiry_, offline_since_;
  bool listening_ = false;
  bool knows_cloud_ = false;  ///< a connection was announced, and none was lost since
  async::DirectoryWatches directory_watches_;
  NodeInterfaces interfaces_;
  log::Quiet outsiders_;
  async::Event doubts_;  ///< rights, tokens or pods have changed
  async::TaskGroup tasks_;
  Scopes scopes_;
  ClientLimits limits_;
  DenialLog denials_;
  OfflineWrites offline_writes_;
  std::optional<ServingCertificate> certificate_;
  std::optional<Api> api_;
  std::shared_ptr<net::HttpBudget> budget_ = std::make_shared<net::HttpBudget>(kBudget);
  Listener main_listener_, dummy_listener_;
};

}  // namespace

beehive::ModuleFactory make_metaserver(MetaServerOptions options, MetaServerDeps deps) {
  return [options = std::move(options),
          deps](beehive::ModuleContext& context) -> std::unique_ptr<beehive::Module> {
    return std::make_unique<MetaServer>(context, options, deps);
  };
}

}  // namespace edgecore::metaserver
