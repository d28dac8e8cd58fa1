// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/reply.hpp"

#include <spdlog/fmt/fmt.h>

namespace edgecore::kube {
namespace {

CloudReply broken(Status status) {
  return {ReplyKind::kBroken, Json(), std::move(status)};
}

CloudReply refused(const Json& status) {
  Status read = Status::from_json(status);
  read.success = false;  // an error, whatever it says
  if (read.code < 400) read.code = 500;
  if (read.message.empty()) read.message = "The cloud's API server refused without saying why";
  return {ReplyKind::kRefused, Json(), std::move(read)};
}

/// Classifies an error: the whole content or the value of `Err`. CloudCore's zero Status, which has neither
/// reason nor message nor code, says nothing about the object and counts as broken.
CloudReply error_reply(const Json& error) {
  if (error.is_string()) {
    return broken(
        Status::internal(fmt::format("the cloud answered: {}", error.get_ref<const std::string&>())));
  }
  if (const Json* status = find_path(error, "ErrStatus")) {
    const bool says_something = int_or(*status, "code", 0) != 0 || !string_or(*status, "reason").empty() ||
                                !string_or(*status, "message").empty();
    if (says_something) return refused(*status);
    return broken(Status::internal("the cloud answered with an empty status"));
  }
  if (find_path(error, "Op") != nullptr && find_path(error, "URL") != nullptr) {
    return broken(Status::service_unavailable(fmt::format("The cloud could not reach its API server ({} {})",
                                                          string_or(error, "Op"), string_or(error, "URL"))));
  }
  if (error.is_object() && error.empty()) {
    return broken(Status::internal("the cloud answered with an error whose text was lost"));
  }
  return broken(Status::internal("the cloud answered with an error of unknown shape"));
}

bool has_key(const Json& content, const char* key) {
  return content.find(key) != content.end();
}

CloudReply wrapped_reply(Json& content) {
  if (!has_key(content, "Err") || !has_key(content, "Object")) {
    return broken(Status::internal("the cloud's reply lacks its Object or its Err"));
  }
  if (!content["Err"].is_null()) return error_reply(content["Err"]);
  if (!content["Object"].is_object() || content["Object"].empty()) {
    return broken(Status::internal("the cloud's reply holds neither an object nor an error"));
  }
  return {ReplyKind::kObject, std::move(content["Object"]), Status()};
}

}  // namespace

CloudReply classify_reply(Json content) {
  if (content.is_string() && content.get_ref<const std::string&>() == "OK") {
    return {ReplyKind::kDone, Json(), Status()};
  }
  if (!content.is_object()) {
    if (content.is_string()) return error_reply(content);
    return broken(
        Status::internal(fmt::format("the cloud's reply is {} instead of an object", content.type_name())));
  }
  const std::string kind = string_or(content, "kind");
  if (kind == "Status" && string_or(content, "status") == "Failure") return refused(content);
  if (!kind.empty()) return {ReplyKind::kObject, std::move(content), Status()};
  if (has_key(content, "Object") || (has_key(content, "Err") && !has_key(content, "Op"))) {
    return wrapped_reply(content);
  }
  if (content.empty() || has_key(content, "ErrStatus") || has_key(content, "Op")) return error_reply(content);
  return broken(Status::internal("the cloud's reply is an object without a kind"));
}

CloudReply classify_error(const Json& content) {
  if (content.is_object()) return error_reply(content);
  if (content.is_string()) return error_reply(content);
  return broken(Status::internal("the cloud answered with an error without a text"));
}

}  // namespace edgecore::kube
