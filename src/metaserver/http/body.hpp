// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/headers.hpp"
#include "metaserver/http/request_info.hpp"

namespace edgecore::metaserver {

/// The functions of this header are the only ones that parse the body of a request, so that their limits hold
/// for every path (tests/house keeps Json::parse out of all other files).

/// The limits of a request's body. A value takes up to 64 bytes however short its text is, so values are
/// counted too; objects of the cluster have less than a tenth of them.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{3} << 20;
inline constexpr std::size_t kMaxBodyDepth = 100;
inline constexpr std::size_t kMaxBodyValues = 250'000;
/// Of a review: every pod may ask for one, and a larger body would stop everybody else while it is parsed.
inline constexpr std::size_t kMaxReviewBytes = std::size_t{64} << 10;

/// Throws ApiError (413) for a body of more than `most` bytes.
void check_body_size(std::size_t bytes, std::size_t most);

/// The object of a create or update, from JSON (also when no Content-Type is given) or YAML. Throws ApiError:
/// 415 for another type, 413 for a body too large, 400 if it is not an object.
Json read_object(const net::Headers& headers, std::string_view body, std::size_t max_bytes = kMaxBodyBytes);

/// The DeleteOptions of a deletion; an empty object for an empty body, of whatever type. Throws as
/// read_object; protobuf, which the Kubernetes API takes here, is 415.
Json read_delete_options(const net::Headers& headers, std::string_view body);

/// A list of at most `most` names, as JSON of whatever type. Throws ApiError (400, 413).
std::vector<std::string> read_names(std::string_view body, std::size_t most);

enum class PatchType { kJson, kMerge, kStrategicMerge, kApply };

/// A patch from a request. `text` is JSON; for kApply it may also be YAML, which is not checked here.
struct PatchBody {
  PatchType type = PatchType::kMerge;
  std::string content_type;  ///< without parameters: the type's name in the protocol
  std::string text;
};

/// Throws ApiError: 415 for another type, 413, 400 if the text is not JSON or has the wrong shape (a list
/// for kJson, an object otherwise).
PatchBody read_patch(const net::Headers& headers, std::string_view body);

/// Completes the object of a request from its path, by the API server's rules (protocol/03-metaserver.md
/// §2.5): kind, apiVersion, namespace and on update the name are filled in where they are missing; fields
/// that only the server may set are removed on create. The bodies of subresources have kinds of their own
/// (Eviction, TokenRequest, Scale, Binding). `info` is of a create or update of `resource`. Throws ApiError
/// (400) if the object contradicts the path.
Json prepare_object(Json object, const kube::ApiResource& resource, const RequestInfo& info);

}  // namespace edgecore::metaserver
