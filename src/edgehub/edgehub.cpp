// SPDX-License-Identifier: Apache-2.0
#include "edgecore/edgehub/edgehub.hpp"

#include <cstring>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edgecore/beehive/wakeup.hpp"
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
  boost::asio::awaitable<std::optional<Identity>> obtain_identity();
  boost::asio::awaitable<bool> enrol(JoinToken token);
  boost::asio::awaitable<void> live_through(Identity identity);
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
  beehive::TaskGroup tasks_;
  Inbound inbound_;
  JobReports job_reports_;
  TunnelState state_ = TunnelState::kWaiting;
  Session* session_ = nullptr;             ///< the live one, while online
  beehive::TaskGroup* attempt_ = nullptr;  ///< the dial, while connecting
  bool attempt_may_be_cut_ = true;
  bool attempt_cut_ = false;  ///< the present or last attempt was cut because a network came up
  beehive::Wakeup network_up_, renewal_;
  beehive::Wakeup connected_;
  SteadyTime last_attempt_{};
  log::Quiet complaints_, token_complaints_;
  bool reconnect_now_ = false;
  bool network_came_up_ = false;
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
    std::optional<Identity> identity = co_await obtain_identity();
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

boost::asio::awaitable<std::optional<Identity>> EdgeHub::obtain_identity() {
  auto loaded = files_.load();
  auto* identity = std::get_if<Identity>(&loaded);
  std::string flaw;
  if (identity == nullptr) {
    flaw = std::get<std::string>(loaded);
  } else if (auto reason = unusable(*identity, time_for_verification(context_.clock.wall(), identity))) {
    flaw = "the certificate in " + options_.certificate_file.string() + " is not valid: " + *reason;
  }
  const std::optional<JoinToken> token = present_token();
  const bool other_ca = token && identity != nullptr && !token->names(identity->ca.der());
  if (flaw.empty() && !other_ca) co_return std::move(*identity);
  if (!token) {
    complain(flaw + ". A new certificate needs a join token: set modules.edgeHub.token");
    if (identity != nullptr) co_return std::move(*identity);  // the cloud decides: its clock may be right
    co_return std::nullopt;
  }
  JoinToken credential = *token;
  const bool enrolled = co_await enrol(std::move(credential));
  if (enrolled) {
    loaded = files_.load();
    identity = std::get_if<Identity>(&loaded);
  }
  if (identity == nullptr) co_return std::nullopt;
  co_return std::move(*identity);
}

boost::asio::awaitable<bool> EdgeHub::enrol(JoinToken token) {
  std::string failure;
  try {
    co_await enrolment_.apply(std::move(token));
  } catch (const Error& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    complain("cannot enrol at " + options_.http_server + ": " + failure);
    co_return false;
  }
  context_.log->info("enrolled at {}: the certificate is in {}", options_.http_server,
                     options_.certificate_file.string());
  complaints_.reset();
  renewal_.notify();
  if (deps_.enrolled) {
    try {
      deps_.enrolled();
    } catch (const Error& error) {
      failure = error.what();
    }
    if (!failure.empty())
      context_.log->warn("the used join token could not be removed from its file: {}. Remove it by hand",
                         failure);
  }
  co_return true;
}

boost::asio::awaitable<void> EdgeHub::live_through(Identity identity) {
  Session session(context_, options_, inbound_, job_reports_);
  std::string failure;
  enter(TunnelState::kConnecting);
  try {
    co_await dial(session, std::move(identity));
  } catch (const Error& error) {
    failure = error.what();
  }
  if (attempt_cut_) co_return;
  if (!failure.empty()) {
    complain("cannot connect to the cloud: " + failure);
    co_return;
  }
  enter(TunnelState::kOnline);
  complaints_.reset();
  delay_.connected(steady_now());
  session_ = &session;
  context_.log->info("connected to the cloud at {}", options_.websocket_server);
  announce(names::content::kCloudConnected);
  connected_.notify();
  renewal_.notify();
  bool cancelled = false;
  try {
    co_await session.run();
    failure = "its tasks ended";
  } catch (const Error& error) {
    failure = error.what();
  } catch (const boost::system::system_error& error) {
    cancelled = error.code() == boost::asio::error::operation_aborted;
    failure = error.what();
  } catch (...) {
    session_ = nullptr;  // tasks that use it may still run
    throw;
  }
  session_ = nullptr;
  delay_.disconnected(steady_now());
  context_.log->info("disconnected from the cloud: {}; {}", cancelled ? "the node is stopping" : failure,
                     session.traffic().summary());
  if (cancelled) co_await boost::asio::this_coro::reset_cancellation_state();
  announce(names::content::kCloudDisconnected);
  co_await session.close();
  if (cancelled) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

boost::asio::awaitable<void> EdgeHub::dial(Session& session, Identity identity) {
  beehive::TaskGroup attempt(context_.executor);
  attempt.spawn("connection attempt", session.connect(std::move(identity)));
  attempt_may_be_cut_ = !std::exchange(attempt_cut_, false);
  attempt_ = &attempt;
  std::exception_ptr failure;
  try {
    co_await attempt.join();
  } catch (...) {
    failure = std::current_exception();
  }
  attempt_ = nullptr;
  if (failure) std::rethrow_exception(failure);
}

void EdgeHub::network_came_up() {
  if (state_ == TunnelState::kOnline) return;
  delay_.network_up();
  if (state_ == TunnelState::kWaiting) {
    network_came_up_ = true;
    network_up_.notify();
    return;
  }
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
  network_came_up_ = false;
  co_await network_up_.sleep_until(until);
  if (!network_came_up_) co_return;
  // At least a second after the last attempt: the cloud may still be tearing down the old connection.
  const SteadyTime earliest = std::max(last_attempt_ + std::chrono::seconds(1), steady_now());
  co_await network_up_.sleep_until(earliest);
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
    auto loaded = files_.load();
    if (auto* identity = std::get_if<Identity>(&loaded)) {
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
  std::string failure;
  try {
    co_await enrolment_.renew(std::move(identity));
  } catch (const Error& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    complain("cannot renew the node's certificate: " + failure);
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
