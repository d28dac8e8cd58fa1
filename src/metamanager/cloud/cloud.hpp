// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/reply.hpp"

namespace edgecore::metamanager {

/// Requests to the cloud, by module `websocket`. However a request ends, the result is a kube::CloudReply.
/// Belongs to the module's thread.
class Cloud {
 public:
  Cloud(beehive::ModuleContext& context, std::chrono::milliseconds timeout)
      : context_(context), timeout_(timeout) {}

  struct Answer {
    kube::CloudReply reply;
    beehive::MessagePtr message;  ///< as it came; nullptr when none did
  };
  /// Sends and waits for the answer. Without a connection it is `kBroken` with ServiceUnavailable at once.
  boost::asio::awaitable<Answer> ask(beehive::Message question);
  boost::asio::awaitable<Answer> ask(beehive::Message question, std::chrono::milliseconds timeout);

  /// The timeout of `ask` without an argument.
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

  /// Sends without waiting for an answer; logs a failure.
  boost::asio::awaitable<void> tell(beehive::Message message);

  /// From the connection notices; unknown until the first one, because the module may have been restarted
  /// while the connection was up. Requests are sent while it is unknown; edgehub refuses them if there is no
  /// connection.
  enum class Link { kUnknown, kUp, kDown };
  void set_link(Link link) { link_ = link; }
  [[nodiscard]] bool is_down() const { return link_ == Link::kDown; }
  [[nodiscard]] bool is_up() const { return link_ == Link::kUp; }

 private:
  beehive::ModuleContext& context_;
  std::chrono::milliseconds timeout_;
  Link link_ = Link::kUnknown;
};

/// Reads an answer of any operation.
[[nodiscard]] kube::CloudReply classify_answer(const beehive::Message& answer);

}  // namespace edgecore::metamanager
