// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/hooks.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "edgecore/async/cancellation.hpp"
#include "edgecore/async/sleep.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kHookUserAgent = "kube-lifecycle/1.28";

/// Sends one request; the URL that the answer redirects to, if any.
asio::awaitable<std::optional<std::string>> send_once(net::ClientRequest request) {
  std::optional<std::string> next;
  const std::string url = request.url;
  request.on_body = [](std::string_view) {};  // the body is discarded
  request.on_head = [&next, &url](int status, const net::Headers& headers) {
    next = redirect_on_same_host(url, status, headers.get("Location"));
  };
  co_await net::fetch(std::move(request));
  co_return next;
}

/// Why the request got no answer, of whatever status; nullopt when it got one. Follows redirects.
asio::awaitable<std::optional<net::NetError>> send(net::ClientRequest request) {
  std::optional<net::NetError> problem;
  try {
    for (int hop = 0; hop <= kProbeRedirects; ++hop) {
      net::ClientRequest one = request;
      const std::optional<std::string> next = co_await send_once(std::move(one));
      if (!next) co_return std::nullopt;
      request.url = *next;
    }
    problem.emplace(net::NetFailure::kProtocol, "The server redirects too often.");
  } catch (const net::NetError& what) {
    problem = what;
  }
  co_return problem;
}

}  // namespace

Hooks::Hooks(cri::Runtime& runtime, log::Logger log) : runtime_(runtime), log_(std::move(log)) {
  net::ClientTlsOptions options;
  options.verify_peer = false;
  options.verify_host = false;
  any_server_ = net::TlsContext::client(options);
}

asio::awaitable<std::optional<std::string>> Hooks::post_start(kube::Handler handler, ProbeTarget target) {
  if (std::holds_alternative<std::monostate>(handler)) co_return std::nullopt;
  std::optional<std::string> problem = co_await run(std::move(handler), std::move(target));
  if (problem) problem = "The postStart hook failed: " + *problem;
  co_return problem;
}

asio::awaitable<std::chrono::steady_clock::duration> Hooks::pre_stop(kube::Handler handler,
                                                                     ProbeTarget target,
                                                                     std::chrono::seconds grace) {
  const auto began = steady_now();
  if (std::holds_alternative<std::monostate>(handler) || grace <= 0s) co_return 0s;
  const std::string id = target.container_id;
  using namespace asio::experimental::awaitable_operators;
  asio::awaitable<std::optional<std::string>> hook = run(std::move(handler), std::move(target));
  asio::awaitable<void> time = async::sleep_for(grace);
  asio::awaitable<std::variant<std::optional<std::string>, std::monostate>> either =
      std::move(hook) || std::move(time);
  const std::variant<std::optional<std::string>, std::monostate> first = co_await std::move(either);
  if (const auto* result = std::get_if<0>(&first)) {
    if (*result) log_->warn("the preStop hook of container {} failed: {}", id, **result);
  } else {
    log_->warn("the preStop hook of container {} did not end within its grace period of {} s", id,
               grace.count());
  }
  co_return steady_now() - began;
}

asio::awaitable<std::optional<std::string>> Hooks::run(kube::Handler handler, ProbeTarget target) {
  std::optional<std::string> problem;
  try {
    if (const auto* exec = std::get_if<kube::ExecAction>(&handler)) {
      const cri::ExecResult result =
          co_await runtime_.exec_sync(target.container_id, exec->command, std::chrono::seconds(0));
      if (result.exit_code != 0)
        problem = fmt::format("the command ended with exit code {}: {}", result.exit_code,
                              log::quote(result.out + result.err, kAnswerTextBytes));
    } else if (const auto* http = std::get_if<kube::HttpGetAction>(&handler)) {
      problem = co_await run_http(*http, std::move(target));
    } else {
      problem = "a hook can only be a command or an HTTP request";
    }
  } catch (const std::exception& what) {
    problem = log::quote(what.what(), kAnswerTextBytes);
  }
  co_await async::throw_when_cancelled();
  co_return problem;
}

asio::awaitable<std::optional<std::string>> Hooks::run_http(const kube::HttpGetAction& action,
                                                            ProbeTarget target) {
  const net::ClientRequest plain = http_request(action, target, kHookUserAgent);
  net::ClientRequest request = plain;
  const bool tls = request.url.starts_with("https");
  request.tls = any_server_;
  std::optional<net::NetError> problem = co_await send(std::move(request));
  if (problem && tls && problem->failure() == net::NetFailure::kTls) {
    // TLS is not verified, so a failed handshake means that the server does not speak TLS. Retry in plain
    // HTTP, without credentials.
    net::ClientRequest again = plain;
    again.tls = any_server_;
    again.url.replace(0, 5, "http");
    again.headers.remove("Authorization");
    problem = co_await send(std::move(again));
  }
  if (!problem) co_return std::nullopt;
  co_return log::quote(problem->what(), kAnswerTextBytes);
}

kube::Handler parse_hook(std::string_view annotation) {
  if (annotation.empty()) return {};
  try {
    // Wrapped in a container, so that the pod's parser checks it.
    const Json hook = kube::parse_json(annotation);
    const Json container = {{"name", "c"}, {"image", "i"}, {"lifecycle", {{"preStop", hook}}}};
    const kube::PodPtr pod = kube::parse_pod({{"metadata", {{"name", "p"}, {"namespace", "n"}, {"uid", "u"}}},
                                              {"spec", {{"containers", Json::array({container})}}}});
    return pod->spec.containers.front().pre_stop;
  } catch (const BadInput&) {
  } catch (const Json::exception&) {
  }
  return {};
}

}  // namespace edgecore::edged
