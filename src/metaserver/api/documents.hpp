// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/document_cache.hpp"

namespace edgecore::metaserver {

/// Serves the paths other than resources: health, version, discovery, OpenAPI, metrics. Owned by the Api, on
/// the module's thread. Caches documents until the resources change, and the version of the cluster for some
/// minutes.
class Documents {
 public:
  Documents(const ApiParts& parts, const Answers& answers) : parts_(parts), answers_(answers) {}
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  /// Answers a path other than a resource. Throws ApiError (404) for one that is not served.
  Done serve(Call& call);
  /// Brings the definitions of custom resources up to date, if the cloud answers soon.
  Done fetch_definitions(const Call& call) const;

 private:
  Done serve_health(Call& call) const;
  Done serve_root(Call& call) const;
  Done serve_version(Call& call);
  Done serve_discovery(Call& call);
  Done serve_openapi(Call& call);
  Done fetch_version(const Call& call);

  const ApiParts& parts_;
  const Answers& answers_;
  DocumentCache documents_;  ///< by path and form
  std::string version_text_;
  SteadyTime version_at_{};
};

/// The 404 for a path that is not served.
[[nodiscard]] kube::Status no_such_path();

}  // namespace edgecore::metaserver
