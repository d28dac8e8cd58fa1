// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/kube/pod.hpp"
#include "edged/meta/object_source.hpp"
#include "edged/spec/environment.hpp"
#include "edged/volumes/atomic_writer.hpp"

/// What stands in a configMap, secret, projected or downwardAPI volume (protocol/05-edged.md §2.3–2.5). Pure
/// functions.
namespace edgecore::edged {

/// A volume that cannot be made as the pod asks for now. The text is for the pod's status.
class VolumeError : public Error {
 public:
  using Error::Error;
};

/// Tokens of one pod that are the same: same audience, same lifetime.
struct TokenKey {
  std::string audience;
  std::int64_t expiration_seconds = 0;
  auto operator<=>(const TokenKey&) const = default;
};

/// What a volume is made from, without duplicates, in order of appearance.
struct ContentNeeds {
  std::vector<ConfigRef> objects;
  std::vector<kube::ServiceAccountTokenProjection> tokens;
};
[[nodiscard]] bool is_content(const kube::Volume& volume);
/// Adds the needs of a volume to those of others.
void add_needs(const kube::Volume& volume, ContentNeeds& to);
[[nodiscard]] ContentNeeds content_needs(const kube::Pod& pod);

/// What was found for the needs.
struct ContentObjects {
  std::map<ConfigRef, MetaAnswer> objects;
  std::map<TokenKey, TokenAnswer> tokens;
};

/// The one uid that all containers of the pod run as by its spec, if there is one.
std::optional<uid_t> uniform_user(const kube::Pod& pod);

/// The files of a content volume. Throws VolumeError: an object or key that is missing and not optional,
/// something that cannot be decoded, no token, a path that may not be.
Payload make_payload(const kube::Volume& volume, const kube::Pod& pod, const PodFacts& facts,
                     const ContentObjects& found);

}  // namespace edgecore::edged
