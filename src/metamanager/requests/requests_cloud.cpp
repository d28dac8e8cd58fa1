// SPDX-License-Identifier: Apache-2.0
// The half of Requests that asks the cloud and stores its answers.
#include <algorithm>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/metamanager/ack.hpp"
#include "edgecore/store/awaitable.hpp"
#include "metamanager/delivery/handover.hpp"
#include "metamanager/objects/token.hpp"
#include "metamanager/requests/answers.hpp"
#include "metamanager/requests/requests.hpp"

namespace edgecore::metamanager {
namespace {

namespace op = names::operation;
namespace type = names::resource;

bool is_object(const kube::CloudReply& reply) {
  return reply.kind == kube::ReplyKind::kObject;
}

/// Types by which the cloud decides whether this node is alive.
bool keeps_node_alive(const std::string& token) {
  return token == type::kLease || token == type::kNode || token == type::kNodePatch;
}

/// A patch in the cloud's format: a string that holds JSON (protocol/02-metamanager.md §3.4).
Json patch_text(const Json& content) {
  return content.is_string() ? content : Json(kube::dump_json(content));
}

/// Types whose every change edged is told (docs/messages.md).
bool concerns_kubelet(const std::string& token) {
  return token == type::kConfigMap || token == type::kSecret;
}

}  // namespace

boost::asio::awaitable<Cloud::Answer> Requests::ask(const char* operation, const beehive::ResourcePath& path,
                                                    Json content, const std::string& object_type) {
  // The cloud drops messages whose source is a module of its own (§0 item 7), so all have source edged.
  beehive::Message question =
      beehive::make_message(names::module::kEdged, names::group::kMeta, operation,
                            beehive::resource_path(path.ns, path.type, path.name), std::move(content));
  const auto patience = keeps_node_alive(path.type) ? std::min(parts_.node_answer, parts_.cloud.timeout())
                                                    : parts_.cloud.timeout();
  Cloud::Answer answer = co_await parts_.cloud.ask(std::move(question), patience);
  if (is_object(answer.reply)) {
    fill_kind(answer.reply.object, object_type);
    if (answer.reply.object.value("kind", Json()) != Json("TokenRequest") &&
        !is_servable(answer.reply.object)) {
      answer.reply =
          broken_answer(kube::Status::internal("the cloud's answer is an object without a kind or name"));
    }
  }
  co_return answer;
}

boost::asio::awaitable<Cloud::Answer> Requests::query(const beehive::ResourcePath& path) {
  Json nothing;
  return ask(op::kQuery, path, std::move(nothing), path.type);
}

boost::asio::awaitable<bool> Requests::run_job(store::Job job, std::size_t bytes, const std::string& what) {
  try {
    co_await store::async_write(parts_.store, std::move(job), bytes);
  } catch (const Error& failure) {
    parts_.context.log->error("{} could not be stored: {}", log::quote(what), failure.what());
    co_return false;
  }
  co_return true;
}

boost::asio::awaitable<std::optional<WriteOutcome>> Requests::keep(const beehive::ResourcePath& path,
                                                                   Json& object, bool only_if_present) {
  const auto write = make_write(parts_.kinds, path, object, only_if_present);
  const auto outcome = std::make_shared<WriteOutcome>();
  store::Job job = [write, outcome](store::Transaction& into) { *outcome = apply(into, *write); };
  const std::string key = row_key(path);
  const bool done = co_await run_job(std::move(job), write->text->size(), key);
  if (!done) co_return std::nullopt;
  if (outcome->kind == WriteOutcome::Kind::kStored) co_await parts_.feed.stored(write);
  if (outcome->kind == WriteOutcome::Kind::kStale && !only_if_present) {
    auto newer = read_row(outcome->newer, path.type);
    if (newer) object = std::move(*newer);
  }
  co_return *outcome;
}

boost::asio::awaitable<void> Requests::keep_node(const Json& node) {
  if (!parts_.node.take(node)) co_return;
  beehive::ResourcePath path;
  path.ns = "null";
  path.type = type::kNode;
  path.name = parts_.node_name;
  Json copy = node;
  const auto kept = co_await keep(path, copy, false);
  if (kept) parts_.node.written(node);
}

Requests::Reply Requests::fetch(RequestKind kind, const beehive::ResourcePath& path, const Json& asked) {
  if (kind == RequestKind::kToken) co_return co_await fetch_token(path, asked);
  if (kind == RequestKind::kTracked) co_return co_await fetch_tracked(path);
  if (kind == RequestKind::kGetPod) co_return co_await fetch_missing_pod(path);
  Cloud::Answer answer = co_await query(path);
  if (is_object(answer.reply)) {
    if (kind == RequestKind::kNode) co_await keep_node(answer.reply.object);
    if (kind == RequestKind::kGetLease && path.name == parts_.node_name) {
      parts_.lease.take(answer.reply.object);
    }
  }
  co_return std::move(answer.reply);
}

Requests::Reply Requests::fetch_tracked(const beehive::ResourcePath& path) {
  const unsigned session = parts_.freshness.session();
  Cloud::Answer answer = co_await query(path);
  bool settled = true;
  if (is_object(answer.reply)) {
    const auto kept = co_await keep(path, answer.reply.object, false);
    settled = kept.has_value();
    const bool news_to_others = settled && (kept->replaced || left_.contains(row_key(path)));
    if (settled) parts_.freshness.confirm(row_key(path), session);
    if (news_to_others && concerns_kubelet(path.type)) {
      beehive::MessagePtr news = beehive::share(
          beehive::make_message(names::source::kEdgeController, names::group::kResource, op::kUpdate,
                                beehive::resource_path(path.ns, path.type, path.name), answer.reply.object));
      // Pods may still show the version before. The cloud will not push this one: it is acknowledged here.
      parts_.tasks.spawn("news of an answer",
                         hand_over(parts_.context, names::module::kEdged, std::move(news)));
    }
  } else if (path.type == type::kVolumeAttachment && answer.reply.status.is(kube::reason::kNotFound) &&
             answer.reply.kind == kube::ReplyKind::kRefused) {
    // Pushed deletions of this type are not trusted (§5.4 item 5); a NotFound is.
    const auto removal = make_removal(parts_.kinds, path, Json::object());
    store::Job job = [removal](store::Transaction& from) { apply(from, *removal); };
    const std::string key = row_key(path);
    settled = co_await run_job(std::move(job), 0, key);
    if (settled) co_await parts_.feed.removed(removal);
  }
  // An answer that could not be stored is not acknowledged: the cloud sends it again, as a late reply.
  if (settled && answer.message && answer.message->route.operation == op::kResponse) {
    beehive::Message ack = make_ack(*answer.message);
    co_await parts_.cloud.tell(std::move(ack));
  }
  co_return std::move(answer.reply);
}

Requests::Reply Requests::fetch_token(const beehive::ResourcePath& path, const Json& asked) {
  Json question = asked;
  Cloud::Answer answer = co_await ask(op::kQuery, path, std::move(question), path.type);
  if (!is_object(answer.reply)) co_return std::move(answer.reply);
  if (kube::string_or(answer.reply.object, "status.token").empty()) {
    co_return broken_answer(kube::Status::internal("the cloud answered with a TokenRequest without a token"));
  }
  answer.reply.object = bound_token(asked, std::move(answer.reply.object));
  std::string text = kube::dump_json(answer.reply.object);
  const std::size_t bytes = text.size();
  store::Job job = [path, asked, text = std::move(text)](store::Transaction& into) {
    keep_token(into, path.ns, path.name, asked, text);
  };
  const std::string what = "the token of " + path.ns + "/" + path.name;
  co_await run_job(std::move(job), bytes, what);
  co_return std::move(answer.reply);
}

Requests::Reply Requests::fetch_missing_pod(const beehive::ResourcePath& path) {
  beehive::Message probe = pod_probe(path.ns, path.name, {});
  Cloud::Answer answer = co_await parts_.cloud.ask(std::move(probe));
  if (!is_object(answer.reply)) co_return std::move(answer.reply);
  fill_kind(answer.reply.object, type::kPod);
  if (!is_servable(answer.reply.object) ||
      kube::string_or(answer.reply.object, "spec.nodeName") != parts_.node_name) {
    co_return not_found(path);
  }
  co_await keep(path, answer.reply.object, false);
  co_return std::move(answer.reply);
}

Requests::Reply Requests::forward(const beehive::Message& request, const beehive::ResourcePath& path) {
  Json content = request.content;
  Cloud::Answer answer = co_await ask(request.route.operation.c_str(), path, std::move(content), path.type);
  co_return std::move(answer.reply);
}

Requests::Reply Requests::write_lease(const beehive::Message& request, const beehive::ResourcePath& path) {
  kube::CloudReply reply = co_await forward(request, path);
  if (path.name == parts_.node_name) {
    if (is_object(reply)) {
      parts_.lease.take(reply.object);
    } else {
      parts_.lease.forget();
    }
  }
  co_return reply;
}

Requests::Reply Requests::create_node(const beehive::Message& request, const beehive::ResourcePath& path) {
  kube::CloudReply reply = co_await forward(request, path);
  if (is_object(reply) && path.name == parts_.node_name) {
    parts_.node.forget();  // the known copy was of another Node
    co_await keep_node(reply.object);
  }
  if (reply.status.is(kube::reason::kAlreadyExists)) parts_.node.doubt();
  co_return reply;
}

Requests::Reply Requests::patch_node(const beehive::Message& request, const beehive::ResourcePath& path) {
  Json patch = patch_text(request.content);
  Cloud::Answer answer = co_await ask(op::kPatch, path, std::move(patch), type::kNode);
  if (path.name == parts_.node_name) {
    if (is_object(answer.reply)) co_await keep_node(answer.reply.object);
    if (answer.reply.kind == kube::ReplyKind::kRefused && answer.reply.status.is(kube::reason::kNotFound)) {
      parts_.node.doubt();
    }
  }
  co_return std::move(answer.reply);
}

Requests::Reply Requests::patch_pod(const beehive::Message& request, const beehive::ResourcePath& path) {
  Json patch = patch_text(request.content);
  Cloud::Answer answer = co_await ask(op::kPatch, path, std::move(patch), type::kPod);
  if (is_object(answer.reply)) {
    beehive::ResourcePath pod = path;
    pod.type = type::kPod;
    co_await keep(pod, answer.reply.object, true);
  } else if (says_gone(answer.reply)) {
    parts_.gone_pods.suspect(path.ns, path.name,
                             kube::string_or(decoded_content(request.content), "metadata.uid"));
  }
  co_return std::move(answer.reply);
}

Requests::Reply Requests::create_pod(const beehive::Message& request, const beehive::ResourcePath& path) {
  kube::CloudReply reply = co_await forward(request, path);
  if (is_object(reply)) co_await keep(path, reply.object, false);
  co_return reply;
}

Requests::Reply Requests::delete_pod(const beehive::Message& request, const beehive::ResourcePath& path) {
  // The cloud takes a string for a uid, and does not answer content that it cannot read (§3.3).
  Json options = decoded_content(request.content);
  if (!options.is_object())
    co_return refusal(kube::Status::bad_request("the content is not a DeleteOptions object"));
  Cloud::Answer answer = co_await ask(op::kDelete, path, std::move(options), path.type);
  // The row is removed when the cloud pushes the deletion.
  co_return std::move(answer.reply);
}

}  // namespace edgecore::metamanager
