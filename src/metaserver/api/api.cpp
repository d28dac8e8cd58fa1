// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/api.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/foreign_page.hpp"
#include "metaserver/access/access_reviews.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/body.hpp"
#include "metaserver/http/impersonation.hpp"
#include "metaserver/http/metrics.hpp"

namespace edgecore::metaserver {

namespace {

/// 0 if the head does not say it.
std::size_t length_of(const net::Request& head) {
  return to_number<std::size_t>(head.headers.get("Content-Length")).value_or(0);
}

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)) {}

struct Api::Admission {
  SteadyTime begin;
  RequestInfo info;
  UserPtr user;
  std::string client;
  ClientLimits::Ticket ticket;
};

boost::asio::awaitable<std::optional<net::Response>> Api::admit(net::Request& head) {
  const auto admission = std::make_shared<Admission>();
  admission->begin = parts_.context.clock.steady();
  kube::Status refusal;
  try {
    co_await judge(head, *admission);
    head.admission = admission;
    co_return std::nullopt;
  } catch (const ApiError& error) {
    refusal = error.status();
  } catch (const BadInput& bad) {
    refusal = kube::Status::bad_request(bad.what());
  } catch (const Error& failure) {
    parts_.context.log->error("{} {} failed: {}", head.method, log::quote(head.target), failure.what());
    refusal = failure_status(failure, failure.what());
  }
  parts_.metrics.request(metric_verb(admission->info.verb), refusal.code,
                         parts_.context.clock.steady() - admission->begin);
  co_return answers_.refusal(refusal);
}

Done Api::judge(const net::Request& head, Admission& into) {
  refuse_impersonation(head.headers);
  if (parts_.authenticator == nullptr)
    if (const auto why = net::foreign_page(head.headers, parts_.options.node_name)) forbidden(*why);
  into.user = co_await identity_.identify(head);
  into.info = parse_request(head.method, head.target);
  identity_.permit(head, into.info, *into.user);
  if (is_review(into.info.group, into.info.resource)) check_body_size(length_of(head), kMaxReviewBytes);
  into.client = identity_.client_of(head, *into.user);
  into.ticket = enter(head, into);
}

ClientLimits::Ticket Api::enter(const net::Request& head, const Admission& admission) {
  const RequestInfo& info = admission.info;
  const auto follow = info.target.find("follow");
  const bool follows = info.subresource == "log" && follow && *follow != "0" && *follow != "false";
  const bool is_stream = info.verb == "watch" || follows;
  // A body of unknown length counts as the largest one.
  const std::size_t length = head.headers.has("Transfer-Encoding") ? kMaxBodyBytes : length_of(head);
  return parts_.limits.enter(admission.client,
                             is_stream ? ClientLimits::Kind::kStream : ClientLimits::Kind::kRequest, length,
                             parts_.context.clock.steady());
}

boost::asio::awaitable<void> Api::handle(net::Request& request, net::Responder& responder) {
  auto admission = std::static_pointer_cast<Admission>(std::move(request.admission));
  const SteadyTime begin = admission->begin;
  Call call{request,
            responder,
            std::move(admission->info),
            std::move(admission->user),
            std::move(admission->client),
            std::move(admission->ticket),
            nullptr,
            0};
  admission.reset();  // a watch may last an hour
  responder.set_client(call.client);
  std::optional<kube::Status> refusal;
  try {
    co_await serve(call);
  } catch (const ApiError& error) {
    refusal = error.status();
  } catch (const BadInput& bad) {
    refusal = kube::Status::bad_request(bad.what());
  } catch (const net::NetError&) {
    throw;  // the client is gone
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;
    refusal = kube::Status::internal(failure.what());
  } catch (const Error& failure) {
    parts_.context.log->error("{} {} failed: {}", request.method, log::quote(request.target), failure.what());
    refusal = failure_status(failure, failure.what());
  }
  if (refusal && !responder.answered()) co_await answers_.send_status(call, *refusal);
  if (refusal) call.code = refusal->code;
  parts_.metrics.request(metric_verb(call.info.verb), call.code, parts_.context.clock.steady() - begin);
}

void Api::judge_streams() {
  if (parts_.authenticator == nullptr || streams_.size() == 0) return;
  try {
    parts_.look_at_tokens();
    streams_.judge();
  } catch (const Error& failure) {
    parts_.context.log->error("the rights of open streams cannot be looked up: {}; trying again",
                              failure.what());
  }
}

Done Api::serve(Call& call) {
  expect_room(call);
  if (call.info.is_resource) {
    co_await serve_resource(call);
  } else {
    co_await documents_.serve(call);
  }
}

Done Api::find_resource(Call& call) {
  const RequestInfo& info = call.info;
  call.resource = parts_.resources.find(info.group, info.version, info.resource);
  if (call.resource) co_return;
  co_await documents_.fetch_definitions(call);
  call.resource = parts_.resources.find(info.group, info.version, info.resource);
  if (!call.resource) throw ApiError(no_such_path());
}

Done Api::serve_resource(Call& call) {
  co_await find_resource(call);
  const Handler handler = handler_of(call);
  if (handler == nullptr)
    throw ApiError(kube::Status::method_not_allowed(call.info.resource, call.request.method));
  co_await handler(*this, call);
}

/// The handler of a verb.
struct Api::VerbHandler {
  std::string_view verb;
  Handler handle;
};
/// The handler of a subresource; "" fits any resource of any group, and any verb.
struct Api::SubresourceHandler {
  std::string_view core_resource, subresource, verb;
  Handler handle;
};

/// null for a verb that the resource does not have. Throws ApiError (404) for a namespaced path of a resource
/// without namespaces.
Api::Handler Api::handler_of(const Call& call) {
  static constexpr Handler kRestart = [](Api& api, Call& of) { return api.pods_.restart(of); };
  static constexpr Handler kReview = [](Api& api, Call& of) { return api.writes_.review(of); };
  static constexpr Handler kStream = [](Api&, Call& of) -> Done { PodRequests::refuse_stream(of); };
  static constexpr std::array<SubresourceHandler, 7> kSubresources{{
      {"pods", "exec", "", kStream},
      {"pods", "attach", "", kStream},
      {"pods", "portforward", "", kStream},
      {"pods", "proxy", "", kStream},
      {"pods", "log", "", [](Api& api, Call& of) { return api.pods_.log(of); }},
      {"serviceaccounts", "token", "create", [](Api& api, Call& of) { return api.writes_.issue_token(of); }},
      {"", "scale", "", [](Api& api, Call& of) { return api.writes_.scale(of); }},
  }};
  static constexpr std::array<VerbHandler, 8> kVerbs{{
      {"get", [](Api& api, Call& of) { return api.reads_.get(of); }},
      {"list", [](Api& api, Call& of) { return api.reads_.list(of); }},
      {"watch", [](Api& api, Call& of) { return api.reads_.watch(of); }},
      {"create", [](Api& api, Call& of) { return api.writes_.create(of); }},
      {"update", [](Api& api, Call& of) { return api.writes_.update(of); }},
      {"patch", [](Api& api, Call& of) { return api.writes_.patch(of); }},
      {"delete", [](Api& api, Call& of) { return api.writes_.remove(of); }},
      {"deletecollection", [](Api& api, Call& of) { return api.writes_.remove_collection(of); }},
  }};
  const RequestInfo& info = call.info;
  const bool is_pods = info.group.empty() && info.resource == "pods";
  if (is_pods && info.verb == "create" && info.name == "restart") return kRestart;
  if (!call.resource->namespaced && !info.ns.empty() && info.resource != "namespaces")
    throw ApiError(no_such_path());
  if (is_review(info.group, info.resource)) return kReview;
  const auto sub = std::find_if(kSubresources.begin(), kSubresources.end(), [&](const auto& known) {
    const bool fits =
        known.core_resource.empty() || (info.group.empty() && known.core_resource == info.resource);
    return fits && known.subresource == info.subresource && (known.verb.empty() || known.verb == info.verb);
  });
  if (sub != kSubresources.end()) return sub->handle;
  const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(),
                                 [&](const VerbHandler& known) { return known.verb == info.verb; });
  return verb == kVerbs.end() ? nullptr : verb->handle;
}

}  // namespace edgecore::metaserver
