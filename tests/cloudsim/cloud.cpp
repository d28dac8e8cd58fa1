// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/cloud.hpp"

#include <chrono>

#include "cloudsim/pause.hpp"
#include "cloudsim/responses.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::cloudsim {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kStateBytes = std::size_t{256} << 20;
constexpr auto kTokenLife = std::chrono::hours(24);

/// Runs one round of a loop; logs a failure and leaves the rest to the next round.
template <typename Round>
void attempt(const char* what, const Round& round) {
  try {
    round();
  } catch (const std::exception& error) {
    log::get("cloudsim")->error("cannot finish {}: {}", what, error.what());
  }
}

}  // namespace

Cloud::Cloud(asio::any_io_executor executor, const Options& options)
    : executor_(executor),
      state_file_(options.state.empty() ? options.folder / "state.json" : options.state),
      authority_(options.folder, clock_),
      cluster_(clock_),
      records_(cluster_),
      hub_(executor, authority_, faults_, records_, traffic_, options.hub_port),
      dynamic_(cluster_, authority_, hub_, faults_, traffic_),
      upstream_(cluster_, authority_, dynamic_, hub_, traffic_),
      router_(executor, cluster_, hub_, faults_, options.router_port),
      edge_(cluster_, records_, hub_),
      policy_(cluster_, hub_),
      require_authorization_(options.require_authorization),
      controllers_(cluster_, authority_),
      enrolment_(executor, authority_, faults_, clock_, options.http_port),
      api_(executor, cluster_, authority_, options.api_port,
           [this](const net::Request& request) { return sim_request(request); }),
      changed_(executor),
      tasks_(executor) {
  if (const auto saved = read_file(state_file_, kStateBytes)) {
    kube::JsonLimits limits;
    limits.max_bytes = kStateBytes;
    limits.max_values = 50'000'000;
    cluster_.load(kube::parse_json(*saved, "The saved state", limits));
    saved_version_ = cluster_.version();
  }
  cluster_.bootstrap(authority_.cluster_ca_pem());
  hub_.set_dispatch(
      [this](const std::string& node, const beehive::Message& message) { upstream_.handle(node, message); });
  upstream_.set_uploads(
      [this](const std::string& node, const beehive::Message& message) { router_.uploaded(node, message); });
  cluster_.observe([this](const Change& change) {
    changes_.push_back(change);
    changed_.notify();
  });
}

void Cloud::start() {
  publish_token();
  edge_.replay();
  if (require_authorization_) policy_.replay();
  router_.replay();
  hub_.start();
  router_.start();
  enrolment_.start();
  api_.start();
  tasks_.spawn("changes", change_loop());
  tasks_.spawn("sync", sync_loop());
  tasks_.spawn("leases", cluster_loop());
  tasks_.spawn("saving", save_loop());
}

asio::awaitable<void> Cloud::stop() {
  co_await hub_.stop();
  co_await router_.stop();
  co_await enrolment_.stop();
  co_await api_.stop();
  tasks_.cancel();
  co_await tasks_.join();
  save();
}

std::string Cloud::token() const {
  return authority_.join_token(kTokenLife);
}

void Cloud::publish_token() {
  const ResourceKind& kind = kind_named("Secret");
  const Json secret = {{"metadata", {{"name", "tokensecret"}}}, {"stringData", {{"tokendata", token()}}}};
  if (cluster_.find(kind, "kubeedge", "tokensecret")) {
    cluster_.patch(kind, "kubeedge", "tokensecret", PatchType::kMerge, secret);
  } else {
    cluster_.create(kind, "kubeedge", secret);
  }
}

asio::awaitable<void> Cloud::change_loop() {
  for (;;) {
    handle_changes();
    co_await changed_.sleep();
  }
}

void Cloud::handle_changes() {
  bool schedule = false;
  while (!changes_.empty()) {
    const Change change = std::move(changes_.front());
    changes_.pop_front();
    attempt("a change", [&] {
      schedule |= change.kind->kind == "Pod" || change.kind->kind == "Node";
      edge_.changed(change);
      dynamic_.changed(change);
      controllers_.collect(change);
      router_.changed(change);
      if (require_authorization_) policy_.changed(change);
      if (change.kind->kind == "CertificateSigningRequest") controllers_.sign_certificates();
      if (schedule && changes_.empty()) {
        schedule = false;
        controllers_.schedule();
      }
    });
  }
}

asio::awaitable<void> Cloud::sync_loop() {
  for (;;) {
    co_await pause(executor_, 5s);
    if (!faults_.pause_sync) attempt("a round of the sync loop", [this] { edge_.synchronize(); });
  }
}

asio::awaitable<void> Cloud::cluster_loop() {
  for (;;) {
    co_await pause(executor_, 2s);
    attempt("the check of leases", [this] { controllers_.watch_leases(); });
  }
}

asio::awaitable<void> Cloud::save_loop() {
  for (;;) {
    co_await pause(executor_, 300ms);
    save();
  }
}

void Cloud::save() {
  if (saved_version_ == cluster_.version()) return;
  saved_version_ = cluster_.version();
  try {
    write_file_atomic(state_file_, kube::dump_json(cluster_.save()), 0600);
  } catch (const SystemError& error) {
    log::get("cloudsim")->error("cannot save the objects: {}", error.what());
  }
}

void Cloud::set_faults(const Json& change) {
  const std::string before = faults_.server_identity;
  faults_.apply(change);
  dynamic_.faults_changed();
  if (before == faults_.server_identity) return;
  using Identity = Authority::ServerIdentity;
  const Identity identity = faults_.server_identity == "wrong-name" ? Identity::kWrongName
                            : faults_.server_identity == "wrong-ca" ? Identity::kWrongCa
                                                                    : Identity::kRight;
  hub_.set_tls(authority_.server(net::ClientCertificate::kRequired, identity));
  enrolment_.set_tls(authority_.server(net::ClientCertificate::kAsked, identity));
}

void Cloud::act(const Json& action) {
  const std::string what = kube::get_string(action, "action");
  const std::string node = kube::string_or(action, "node");
  if (what == "cut") return hub_.cut(node, false);
  if (what == "cut-mid-message") return hub_.cut(node, true);
  if (what == "resend-everything") return hub_.resend_everything(node);
  if (what == "bad-json") return hub_.send_raw(node, R"({"header":{"msg_id":"broken",)");
  if (what == "send") {
    // Sends a message as the caller wrote it, without the queues' rules.
    return hub_.send_raw(node, kube::dump_json(kube::get_object(action, "message")) + "\n");
  }
  if (what == "unknown-group") {
    return hub_.send_raw(
        node, wire_text(beehive::make_message("stranger", "nobody", "whatever", "a/b/c", nullptr)));
  }
  if (what == "huge-message") {
    const std::int64_t bytes = kube::int_or(action, "bytes", 10'000'000);
    if (bytes < 0 || bytes > 200'000'000) throw BadInput("A huge message has at most 200000000 bytes.");
    Json content = {{"metadata", {{"name", "huge"}, {"namespace", "default"}, {"uid", "huge"}}}};
    content["data"] = {{"x", std::string(static_cast<std::size_t>(bytes), 'x')}};
    return hub_.send_raw(node,
                         wire_text(beehive::make_message("edgecontroller", "resource", "update",
                                                         "default/configmap/huge", std::move(content))));
  }
  if (what == "empty-object") {
    return hub_.send_raw(node, wire_text(beehive::make_message("edgecontroller", "resource", "update",
                                                               "default/pod/empty", Json::object())));
  }
  throw BadInput("unknown action " + what + "; see README.md.");
}

std::optional<net::Response> Cloud::sim_request(const net::Request& request) {
  const net::Target target = net::Target::parse(request.target);
  if (!target.path.starts_with("/sim/")) return std::nullopt;
  if (target.path == "/sim/faults" && request.method == "POST")
    set_faults(kube::parse_json(request.body, "The request body"));
  if (target.path == "/sim/faults") return json_response(200, faults_.to_json());
  if (target.path == "/sim/state") {
    if (request.method == "DELETE") traffic_.reset();
    return json_response(
        200, {{"sessions", hub_.sessions()}, {"nodes", traffic_.to_json()}, {"faults", faults_.to_json()}});
  }
  if (target.path == "/sim/token") {
    const bool expired = target.find("expired").has_value();
    const std::string text = expired ? authority_.join_token(-std::chrono::hours(1)) : token();
    return json_response(200, {{"token", text}});
  }
  if (target.path == "/sim/actions" && request.method == "POST") {
    act(kube::parse_json(request.body, "The request body"));
    return json_response(200, Json::object());
  }
  return json_response(404, kube::Status::not_found("switches", target.path).to_json());
}

}  // namespace edgecore::cloudsim
