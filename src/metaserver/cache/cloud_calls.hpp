// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/module.hpp"

namespace edgecore::metaserver {

/// How an API call through the tunnel came out.
struct CloudAnswer {
  enum class Kind {
    kApproved,     ///< `body` is the answer's JSON text, "" where there is none
    kRefused,      ///< the API server or CloudCore said no: `status`, final
    kUnreachable,  ///< nobody answered: `status` says why; local state is what there is
  } kind = Kind::kUnreachable;
  std::string body;
  kube::Status status;

  [[nodiscard]] bool ok() const { return kind == Kind::kApproved; }
  [[nodiscard]] bool refused() const { return kind == Kind::kRefused; }
};

/// API calls in the cloud (protocol/03-metaserver.md §3). When two in a row were not answered
/// (DynamicController is off in the cloud, say), the next ones fail at once for half a minute instead of
/// taking their time. Belongs to the module's thread.
class CloudCalls {
 public:
  static constexpr std::chrono::seconds kAnswerWithin{10};
  static constexpr std::chrono::seconds kRest{30};

  CloudCalls(beehive::ModuleContext& context, std::string node_name)
      : context_(context), node_name_(std::move(node_name)) {}

  [[nodiscard]] const std::string& node_name() const { return node_name_; }

  /// A call of this node with key, verb and options; the rest is the caller's to fill in.
  [[nodiscard]] beehive::Application make(std::string key, std::string verb, std::string option = "{}") const;
  /// A word that no other call's identity has.
  [[nodiscard]] std::string nonce();

  boost::asio::awaitable<CloudAnswer> call(beehive::Application call);
  boost::asio::awaitable<CloudAnswer> call(beehive::Application call, std::chrono::milliseconds within);

  /// `watchapp/sync`: these listeners and no others (content: ID → Application). The answer's body names what
  /// failed.
  boost::asio::awaitable<CloudAnswer> sync_watches(Json live);

  /// From the connection notices; unknown counts as up until a call fails.
  void set_link(bool up);
  [[nodiscard]] bool is_up() const { return link_ != Link::kDown; }
  /// Raised with each connection.
  [[nodiscard]] unsigned session() const { return session_; }
  /// Connected, and it answers.
  [[nodiscard]] bool usable() const;

 private:
  enum class Link { kUnknown, kUp, kDown };
  boost::asio::awaitable<CloudAnswer> ask(beehive::Message question, std::chrono::milliseconds within);

  beehive::ModuleContext& context_;
  std::string node_name_;
  Link link_ = Link::kUnknown;
  unsigned session_ = 0;
  unsigned unanswered_ = 0;
  SteadyTime rests_until_{};
  log::Quiet silence_;
};

}  // namespace edgecore::metaserver
