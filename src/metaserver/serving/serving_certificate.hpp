// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/status.hpp"
#include "metaserver/serving/serving_files.hpp"
#include "metaserver/serving/serving_request.hpp"

namespace edgecore::metaserver {

/// Keeps the certificate of the HTTPS listeners (protocol/03-metaserver.md §1.3 steps 3 and 4, §1.4): loads
/// the last good one at start, so that it is there without the cloud, and has the cluster sign a new one
/// through metamanager if it is missing, expired or lacks a name, or at a random time between 70 and 90
/// % of its validity. An expired or incomplete one stays in use until there is a new one.
///
/// Times are compared with the wall clock, or with the latest time that is known to have passed if the clock
/// is behind it (pains row 14). The key of a pending request is kept on disk, so that an approval while the
/// program is not running is not lost. Owned by the module, on its thread.
class ServingCertificate {
 public:
  /// Times to wait.
  struct Pace {
    /// Between two polls of a pending request: back-off from the first to the longest; after
    /// `approval_within` it grows to `longest_retry`.
    std::chrono::milliseconds first_poll{1000};
    std::chrono::milliseconds longest_poll{15'000};
    std::chrono::milliseconds approval_within{std::chrono::minutes(15)};
    /// Back-off after a refusal, or while the cloud cannot be reached.
    std::chrono::milliseconds first_retry{2000};
    std::chrono::milliseconds longest_retry{std::chrono::minutes(5)};
    /// metamanager answers within the cloud's time-out, asked twice, plus a margin.
    std::chrono::milliseconds answer_within{125'000};
    /// How often the validity is checked: the wall clock may be set in between.
    std::chrono::milliseconds date_check{std::chrono::hours(1)};
  };
  struct Options {
    std::string node_name;
    /// The hosts of `server` and `dummyServer`. A host that is not an IP address is left out and logged.
    std::vector<std::string> ip_addresses;
    std::filesystem::path directory = "/etc/kubeedge/pki/metaserver";
    Pace pace;
    const Clock* clock = nullptr;  ///< trusted time, outlives the object; null: the module's clock
  };
  /// Chain (the leaf first) and key as PEM. Called in run() with the first pair and each new one; an Error it
  /// throws is logged.
  using Taker = std::function<void(const std::string& chain_pem, const std::string& key_pem)>;

  ServingCertificate(beehive::ModuleContext& context, Options options, Taker on_certificate);

  /// Runs until it is cancelled. Failures are logged and tried again. The object must outlive it.
  boost::asio::awaitable<void> run();

  /// The node is connected to the cloud (again): a pending request is sent at once.
  void notify_connected();

  /// When the certificate in use ends; nullopt without one.
  [[nodiscard]] std::optional<WallTime> not_after() const;

 private:
  /// The outcome of one step towards a certificate.
  enum class Step {
    kPending,      ///< look again
    kUnreachable,  ///< the cloud was not asked or did not answer
    kRefused,      ///< try again later
    kIssued,
  };
  struct Request {
    net::PrivateKey key;
    std::string name;
    std::string uid;  ///< "" as long as the object was not seen
    bool created = false;
    SteadyTime since{};
    std::chrono::milliseconds pause{0};
  };
  struct Answer {
    Json object;
    std::optional<kube::Status> error;
  };

  void load();
  void hand_out();
  [[nodiscard]] WallTime now() const;
  [[nodiscard]] WallTime renewal_time() const;
  [[nodiscard]] std::optional<std::string> need() const;
  [[nodiscard]] SteadyTime next_date_check() const;

  void begin(const std::string& reason);
  void abandon();
  boost::asio::awaitable<Step> advance();
  boost::asio::awaitable<Step> create();
  boost::asio::awaitable<Step> look();
  boost::asio::awaitable<Answer> ask(const char* operation, Json content);
  Step judge(const Json& object);
  Step take(const std::string& chain_pem);
  void check_trust(const ServingPair& pair) const;
  Step failed(const kube::Status& status);
  Step refuse(const std::string& why);
  boost::asio::awaitable<void> rest(Step step);
  [[nodiscard]] std::chrono::milliseconds poll_pause();

  beehive::ModuleContext& context_;
  const Clock& clock_;
  Pace pace_;
  ServingTemplate template_;
  ServingFiles files_;
  Taker on_certificate_;
  double moment_;  ///< when to renew, as a share of the validity
  async::Event wake_;
  std::optional<ServingPair> pair_;
  std::optional<Request> request_;
  std::chrono::milliseconds retry_pause_;
  std::chrono::milliseconds reach_pause_;
  log::Quiet complaints_;
  bool approval_missed_ = false;
};

}  // namespace edgecore::metaserver
