// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/meta/meta_client.hpp"

namespace edgecore::edged {

/// A token for a pod, or why it was refused.
struct TokenAnswer {
  std::string token;
  WallTime issued{}, expires{};
  std::optional<kube::Status> refused;
};

/// Source of the objects that volumes show (protocol/05-edged.md §2.1): the seam between volumes and the bus.
/// Failures are part of the answer; only cancellation throws. Called on the module's thread, many calls at a
/// time.
class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  virtual boost::asio::awaitable<MetaAnswer> config_map(std::string ns, std::string name) = 0;
  virtual boost::asio::awaitable<MetaAnswer> secret(std::string ns, std::string name) = 0;
  /// A token of the pod's service account, bound to the pod's UID (protocol/05-edged.md §2.4). Offline it may
  /// have expired.
  virtual boost::asio::awaitable<TokenAnswer> token(kube::PodPtr pod,
                                                    kube::ServiceAccountTokenProjection projection) = 0;
};

/// Asks metamanager (docs/messages.md "edged → metamanager"), which answers from its database if it can.
class MetaObjects final : public ObjectSource {
 public:
  /// `meta` outlives this object.
  explicit MetaObjects(MetaClient& meta) : meta_(meta) {}
  boost::asio::awaitable<MetaAnswer> config_map(std::string ns, std::string name) override;
  boost::asio::awaitable<MetaAnswer> secret(std::string ns, std::string name) override;
  boost::asio::awaitable<TokenAnswer> token(kube::PodPtr pod,
                                            kube::ServiceAccountTokenProjection projection) override;

 private:
  MetaClient& meta_;
};

/// The TokenRequest for a projection: audiences null for the default one, the pod as bound object.
Json token_request(const kube::Pod& pod, const kube::ServiceAccountTokenProjection& projection);
/// Reads a filled TokenRequest; refused if it holds no token or no expiry.
TokenAnswer read_token(const Json& filled, const kube::ServiceAccountTokenProjection& projection);

}  // namespace edgecore::edged
