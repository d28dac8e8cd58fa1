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

/// The content of configMap, secret, projected and downwardAPI volumes (protocol/05-edged.md §2.3–2.5). Pure
/// functions.
namespace edgecore::edged {

/// A volume cannot be made at the moment. The text is for the pod's status.
class VolumeError : public Error {
 public:
  using Error::Error;
};

/// Tokens of one pod with the same audience and lifetime are the same token.
struct TokenKey {
  std::string audience;
  std::int64_t expiration_seconds = 0;
  auto operator<=>(const TokenKey&) const = default;
};

/// Objects and tokens that a volume needs, without duplicates, in order of appearance.
struct ContentNeeds {
  std::vector<ConfigRef> objects;
  std::vector<kube::ServiceAccountTokenProjection> tokens;
};
[[nodiscard]] bool is_content(const kube::Volume& volume);
/// Adds the needs of `volume` to `to`.
void add_needs(const kube::Volume& volume, ContentNeeds& to);
[[nodiscard]] ContentNeeds content_needs(const kube::Pod& pod);

/// The answers to the needs.
struct ContentObjects {
  std::map<ConfigRef, MetaAnswer> objects;
  std::map<TokenKey, TokenAnswer> tokens;
};

/// The UID that all containers of the pod run as, from its spec; nullopt if they differ or it is not set.
std::optional<uid_t> uniform_user(const kube::Pod& pod);

/// The files of a content volume. Throws VolumeError: an object or key is missing and not optional, something
/// cannot be decoded, there is no token, a path is forbidden.
Payload make_payload(const kube::Volume& volume, const kube::Pod& pod, const PodFacts& facts,
                     const ContentObjects& found);

}  // namespace edgecore::edged
