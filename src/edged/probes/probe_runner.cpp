// SPDX-License-Identifier: Apache-2.0
#include "edged/probes/probe_runner.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/cancellation.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/reach.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kProbeUserAgent = "kube-probe/1.28";
/// Limit of the answer's body; the rest is not read.
constexpr std::size_t kBodyBytes = 10U << 10U;

/// Thrown to stop reading a body beyond the limit.
struct EnoughRead {};

ProbeReply success(std::string text) {
  return {ProbeReply::Kind::kSuccess, std::move(text)};
}
ProbeReply failure(std::string text) {
  return {ProbeReply::Kind::kFailure, std::move(text)};
}
ProbeReply error(std::string text) {
  return {ProbeReply::Kind::kError, std::move(text)};
}

struct HttpAnswer {
  int status = 0;
  std::string location, body;
};

asio::awaitable<HttpAnswer> ask(net::ClientRequest request) {
  HttpAnswer answer;
  request.on_head = [&answer](int status, const net::Headers& headers) {
    answer.status = status;
    answer.location = std::string(headers.get("Location"));
  };
  request.on_body = [&answer](std::string_view piece) {
    answer.body += piece.substr(0, kBodyBytes - answer.body.size());
    if (answer.body.size() == kBodyBytes) throw EnoughRead();
  };
  try {
    co_await net::fetch(std::move(request));
  } catch (const EnoughRead&) {
  }
  co_return answer;
}

}  // namespace

std::optional<std::string> redirect_on_same_host(const std::string& from, int status,
                                                 std::string_view location) {
  static const std::set<int> kRedirecting{301, 302, 303, 307, 308};
  if (!kRedirecting.contains(status) || location.empty()) return std::nullopt;
  const net::Url base = net::Url::parse(from);
  const auto next = net::resolve_location(base, location);
  if (!next || next->host != base.host) return std::nullopt;
  return next->scheme + "://" + next->authority() + next->target;
}

std::optional<std::uint16_t> resolve_port(const kube::IntOrString& port, const kube::Container& container) {
  std::int32_t number = 0;
  if (const auto* given = std::get_if<std::int32_t>(&port.value)) {
    number = *given;
  } else {
    const auto& name = std::get<std::string>(port.value);
    for (const auto& each : container.ports) {
      if (each.name == name) number = each.container_port;
    }
    // The Go edge accepts a number in quotes as well.
    if (number == 0 && name.size() <= 5) number = to_number<std::int32_t>(name).value_or(0);
  }
  if (number <= 0 || number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

net::ClientRequest http_request(const kube::HttpGetAction& action, const ProbeTarget& target,
                                std::string_view user_agent) {
  static const kube::Container kNoContainer;
  const auto port = resolve_port(action.port, target.container != nullptr ? *target.container : kNoContainer);
  if (!port) throw BadInput("The container has no such port for the HTTP request.");
  std::string host = action.host.empty() ? target.pod_ip : action.host;
  if (host.empty()) throw BadInput("The pod has no address yet.");
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";

  std::string path = action.path.substr(0, action.path.find('#'));
  if (!path.starts_with('/')) path.insert(0, "/");
  for (auto space = path.find(' '); space != std::string::npos; space = path.find(' ', space))
    path.replace(space, 1, "%20");

  net::ClientRequest request;
  const bool tls = iequals(action.scheme, "https");
  request.url = fmt::format("{}://{}:{}{}", tls ? "https" : "http", host, *port, path);
  for (const auto& [name, value] : action.headers) {
    // An empty Accept in the pod means that the header is not sent.
    if (iequals(name, "Accept") && value.empty()) continue;
    request.headers.add(name, value);
  }
  const bool accept_given =
      std::ranges::any_of(action.headers, [](const auto& header) { return iequals(header.first, "Accept"); });
  if (!accept_given) request.headers.add("Accept", "*/*");
  if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", std::string(user_agent));
  request.owner = target.pod_uid;
  request.timeout = std::chrono::milliseconds(0);
  return request;
}

ProbeRunner::ProbeRunner(cri::Runtime& runtime, cri::GrpcHealthChecker* health)
    : runtime_(runtime), health_(health) {
  net::ClientTlsOptions options;
  options.verify_peer = false;
  options.verify_host = false;
  any_server_ = net::TlsContext::client(options);
}

boost::asio::awaitable<ProbeReply> ProbeRunner::run(const kube::Handler& handler,
                                                    std::chrono::seconds timeout, ProbeTarget target) {
  ProbeReply reply = error("The probe has no handler.");
  try {
    if (const auto* exec = std::get_if<kube::ExecAction>(&handler)) {
      reply = co_await run_exec(*exec, timeout, std::move(target.container_id));
    } else if (const auto* http = std::get_if<kube::HttpGetAction>(&handler)) {
      reply = co_await run_http(*http, timeout, std::move(target));
    } else if (const auto* tcp = std::get_if<kube::TcpSocketAction>(&handler)) {
      reply = co_await run_tcp(*tcp, timeout, std::move(target));
    } else if (const auto* grpc = std::get_if<kube::GrpcAction>(&handler)) {
      reply = co_await run_grpc(*grpc, timeout, std::move(target.pod_ip));
    }
  } catch (const std::exception& problem) {
    reply = error(problem.what());
  }
  co_await async::throw_when_cancelled();
  co_return reply;
}

boost::asio::awaitable<ProbeReply> ProbeRunner::run_exec(const kube::ExecAction& action,
                                                         std::chrono::seconds timeout,
                                                         std::string container_id) {
  try {
    const cri::ExecResult result = co_await runtime_.exec_sync(container_id, action.command, timeout);
    const std::string text = log::quote(result.out + result.err, kAnswerTextBytes);
    if (result.exit_code == 0) co_return success(text);
    co_return failure(fmt::format("the command ended with exit code {}: {}", result.exit_code, text));
  } catch (const cri::CallError& problem) {
    if (problem.deadline_exceeded())
      co_return failure(fmt::format("the command did not end within {} s", timeout.count()));
    co_return error(log::quote(problem.what(), kAnswerTextBytes));
  }
}

boost::asio::awaitable<ProbeReply> ProbeRunner::run_http(const kube::HttpGetAction& action,
                                                         std::chrono::seconds timeout, ProbeTarget target) {
  const net::ClientRequest first = http_request(action, target, kProbeUserAgent);
  const auto deadline = steady_now() + timeout;
  std::string url = first.url;
  for (int hop = 0; hop <= kProbeRedirects; ++hop) {
    net::ClientRequest request = first;
    request.url = url;
    if (url.starts_with("https")) request.tls = any_server_;
    request.timeout =
        std::max(std::chrono::milliseconds(1),
                 std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now()));
    const auto asked = co_await async::attempt<net::NetError>(ask(std::move(request)));
    if (!asked) co_return failure(log::quote(asked.failure().message(), kAnswerTextBytes));
    const HttpAnswer& answer = *asked;
    if (auto next = redirect_on_same_host(url, answer.status, answer.location)) {
      url = std::move(*next);
      continue;
    }
    const std::string text = fmt::format("HTTP status {}", answer.status);
    if (answer.status >= 200 && answer.status < 400) co_return success(text);
    co_return failure(text + ": " + log::quote(answer.body, kAnswerTextBytes));
  }
  co_return failure(fmt::format("redirected more than {} times", kProbeRedirects));
}

boost::asio::awaitable<ProbeReply> ProbeRunner::run_tcp(const kube::TcpSocketAction& action,
                                                        std::chrono::seconds timeout, ProbeTarget target) {
  static const kube::Container kNoContainer;
  const auto port = resolve_port(action.port, target.container != nullptr ? *target.container : kNoContainer);
  if (!port) co_return error("The container has no such port for the TCP probe.");
  std::string host = action.host.empty() ? target.pod_ip : action.host;
  if (host.empty()) co_return error("The pod has no address yet.");
  try {
    co_await net::reach(std::move(host), *port, timeout, std::move(target.pod_uid));
  } catch (const net::NetError& problem) {
    co_return failure(log::quote(problem.what(), kAnswerTextBytes));
  }
  co_return success("connected");
}

boost::asio::awaitable<ProbeReply> ProbeRunner::run_grpc(const kube::GrpcAction& action,
                                                         std::chrono::seconds timeout, std::string host) {
  if (health_ == nullptr) co_return error("This program was built without gRPC: the probe cannot run.");
  if (host.empty()) co_return error("The pod has no address yet.");
  cri::HealthQuestion question;
  question.host = std::move(host);
  question.port = static_cast<std::uint16_t>(action.port);
  question.service = action.service;
  question.timeout = timeout;
  cri::HealthAnswer answer = co_await health_->check(std::move(question));
  if (answer.kind == cri::HealthAnswer::Kind::kServing) co_return success("serving");
  co_return failure(log::quote(answer.text, kAnswerTextBytes));
}

}  // namespace edgecore::edged
