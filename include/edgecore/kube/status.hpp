// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// Reasons of metav1.Status on the wire. Compare `Status::reason` with these.
namespace reason {
inline constexpr std::string_view kBadRequest = "BadRequest";
inline constexpr std::string_view kUnauthorized = "Unauthorized";
inline constexpr std::string_view kForbidden = "Forbidden";
inline constexpr std::string_view kNotFound = "NotFound";
inline constexpr std::string_view kMethodNotAllowed = "MethodNotAllowed";
inline constexpr std::string_view kNotAcceptable = "NotAcceptable";
inline constexpr std::string_view kAlreadyExists = "AlreadyExists";
inline constexpr std::string_view kConflict = "Conflict";
inline constexpr std::string_view kGone = "Gone";
inline constexpr std::string_view kExpired = "Expired";
inline constexpr std::string_view kRequestTooLarge = "RequestEntityTooLarge";
inline constexpr std::string_view kUnsupportedMediaType = "UnsupportedMediaType";
inline constexpr std::string_view kInvalid = "Invalid";
inline constexpr std::string_view kTooManyRequests = "TooManyRequests";
inline constexpr std::string_view kInternal = "InternalError";
inline constexpr std::string_view kServiceUnavailable = "ServiceUnavailable";
inline constexpr std::string_view kTimeout = "Timeout";
}  // namespace reason

/// One finding inside `StatusDetails`, such as an invalid field.
struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
  bool operator==(const StatusCause&) const = default;
};

/// The object of a Status. Empty members are omitted on the wire. In a NotFound of a Kubernetes API `kind` is
/// the plural resource; CloudCore's informer caches send the singular type (protocol/02-metamanager.md §2.6).
struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;
  std::string uid;
  std::vector<StatusCause> causes;
  std::int64_t retry_after_seconds = 0;
  bool operator==(const StatusDetails&) const = default;
};

/// metav1.Status as a value: the result of an operation on an object, for callers, HTTP clients and the
/// cloud. A plain value; any thread.
struct Status {
  int code = 500;
  std::string reason;
  std::string message;
  StatusDetails details;
  bool success = false;

  /// `resource` is the plural ("pods"), with its group if it has one ("leases.coordination.k8s.io"): as from
  /// the API server, the message has the full name, the details have group and resource separately.
  static Status not_found(std::string_view resource, std::string_view name);
  static Status already_exists(std::string_view resource, std::string_view name);
  static Status conflict(std::string_view resource, std::string_view name, std::string_view why);
  static Status forbidden(std::string_view resource, std::string_view name, std::string_view why);
  /// 422; `kind` is the kind ("Pod"), each cause names a field.
  static Status invalid(std::string_view kind, std::string_view name, std::vector<StatusCause> causes);
  static Status bad_request(std::string_view why);
  static Status unauthorized();
  static Status method_not_allowed(std::string_view resource, std::string_view verb);
  static Status not_acceptable(std::string_view why);
  static Status unsupported_media_type(std::string_view why);
  static Status request_too_large(std::string_view why);
  /// 410 Expired: a watch or list requested a resourceVersion that is no longer known.
  static Status expired(std::string_view why);
  static Status too_many_requests(std::string_view why, std::int64_t retry_after_seconds);
  static Status timeout(std::string_view why);
  static Status service_unavailable(std::string_view why);
  static Status internal(std::string_view why);
  /// The successful answer to a deletion: 200 with the object's name, kind and uid.
  static Status deleted(std::string_view resource, std::string_view name, std::string_view uid);

  [[nodiscard]] bool is(std::string_view wanted) const { return reason == wanted; }

  /// The JSON with kind Status and apiVersion v1.
  [[nodiscard]] Json to_json() const;
  /// Reads any object; members of a wrong type are ignored. A missing code is derived from the reason, else
  /// it is 500.
  static Status from_json(const Json& value);

  bool operator==(const Status&) const = default;
};

}  // namespace edgecore::kube
