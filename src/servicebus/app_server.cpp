// SPDX-License-Identifier: Apache-2.0
#include "servicebus/app_server.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/foreign_page.hpp"
#include "servicebus/app_request.hpp"

namespace edgecore::servicebus {
namespace {

/// Bytes read beyond the limit of a body, so that the sender gets the answer and not a reset.
constexpr std::size_t kBeyondBytes = std::size_t{1} << 20;
constexpr std::chrono::seconds kUsualTimeout{60};
constexpr std::int64_t kLongestTimeout = 24 * 3600;
constexpr int kTooLarge = 413;
constexpr int kForbidden = 403;

std::chrono::milliseconds timeout_of(const config::ServiceBus& config) {
  if (config.timeout <= 0) return kUsualTimeout;
  return std::chrono::seconds(std::min(config.timeout, kLongestTimeout));
}

/// Programs on this node name themselves to nobody: all of them together may hold so much.
constexpr net::HttpBudget::Limits kBudget{.received_bytes = std::size_t{48} << 20,
                                          .unsent_bytes = std::size_t{32} << 20};

net::Response response(std::string text) {
  net::Response made;
  made.headers.add("Content-Type", "text/plain; charset=utf-8");
  made.body = std::move(text);
  return made;
}

/// A program sends what a rule lets it send; the page of a web site in a browser on this node is none.
boost::asio::awaitable<std::optional<net::Response>> refuse_foreign_page(const net::Request& head) {
  std::optional<net::Response> refusal;
  if (const auto why = net::foreign_page(head.headers, "")) {
    refusal = response(*why);
    refusal->status = kForbidden;
  }
  co_return refusal;
}

/// The content of a message as text, like Go's GetContentData (protocol/01-tunnel.md §1.4).
std::string text_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  return content.is_null() ? std::string() : kube::dump_json(content);
}

}  // namespace

AppServer::AppServer(beehive::ModuleContext& context, const TargetUrls& targets,
                     const config::ServiceBus& config, const ServiceBusTuning& tuning)
    : context_(context),
      targets_(targets),
      config_(config),
      tuning_(tuning),
      answer_within_(timeout_of(config)),
      closing_(context.executor),
      wakeup_(context.executor) {}

boost::asio::awaitable<void> AppServer::run() {
  std::exception_ptr why;
  try {
    co_await keep();
  } catch (...) {
    why = std::current_exception();
  }
  // The module is stopping: wait for calls under way before their dependencies end.
  co_await boost::asio::this_coro::reset_cancellation_state();
  if (server_) co_await server_->stop();
  server_.reset();
  closing_.cancel();
  co_await closing_.join();
  std::rethrow_exception(why);
}

boost::asio::awaitable<void> AppServer::keep() {
  auto pause = tuning_.first_pause;
  for (;;) {
    SteadyTime until = SteadyTime::max();
    if (targets_.empty() && server_) close();
    if (!targets_.empty() && !server_) {
      const bool listening = listen();
      if (!listening) until = steady_now() + pause;
      pause = listening ? tuning_.first_pause : std::min(pause * 2, tuning_.longest_pause);
    }
    co_await wakeup_.sleep_until(until);
  }
}

bool AppServer::listen() {
  try {
    if (config_.port < 1 || config_.port > 65535)
      throw BadInput("modules.serviceBus.port " + std::to_string(config_.port) +
                     " is invalid, use 1 to 65535");
    net::HttpServer::Options options;
    options.address = config_.server;
    options.port = static_cast<std::uint16_t>(config_.port);
    options.limits.connections = tuning_.connections;
    options.limits.body_bytes = kAppBodyBytes + kBeyondBytes;
    options.budget = std::make_shared<net::HttpBudget>(kBudget);
    options.admit = [](net::Request& head) { return refuse_foreign_page(head); };
    options.refusal = [](int status, const std::string&) -> std::optional<net::Response> {
      if (status != kTooLarge) return std::nullopt;
      return response(unreadable_text());
    };
    auto server = std::make_unique<net::HttpServer>(
        context_.executor, std::move(options),
        [this](net::Request& request, net::Responder& responder) { return handle(request, responder); });
    server->start();
    server_ = std::move(server);
  } catch (const Error& error) {
    if (complaints_.now())
      context_.log->error("programs on this node cannot call the cloud: {}; trying again", error.what());
    return false;
  }
  complaints_.reset();
  context_.log->info("programs on this node call the cloud at http://{}:{}", config_.server, server_->port());
  return true;
}

void AppServer::close() {
  context_.log->info("no rule lets programs on this node call the cloud any more: port {} is closed",
                     server_->port());
  closing_.spawn("end of a server", end(std::move(server_), tuning_.stop_grace));
}

boost::asio::awaitable<void> AppServer::end(std::unique_ptr<net::HttpServer> server,
                                            std::chrono::milliseconds grace) {
  // Cancelling cuts the grace period short, but the server's end is awaited all the same.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await server->stop(grace);
}

boost::asio::awaitable<void> AppServer::handle(net::Request& request, net::Responder& responder) {
  std::string body = std::move(request.body);
  std::string text = co_await answer(std::move(body));
  net::Response made = response(std::move(text));
  co_await responder.send(std::move(made));
}

boost::asio::awaitable<std::string> AppServer::answer(std::string body) {
  if (body.size() > kAppBodyBytes) co_return unreadable_text();
  const std::optional<std::string> url = target_url_of(body);
  if (!url) co_return invalid_text();
  if (!targets_.served(*url)) co_return not_allowed_text(*url);
  // Encoded as the Go edge writes bytes into a content: the cloud passes this text on unchanged
  // (protocol/04-devices.md §5.6).
  beehive::Message question = beehive::make_message(names::module::kServiceBus, names::group::kUser,
                                                    names::operation::kUpload, *url, net::base64(body));
  std::string().swap(body);
  co_return co_await ask_cloud(std::move(question));
}

boost::asio::awaitable<std::string> AppServer::ask_cloud(beehive::Message question) {
  using Kind = beehive::RequestFailed::Kind;
  const std::string id = question.header.id;
  try {
    const beehive::MessagePtr answer =
        co_await context_.bus.request(names::module::kEdgeHub, std::move(question), answer_within_);
    if (answer->route.operation != names::operation::kError)
      co_return answered_text(text_of(answer->content));
    context_.log->debug("the cloud refused a program's call: {}",
                        kube::string_or(answer->content, "message"));
  } catch (const beehive::RequestFailed& error) {
    context_.log->debug("a program's call did not reach the cloud: {}", error.what());
    if (error.kind() == Kind::kTimeout) co_return no_answer_text(id);
  }
  co_return not_sent_text(id);
}

}  // namespace edgecore::servicebus
