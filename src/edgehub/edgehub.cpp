// SPDX-License-Identifier: Apache-2.0
#include "edgecore/edgehub/edgehub.hpp"

#include <cstring>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/status.hpp"
#include "edgehub/enrolment.hpp"
#include "edgehub/kubernetes_ca.hpp"
#include "edgehub/reconnect_delay.hpp"
#include "edgehub/session.hpp"

namespace edgecore::edgehub {
namespace {

/// Limit of messages that wait for slow modules; beyond it the session ends.
constexpr std::size_t kInboundBytes = 64U << 20U;
/// How often the renewal date is checked, because the wall clock may be set.
constexpr std::chrono::hours kRenewalCheck{1};

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  const std::string bytes = random_bytes(sizeof seed);
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

/// For as long as it lives a pointer that others look at points at an object.
template <class T>
class PointedAt {
 public:
  PointedAt(T*& by, T& object) : by_(by) { by_ = &object; }
  PointedAt(const PointedAt&) = delete;
  PointedAt& operator=(const PointedAt&) = delete;
  ~PointedAt() { by_ = nullptr; }

 private:
  T*& by_;
};

/// The states of the tunnel, in the order a node goes through them.
enum class TunnelState { kEnrolling, kConnecting, kOnline, kWaiting };

class EdgeHub final : public beehive::Module {
 public:
  EdgeHub(beehive::ModuleContext& context, EdgeHubOptions options, EdgeHubDeps deps)
      : context_(context),
        options_(std::move(options)),
        deps_(std::move(deps)),
        files_({options_.ca_file, options_.certificate_file, options_.key_file}),
        enrolment_({options_.http_server, options_.node_name, options_.handshake_timeout}, files_,
                   context.clock),
        delay_({}, random_seed()),
        tasks_(context.executor),
        inbound_(context, tasks_, kInboundBytes),
        network_up_(context.executor),
        renewal_(context.executor),
        connected_(context.executor) {}

  boost::asio::awaitable<void> run() override {
    tasks_.spawn("messages for the cloud", take_messages());
    tasks_.spawn("tunnel", keep_tunnel());
    if (deps_.watch) tasks_.spawn("network watch", watch_network());
    if (!options_.kubernetes_ca_file.empty()) tasks_.spawn("cluster CA", keep_kubernetes_ca());
    if (options_.rotate_certificates) tasks_.spawn("certificate renewal", renew_in_time());
    co_await tasks_.join();
  }

 private:
  boost::asio::awaitable<void> take_messages();
  boost::asio::awaitable<void> keep_tunnel();
  boost::asio::awaitable<Outcome<Identity>> obtain_identity();
  [[nodiscard]] std::optional<Failure> flaw_of(const Outcome<Identity>& loaded) const;
  void on_enrolled();
  boost::asio::awaitable<void> live_through(Identity identity);
  boost::asio::awaitable<void> be_online(Session& session);
  boost::asio::awaitable<void> dial(Session& session, Identity identity);
  void network_came_up();
  boost::asio::awaitable<void> pause();
  boost::asio::awaitable<void> watch_network();
  boost::asio::awaitable<void> renew_in_time();
  boost::asio::awaitable<bool> renew(Identity identity);
  std::optional<JoinToken> present_token();
  boost::asio::awaitable<void> keep_kubernetes_ca();
  void announce(const char* content);
  void answer_connection(const beehive::Message& question);
  void enter(TunnelState state) { state_ = state; }
  void complain(const std::string& about) {
    if (complaints_.now()) context_.log->warn("{} (attempt {}); trying again", about, complaints_.count());
  }

  beehive::ModuleContext& context_;
  EdgeHubOptions options_;
  EdgeHubDeps deps_;
  CredentialFiles files_;
  Enrolment enrolment_;
  ReconnectDelay delay_;
  async::TaskGroup tasks_;
  Inbound inbound_;
  JobReports job_reports_;
  TunnelState state_ = TunnelState::kWaiting;
  Session* session_ = nullptr;           ///< the live one, while online
  async::TaskGroup* attempt_ = nullptr;  ///< the dial, while connecting
  bool attempt_may_be_cut_ = true;
  bool attempt_cut_ = false;  ///< the present or last attempt was cut because a network came up
  async::Event network_up_, renewal_;
  async::Event connected_;
  SteadyTime last_attempt_{};
  log::Quiet complaints_, token_complaints_;
  bool reconnect_now_ = false;
};

boost::asio::awaitable<void> EdgeHub::take_messages() {
  for (;;) {
    const beehive::Delivery delivery = co_await context_.mailbox->receive();
    const beehive::Message& message = *delivery;
    if (message.route.resource == names::resource::kNodeConnection) {
      if (message.route.operation == names::operation::kQuery) answer_connection(message);
      continue;
    }
    if (session_ != nullptr) {
      session_->send(delivery.message());
    } else {
      const auto status = kube::Status::service_unavailable("the node is not connected to the cloud");
      context_.bus.respond(
          beehive::make_error(message, names::module::kEdgeHub, names::group::kHub, status.to_json()));
    }
  }
}

boost::asio::awaitable<void> EdgeHub::keep_tunnel() {
  for (;;) {
    enter(TunnelState::kEnrolling);
    last_attempt_ = steady_now();
    Outcome<Identity> identity = co_await obtain_identity();
    if (identity) co_await live_through(std::move(*identity));
    enter(TunnelState::kWaiting);
    if (!std::exchange(reconnect_now_, false)) co_await pause();
  }
}

std::optional<JoinToken> EdgeHub::present_token() {
  const std::string text = deps_.token ? deps_.token() : std::string();
  if (text.empty()) return std::nullopt;
  try {
    return JoinToken::parse(text);
  } catch (const BadInput& error) {
    if (token_complaints_.now()) context_.log->error("{}", error.what());
    return std::nullopt;
  }
}

std::optional<Failure> EdgeHub::flaw_of(const Outcome<Identity>& loaded) const {
  if (!loaded) return loaded.failure();
  const auto reason = unusable(*loaded, time_for_verification(context_.clock.wall(), &*loaded));
  if (!reason) return std::nullopt;
  return Failure("the certificate in " + options_.certificate_file.string() + " is not valid: " + *reason);
}

boost::asio::awaitable<Outcome<Identity>> EdgeHub::obtain_identity() {
  Outcome<Identity> loaded = files_.load();
  const auto flaw = flaw_of(loaded);
  const std::optional<JoinToken> token = present_token();
  const bool other_ca = token && loaded && !token->names(loaded->ca.der());
  if (!flaw && !other_ca) co_return loaded;
  if (!token) {
    complain(flaw->message() + ". A new certificate needs a join token: set modules.edgeHub.token");
    co_return loaded;  // where there is one the cloud decides: its clock may be right
  }
  JoinToken credential = *token;
  const Outcome<void> enrolled = co_await async::attempt(enrolment_.apply(std::move(credential)));
  if (!enrolled) {
    complain("cannot enrol at " + options_.http_server + ": " + enrolled.failure().message());
    co_return loaded;
  }
  on_enrolled();
  co_return files_.load();
}

void EdgeHub::on_enrolled() {
  context_.log->info("enrolled at {}: the certificate is in {}", options_.http_server,
                     options_.certificate_file.string());
  complaints_.reset();
  renewal_.notify();
  if (!deps_.enrolled) return;
  try {
    deps_.enrolled();
  } catch (const Error& error) {
    context_.log->warn("the used join token could not be removed from its file: {}. Remove it by hand",
                       error.what());
  }
}

boost::asio::awaitable<void> EdgeHub::live_through(Identity identity) {
  Session session(context_, options_, inbound_, job_reports_);
  enter(TunnelState::kConnecting);
  const Outcome<void> connected = co_await async::attempt(dial(session, std::move(identity)));
  if (attempt_cut_) co_return;
  if (!connected) {
    complain("cannot connect to the cloud: " + connected.failure().message());
    co_return;
  }
  bool stopping = false;
  std::string why = "its tasks ended";
  try {
    co_await be_online(session);
  } catch (const Error& error) {
    why = error.what();
  } catch (const boost::system::system_error& error) {
    stopping = error.code() == boost::asio::error::operation_aborted;
    why = stopping ? "the node is stopping" : error.what();
  }
  delay_.disconnected(steady_now());
  context_.log->info("disconnected from the cloud: {}; {}", why, session.traffic().summary());
  if (stopping) co_await boost::asio::this_coro::reset_cancellation_state();
  announce(names::content::kCloudDisconnected);
  co_await session.close();
  if (stopping) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

boost::asio::awaitable<void> EdgeHub::be_online(Session& session) {
  enter(TunnelState::kOnline);
  complaints_.reset();
  delay_.connected(steady_now());
  const PointedAt<Session> live(session_, session);
  context_.log->info("connected to the cloud at {}", options_.websocket_server);
  announce(names::content::kCloudConnected);
  connected_.notify();
  renewal_.notify();
  co_await session.run();
}

boost::asio::awaitable<void> EdgeHub::dial(Session& session, Identity identity) {
  async::TaskGroup attempt(context_.executor);
  attempt.spawn("connection attempt", session.connect(std::move(identity)));
  attempt_may_be_cut_ = !std::exchange(attempt_cut_, false);
  const PointedAt<async::TaskGroup> under_way(attempt_, attempt);
  co_await attempt.join();
}

void EdgeHub::network_came_up() {
  if (state_ == TunnelState::kOnline) return;
  delay_.network_up();
  if (state_ == TunnelState::kWaiting) return network_up_.notify();
  // TCP repeats the first packet of an attempt after ever longer pauses, so an attempt that began while the
  // link was down takes too long. It is cut and made again, but not twice in a row: interfaces of pods come
  // and go.
  const bool old = steady_now() - last_attempt_ >= std::chrono::seconds(1);
  if (attempt_ == nullptr || !attempt_may_be_cut_ || !old || attempt_->running() == 0) return;
  attempt_cut_ = true;
  attempt_->cancel();
}

/// Tells a module that was restarted, and so has missed the notice.
void EdgeHub::answer_connection(const beehive::Message& question) {
  context_.bus.respond(beehive::make_response(
      question, session_ != nullptr ? names::content::kCloudConnected : names::content::kCloudDisconnected));
}

void EdgeHub::announce(const char* content) {
  for (const char* group :
       {names::group::kTwin, names::group::kMeta, names::group::kBus, names::group::kEdged}) {
    const auto notice =
        beehive::share(beehive::make_message(names::source::kEdgeHub, group, names::operation::kConnect,
                                             names::resource::kNodeConnection, content));
    inbound_.deliver_to_group(group, notice);
  }
}

boost::asio::awaitable<void> EdgeHub::pause() {
  const SteadyTime until = std::max(last_attempt_ + delay_.next(), steady_now());
  const bool came_up = co_await network_up_.sleep_until(until);
  if (!came_up) co_return;
  // At least a second after the last attempt: the cloud may still be tearing down the old connection.
  const SteadyTime earliest = last_attempt_ + std::chrono::seconds(1);
  while (steady_now() < earliest) co_await network_up_.sleep_until(earliest);
}

boost::asio::awaitable<void> EdgeHub::watch_network() {
  const auto watch = deps_.watch(context_.executor);
  for (;;) {
    const net::InterfaceEvent event = co_await watch->next();
    if (session_ != nullptr) session_->probe();
    const bool better = event.change == net::InterfaceChange::kLinkUp ||
                        event.change == net::InterfaceChange::kAddressAdded ||
                        event.change == net::InterfaceChange::kRouteAdded ||
                        event.change == net::InterfaceChange::kLost;
    if (better) network_came_up();
  }
}

boost::asio::awaitable<void> EdgeHub::renew_in_time() {
  const double r = static_cast<double>(random_seed() % 1000) / 1000.0;
  for (;;) {
    SteadyTime next = steady_now() + kRenewalCheck;
    Outcome<Identity> identity = files_.load();
    if (identity) {
      const WallTime due = renewal_time(identity->certificate, r);
      const WallTime now = context_.clock.wall();
      if (now >= due && session_ != nullptr) {
        const bool renewed = co_await renew(std::move(*identity));
        if (!renewed) next = steady_now() + options_.renewal_retry;
      } else if (now >= due) {
        next = SteadyTime::max();  // until the next connection
      } else if (due - now < kRenewalCheck) {
        next = steady_now() + std::chrono::duration_cast<SteadyTime::duration>(due - now);
      }
    }
    co_await renewal_.sleep_until(next);
  }
}

boost::asio::awaitable<bool> EdgeHub::renew(Identity identity) {
  try {
    co_await enrolment_.renew(std::move(identity));
  } catch (const Error& error) {
    complain(std::string("cannot renew the node's certificate: ") + error.what());
    co_return false;
  }
  context_.log->info("the node's certificate was renewed; reconnecting with it");
  reconnect_now_ = true;
  if (session_ != nullptr) session_->end("the certificate was renewed");
  co_return true;
}

boost::asio::awaitable<void> EdgeHub::keep_kubernetes_ca() {
  std::chrono::seconds retry{2};
  for (;;) {
    SteadyTime next = SteadyTime::max();
    if (session_ != nullptr) {
      const bool stored = co_await fetch_kubernetes_ca(context_, options_.kubernetes_ca_file);
      if (!stored) next = steady_now() + retry;
      retry = stored ? std::chrono::seconds(2) : std::min(retry * 2, std::chrono::seconds(300));
    }
    co_await connected_.sleep_until(next);
  }
}

}  // namespace

beehive::ModuleFactory make_edgehub(EdgeHubOptions options, EdgeHubDeps deps) {
  return [options = std::move(options), deps = std::move(deps)](beehive::ModuleContext& context) {
    return std::make_unique<EdgeHub>(context, options, deps);
  };
}

}  // namespace edgecore::edgehub
