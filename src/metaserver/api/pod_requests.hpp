// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/base/outcome.hpp"
#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/identity.hpp"
#include "metaserver/api/object_reader.hpp"
#include "metaserver/api/open_streams.hpp"
#include "metaserver/logs/pod_logs.hpp"

namespace edgecore::metaserver {

/// The requests that only pods have: logs and restarts (protocol/03-metaserver.md §5). Owned by the Api, on
/// the module's thread; keeps nothing between requests.
class PodRequests {
 public:
  PodRequests(const ApiParts& parts, const Answers& answers, Identity& identity, ObjectReader& reader,
              OpenStreams& streams)
      : parts_(parts), answers_(answers), identity_(identity), reader_(reader), streams_(streams) {}

  Done log(Call& call);
  Done restart(Call& call);
  /// exec, attach, port-forward and proxy: always throws ApiError (501).
  [[noreturn]] static void refuse_stream(const Call& call);

 private:
  boost::asio::awaitable<ObjectPtr> own_pod(Call& call);
  [[nodiscard]] PodLogRequest log_request(const Call& call, const CachedObject& pod,
                                          PodLogOptions options) const;
  /// Asks edged to restart a pod.
  boost::asio::awaitable<Outcome<void>> restart_one(const Call& call, std::string pod);

  const ApiParts& parts_;
  const Answers& answers_;
  Identity& identity_;
  ObjectReader& reader_;
  OpenStreams& streams_;
};

}  // namespace edgecore::metaserver
