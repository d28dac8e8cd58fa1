// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/serving_certificate.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/release_date.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/time.hpp"
#include "metaserver/serving/serving_files.hpp"

namespace edgecore::metaserver {
namespace {

constexpr char kNamespace[] = "default";  // not used: a CertificateSigningRequest has no namespace
constexpr char kClusterCa[] = "ca.crt";

/// A random share of the validity between 70 and 90 %, so that the nodes of a fleet do not renew all at once.
double random_moment() {
  const std::string bytes = random_bytes(2);
  const auto number = static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
  return 0.7 + 0.2 * static_cast<double>(number) / 65536.0;
}

std::vector<std::string> canonical_addresses(const std::vector<std::string>& texts, const log::Logger& log) {
  std::vector<std::string> out;
  for (const auto& text : texts) {
    boost::system::error_code malformed;
    auto address = boost::asio::ip::make_address(text, malformed);
    if (address.is_v6()) address = boost::asio::ip::address_v6(address.to_v6().to_bytes());  // no %eth0
    if (malformed) {
      log->warn("the serving certificate will not have the address \"{}\": it is not an IP address",
                log::quote(text));
    } else if (std::find(out.begin(), out.end(), address.to_string()) == out.end()) {
      out.push_back(address.to_string());
    }
  }
  return out;
}

bool is_unreachable(const kube::Status& status) {
  return status.is(kube::reason::kServiceUnavailable) || status.is(kube::reason::kTimeout) ||
         status.code == 503 || status.code == 504;
}

}  // namespace

ServingCertificate::ServingCertificate(beehive::ModuleContext& context, Options options, Taker on_certificate)
    : context_(context),
      clock_(options.clock != nullptr ? *options.clock : context.clock),
      pace_(options.pace),
      template_{std::move(options.node_name), canonical_addresses(options.ip_addresses, context.log)},
      files_(std::move(options.directory)),
      on_certificate_(std::move(on_certificate)),
      moment_(random_moment()),
      wake_(context.executor),
      retry_pause_(pace_.first_retry),
      reach_pause_(pace_.first_retry) {}

void ServingCertificate::notify_connected() {
  reach_pause_ = pace_.first_retry;
  wake_.notify();
}

std::optional<WallTime> ServingCertificate::not_after() const {
  if (!pair_) return std::nullopt;
  return pair_->leaf.not_after();
}

boost::asio::awaitable<void> ServingCertificate::run() {
  load();
  for (;;) {
    const std::optional<std::string> reason = need();
    if (!reason) {
      complaints_.reset();
      retry_pause_ = pace_.first_retry;
      const SteadyTime until = next_date_check();
      co_await wake_.sleep_until(until);
      continue;
    }
    if (!request_) begin(*reason);
    const Step step = co_await advance();
    if (step == Step::kIssued && !need()) continue;
    co_await rest(step);
  }
}

void ServingCertificate::load() {
  Outcome<ServingPair> loaded = files_.load();
  if (!loaded) {
    context_.log->info("cannot load the serving certificate, requesting a new one: {}",
                       loaded.failure().message());
    return;
  }
  pair_ = std::move(*loaded);
  if (const auto reason = need())
    context_.log->warn("the serving certificate in {} stays in use until there is a new one: {}",
                       files_.directory().string(), *reason);
  hand_out();
}

void ServingCertificate::hand_out() {
  try {
    on_certificate_(pair_->chain_pem, pair_->key_pem);
  } catch (const Error& error) {
    context_.log->error("the serving certificate cannot be used: {}", error.what());
  }
}

WallTime ServingCertificate::now() const {
  const WallTime now = std::max(clock_.wall(), kReleaseDate);
  return pair_ ? std::max(now, pair_->leaf.not_before()) : now;
}

WallTime ServingCertificate::renewal_time() const {
  // In seconds as floating point: the two dates may be further apart than a duration in nanoseconds can say.
  const std::chrono::duration<double> begin = pair_->leaf.not_before().time_since_epoch();
  const std::chrono::duration<double> end = pair_->leaf.not_after().time_since_epoch();
  return WallTime(std::chrono::duration_cast<WallTime::duration>(begin + (end - begin) * moment_));
}

/// Why a new certificate is needed; nullopt if the one in use is good.
std::optional<std::string> ServingCertificate::need() const {
  if (!pair_) return "the node has none";
  if (auto flaw = template_.flaw(pair_->leaf)) return flaw;
  const std::string end = kube::format_time(pair_->leaf.not_after());
  if (pair_->leaf.not_after() <= now()) return "it expired on " + end;
  if (renewal_time() <= now()) return "it expires on " + end;
  return std::nullopt;
}

SteadyTime ServingCertificate::next_date_check() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(renewal_time() - now());
  return steady_now() + std::min(pace_.date_check, left);
}

void ServingCertificate::begin(const std::string& reason) {
  auto key = files_.pending_key();
  // A request with the key of the certificate in use would get the same certificate again.
  if (key && pair_ && pair_->leaf.matches(*key)) key.reset();
  if (!key) {
    key = net::PrivateKey::generate();
    try {
      files_.store_pending_key(*key);
    } catch (const Error& error) {
      context_.log->warn(
          "the key of the request for a serving certificate is not stored; a restart asks anew: {}",
          error.what());
    }
  }
  Request request{*key, signing_request_name(template_.node_name, *key), {}, false, steady_now(), {}};
  context_.log->info("asking the cluster for a serving certificate with the request {}: {}", request.name,
                     reason);
  request_ = std::move(request);
  approval_missed_ = false;
}

void ServingCertificate::abandon() {
  files_.drop_pending_key();
  request_.reset();
}

boost::asio::awaitable<ServingCertificate::Step> ServingCertificate::advance() {
  if (request_->created) co_return co_await look();
  co_return co_await create();
}

boost::asio::awaitable<ServingCertificate::Step> ServingCertificate::create() {
  Json object;
  try {
    object = signing_request(request_->name, request_->key, template_);
  } catch (const Error& error) {
    co_return refuse("the request cannot be written: " + std::string(error.what()));
  }
  const Answer answer = co_await ask(names::operation::kInsert, std::move(object));
  if (answer.error && answer.error->is(kube::reason::kAlreadyExists)) {
    request_->created = true;
    co_return co_await look();
  }
  if (answer.error) co_return failed(*answer.error);
  request_->created = true;
  request_->uid = kube::string_or(answer.object, "metadata.uid");
  co_return judge(answer.object);
}

boost::asio::awaitable<ServingCertificate::Step> ServingCertificate::look() {
  Json nothing;
  const Answer answer = co_await ask(names::operation::kQuery, std::move(nothing));
  if (answer.error && answer.error->is(kube::reason::kNotFound)) {
    // The cluster forgets requests after some time; the name is free again.
    context_.log->info("the cluster has forgotten the request {}; creating it again", request_->name);
    request_->created = false;
    request_->uid.clear();
    co_return Step::kPending;
  }
  if (answer.error) co_return failed(*answer.error);
  const std::string uid = kube::string_or(answer.object, "metadata.uid");
  const bool replaced = !request_->uid.empty() && uid != request_->uid;
  if (replaced || (request_->uid.empty() && !asks_for(answer.object, request_->key, template_))) {
    const std::string name = request_->name;
    abandon();
    co_return refuse("the request " + name + " in the cluster is not the one of this node");
  }
  request_->uid = uid;
  co_return judge(answer.object);
}

boost::asio::awaitable<ServingCertificate::Answer> ServingCertificate::ask(const char* operation,
                                                                           Json content) {
  const std::string resource =
      beehive::resource_path(kNamespace, names::resource::kCertificateSigningRequest, request_->name);
  beehive::Message question = beehive::make_message(names::source::kMetaServer, names::group::kMeta,
                                                    operation, resource, std::move(content));
  Answer answer;
  try {
    const beehive::MessagePtr reply =
        co_await context_.bus.request(names::module::kMetaManager, std::move(question), pace_.answer_within);
    if (reply->route.operation == names::operation::kResponse) {
      answer.object = reply->content;
    } else {
      answer.error = kube::Status::from_json(reply->content);
    }
  } catch (const beehive::RequestFailed& failure) {
    answer.error = kube::Status::service_unavailable(failure.what());
  }
  if (!answer.error || !is_unreachable(*answer.error)) reach_pause_ = pace_.first_retry;
  co_return answer;
}

ServingCertificate::Step ServingCertificate::judge(const Json& object) {
  const SigningState state = signing_state(object);
  switch (state.kind) {
    case SigningState::Kind::kPending:
      break;
    case SigningState::Kind::kIssued:
      return take(state.chain_pem);
    case SigningState::Kind::kRefused: {
      const std::string name = request_->name;
      abandon();
      return refuse("the request " + name + " failed: " + state.why);
    }
  }
  if (steady_now() - request_->since >= pace_.approval_within && !std::exchange(approval_missed_, true)) {
    context_.log->warn(
        "nobody has approved the request {} (is featureGates.requireAuthorization on in cloudcore.yaml?); "
        "checking again from time to time",
        request_->name);
  }
  return Step::kPending;
}

ServingCertificate::Step ServingCertificate::take(const std::string& chain_pem) {
  std::optional<ServingPair> issued;
  std::optional<std::string> flaw;
  try {
    issued = make_serving_pair(chain_pem, request_->key.pem());
    flaw = template_.flaw(issued->leaf);
  } catch (const BadInput& error) {
    flaw = error.what();
  }
  if (flaw) {
    const std::string name = request_->name;
    abandon();
    return refuse("the certificate that the cluster issued for " + name + " cannot be used: " + *flaw);
  }
  const WallTime end = issued->leaf.not_after();
  // The request is kept: the certificate is good once the clock is right again.
  if (end <= std::max(now(), issued->leaf.not_before()))
    return refuse("by this node's clock, the certificate that the cluster issued expired on " +
                  kube::format_time(end));
  check_trust(*issued);
  try {
    files_.store(*issued, now());
    files_.drop_pending_key();
  } catch (const Error& error) {
    context_.log->error("the new serving certificate is in use, but not on disk: {}", error.what());
  }
  pair_ = std::move(issued);
  request_.reset();
  context_.log->info("a new serving certificate is in use, valid until {}", kube::format_time(end));
  hand_out();
  return Step::kIssued;
}

void ServingCertificate::check_trust(const ServingPair& pair) const {
  std::string flaw;
  try {
    const auto chain = net::Certificate::all_from_pem(pair.chain_pem);
    const auto ca = read_file(files_.directory() / kClusterCa, kMaxPemFileBytes);
    if (!ca || chain.size() > 1) return;  // with intermediate certificates the CA alone cannot verify it
    const WallTime when = std::max(now(), pair.leaf.not_before());
    flaw = net::verify(pair.leaf, net::Certificate::all_from_pem(*ca), net::CertificatePurpose::kServer, when)
               .value_or("");
  } catch (const Error& error) {
    flaw = error.what();
  }
  if (!flaw.empty())
    context_.log->warn(
        "pods may not trust the new serving certificate: the cluster's CA does not verify it: {}", flaw);
}

ServingCertificate::Step ServingCertificate::failed(const kube::Status& status) {
  if (!is_unreachable(status)) {
    return refuse("the cloud refused the request " + request_->name + ": " + log::quote(status.message));
  }
  context_.log->debug("the CSR {} waits for the cloud: {}", request_->name, log::quote(status.message));
  return Step::kUnreachable;
}

ServingCertificate::Step ServingCertificate::refuse(const std::string& why) {
  if (complaints_.now())
    context_.log->warn("no new serving certificate: {} (attempt {}); trying again", why, complaints_.count());
  return Step::kRefused;
}

boost::asio::awaitable<void> ServingCertificate::rest(Step step) {
  if (step == Step::kPending) {
    const SteadyTime until = steady_now() + poll_pause();
    co_await wake_.sleep_until(until);
  } else if (step == Step::kUnreachable) {
    const SteadyTime until = steady_now() + reach_pause_;
    reach_pause_ = std::min(reach_pause_ * 2, pace_.longest_retry);
    co_await wake_.sleep_until(until);
  } else {
    // Also when the connection comes back: a flapping one must not fill the cluster with requests.
    const SteadyTime until = steady_now() + retry_pause_;
    retry_pause_ = std::min(retry_pause_ * 2, pace_.longest_retry);
    while (steady_now() < until) co_await wake_.sleep_until(until);
  }
}

std::chrono::milliseconds ServingCertificate::poll_pause() {
  const auto longest = approval_missed_ ? pace_.longest_retry : pace_.longest_poll;
  const auto pause = request_->pause;
  request_->pause = std::min(std::max(pause * 2, pace_.first_poll), longest);
  return pause;
}

}  // namespace edgecore::metaserver
