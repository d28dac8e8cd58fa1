// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::metaserver {

/// The outcome of an API call through the tunnel.
struct CloudAnswer {
  enum class Kind {
    kApproved,     ///< `body` is the answer's JSON text, may be ""
    kRefused,      ///< the API server or CloudCore refused for good: `status`
    kUnreachable,  ///< no answer: `status` says why; the caller serves local state
  } kind = Kind::kUnreachable;
  std::string body;
  kube::Status status;

  [[nodiscard]] bool ok() const { return kind == Kind::kApproved; }
  [[nodiscard]] bool refused() const { return kind == Kind::kRefused; }
};

/// API calls in the cloud (protocol/03-metaserver.md §3). After two calls in a row without an answer
/// (DynamicController may be off in the cloud) the next ones fail at once for half a minute. Owned by the
/// module, on its thread.
class CloudCalls {
 public:
  static constexpr std::chrono::seconds kAnswerWithin{10};
  static constexpr std::chrono::seconds kRest{30};

  CloudCalls(beehive::ModuleContext& context, std::string node_name)
      : context_(context), node_name_(std::move(node_name)) {}

  [[nodiscard]] const std::string& node_name() const { return node_name_; }

  /// A call of this node with key, verb and options; the caller sets the other fields.
  [[nodiscard]] beehive::Application make(std::string key, std::string verb, std::string option = "{}") const;
  /// A random text that makes the identity of a call unique.
  [[nodiscard]] std::string nonce();

  boost::asio::awaitable<CloudAnswer> call(beehive::Application call);
  boost::asio::awaitable<CloudAnswer> call(beehive::Application call, std::chrono::milliseconds within);

  /// `watchapp/sync`: the cloud keeps these listeners and no others (ID → Application). The body of the
  /// answer has the failed ones.
  boost::asio::awaitable<CloudAnswer> sync_watches(Json live);

  /// From the connection notices. Assumed up until the first notice or failed call.
  void set_link(bool up);
  [[nodiscard]] bool is_up() const { return link_ != Link::kDown; }
  /// Known to be up: by a notice, or because the cloud has answered.
  [[nodiscard]] bool is_connected() const { return link_ == Link::kUp; }
  /// Incremented by each connection.
  [[nodiscard]] unsigned session() const { return session_; }
  /// Connected, and not in the pause after unanswered calls.
  [[nodiscard]] bool usable() const;

 private:
  enum class Link { kUnknown, kUp, kDown };
  boost::asio::awaitable<CloudAnswer> ask(beehive::Message question, std::chrono::milliseconds within);
  CloudAnswer read(const beehive::Message& said, bool is_sync);
  void count(const beehive::RequestFailed& failure);

  beehive::ModuleContext& context_;
  std::string node_name_;
  Link link_ = Link::kUnknown;
  unsigned session_ = 0;
  unsigned unanswered_ = 0;
  SteadyTime rests_until_{};
  log::Quiet silence_;
};

}  // namespace edgecore::metaserver
