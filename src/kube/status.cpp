// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/status.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>

namespace edgecore::kube {
namespace {

struct ReasonCode {
  std::string_view reason;
  int code;
};

/// The API server's code for each reason; for a Status without a code.
constexpr std::array kReasonCodes{
    ReasonCode{reason::kBadRequest, 400},
    ReasonCode{reason::kUnauthorized, 401},
    ReasonCode{reason::kForbidden, 403},
    ReasonCode{reason::kNotFound, 404},
    ReasonCode{reason::kMethodNotAllowed, 405},
    ReasonCode{reason::kNotAcceptable, 406},
    ReasonCode{reason::kAlreadyExists, 409},
    ReasonCode{reason::kConflict, 409},
    ReasonCode{reason::kGone, 410},
    ReasonCode{reason::kExpired, 410},
    ReasonCode{reason::kRequestTooLarge, 413},
    ReasonCode{reason::kUnsupportedMediaType, 415},
    ReasonCode{reason::kInvalid, 422},
    ReasonCode{reason::kTooManyRequests, 429},
    ReasonCode{reason::kInternal, 500},
    ReasonCode{reason::kServiceUnavailable, 503},
    ReasonCode{reason::kTimeout, 504},
};

int code_of(std::string_view wanted) {
  for (const auto& [name, code] : kReasonCodes) {
    if (name == wanted) return code;
  }
  return 500;
}

Status failure(std::string_view why, std::string message) {
  Status status;
  status.code = code_of(why);
  status.reason = why;
  status.message = std::move(message);
  return status;
}

/// Splits "leases.coordination.k8s.io" into resource and group.
Status failure_on(std::string_view why, std::string_view resource, std::string_view name,
                  std::string message) {
  Status status = failure(why, std::move(message));
  const auto dot = resource.find('.');
  status.details.kind = resource.substr(0, dot);
  if (dot != resource.npos) status.details.group = resource.substr(dot + 1);
  status.details.name = name;
  return status;
}

void set_unless_empty(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

Json details_to_json(const StatusDetails& details) {
  Json out = Json::object();
  set_unless_empty(out, "name", details.name);
  set_unless_empty(out, "group", details.group);
  set_unless_empty(out, "kind", details.kind);
  set_unless_empty(out, "uid", details.uid);
  for (const StatusCause& cause : details.causes) {
    Json item = Json::object();
    set_unless_empty(item, "reason", cause.reason);
    set_unless_empty(item, "message", cause.message);
    set_unless_empty(item, "field", cause.field);
    out["causes"].push_back(std::move(item));
  }
  if (details.retry_after_seconds != 0) out["retryAfterSeconds"] = details.retry_after_seconds;
  return out;
}

}  // namespace

Status Status::not_found(std::string_view resource, std::string_view name) {
  return failure_on(reason::kNotFound, resource, name, fmt::format("{} \"{}\" not found", resource, name));
}

Status Status::already_exists(std::string_view resource, std::string_view name) {
  return failure_on(reason::kAlreadyExists, resource, name,
                    fmt::format("{} \"{}\" already exists", resource, name));
}

Status Status::conflict(std::string_view resource, std::string_view name, std::string_view why) {
  return failure_on(reason::kConflict, resource, name,
                    fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource, name, why));
}

Status Status::forbidden(std::string_view resource, std::string_view name, std::string_view why) {
  std::string message = name.empty() ? fmt::format("{} is forbidden: {}", resource, why)
                                     : fmt::format("{} \"{}\" is forbidden: {}", resource, name, why);
  return failure_on(reason::kForbidden, resource, name, std::move(message));
}

Status Status::invalid(std::string_view kind, std::string_view name, std::vector<StatusCause> causes) {
  std::string list;
  for (const StatusCause& cause : causes) {
    if (!list.empty()) list += ", ";
    list += cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
  }
  if (causes.size() > 1) list = "[" + list + "]";
  Status status = failure(reason::kInvalid, fmt::format("{} \"{}\" is invalid: {}", kind, name, list));
  status.details.kind = kind;
  status.details.name = name;
  status.details.causes = std::move(causes);
  return status;
}

Status Status::bad_request(std::string_view why) {
  return failure(reason::kBadRequest, std::string(why));
}

Status Status::unauthorized() {
  return failure(reason::kUnauthorized, "Unauthorized");
}

Status Status::method_not_allowed(std::string_view resource, std::string_view verb) {
  return failure_on(reason::kMethodNotAllowed, resource, "",
                    fmt::format("{} is not supported on resources of kind \"{}\"", verb, resource));
}

Status Status::not_acceptable(std::string_view why) {
  return failure(reason::kNotAcceptable, std::string(why));
}

Status Status::unsupported_media_type(std::string_view why) {
  return failure(reason::kUnsupportedMediaType, std::string(why));
}

Status Status::request_too_large(std::string_view why) {
  return failure(reason::kRequestTooLarge, fmt::format("Request entity is too large: {}", why));
}

Status Status::expired(std::string_view why) {
  return failure(reason::kExpired, std::string(why));
}

Status Status::too_many_requests(std::string_view why, std::int64_t retry_after_seconds) {
  Status status = failure(reason::kTooManyRequests, std::string(why));
  status.details.retry_after_seconds = retry_after_seconds;
  return status;
}

Status Status::timeout(std::string_view why) {
  return failure(reason::kTimeout, fmt::format("Timeout: {}", why));
}

Status Status::service_unavailable(std::string_view why) {
  return failure(reason::kServiceUnavailable, std::string(why));
}

Status Status::internal(std::string_view why) {
  return failure(reason::kInternal, fmt::format("Internal error occurred: {}", why));
}

Status Status::deleted(std::string_view resource, std::string_view name, std::string_view uid) {
  Status status = failure_on("", resource, name, "");
  status.success = true;
  status.code = 200;
  status.details.uid = uid;
  return status;
}

Json Status::to_json() const {
  Json out{{"kind", "Status"},
           {"apiVersion", "v1"},
           {"metadata", Json::object()},
           {"status", success ? "Success" : "Failure"}};
  set_unless_empty(out, "message", message);
  set_unless_empty(out, "reason", reason);
  if (details != StatusDetails{}) out["details"] = details_to_json(details);
  out["code"] = code;
  return out;
}

Status Status::from_json(const Json& value) {
  Status status;
  status.success = string_or(value, "status") == "Success";
  status.message = string_or(value, "message");
  status.reason = string_or(value, "reason");
  const auto code = int_or(value, "code", 0);
  const int inferred = status.success ? 200 : code_of(status.reason);
  status.code = code >= 100 && code <= 599 ? static_cast<int>(code) : inferred;
  status.details.name = string_or(value, "details.name");
  status.details.group = string_or(value, "details.group");
  status.details.kind = string_or(value, "details.kind");
  status.details.uid = string_or(value, "details.uid");
  status.details.retry_after_seconds = int_or(value, "details.retryAfterSeconds", 0);
  for (const Json& cause : array_or_empty(value, "details.causes")) {
    status.details.causes.push_back(
        {string_or(cause, "reason"), string_or(cause, "message"), string_or(cause, "field")});
  }
  return status;
}

}  // namespace edgecore::kube
