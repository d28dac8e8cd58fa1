// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/application.hpp"

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::beehive {
namespace {

Json bytes_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(net::base64(text));
}

/// A Status from the text of an error. For lists, and for requests that the cloud's client refuses, the API
/// server's Status is lost (protocol/03-metaserver.md §3.4).
kube::Status status_of_words(const std::string& reason) {
  const auto says = [&](std::string_view words) { return reason.find(words) != std::string::npos; };
  kube::Status status;
  status.message = reason.empty() ? "the cloud refused the request without a reason" : reason;
  if (says("is forbidden") || says("Forbidden")) {
    status.code = 403;
    status.reason = kube::reason::kForbidden;
  } else if (says("could not find the requested resource") || says("not found")) {
    status.code = 404;
    status.reason = kube::reason::kNotFound;
  } else if (says("too old resource version") || says("continue parameter is too old")) {
    status.code = 410;
    status.reason = kube::reason::kExpired;
  } else if (says("invalid continue token")) {
    status = kube::Status::bad_request(status.message);
  } else {
    status = kube::Status::internal(status.message);
  }
  return status;
}

}  // namespace

std::string application_id(const Application& call) {
  return net::sha256_hex(call.node_name + call.key + call.verb + call.option + call.body + call.subresource +
                         call.nonce);
}

Json application_content(const Application& call) {
  Json content;
  content["ID"] = application_id(call);
  content["Key"] = call.key;
  content["Verb"] = call.verb;
  content["Nodename"] = call.node_name;
  content["Option"] = bytes_or_null(call.option);
  content["ReqBody"] = bytes_or_null(call.body);
  content["Subresource"] = call.subresource;
  content["RespBody"] = nullptr;
  content["Status"] = "InApplying";
  content["Reason"] = "";
  content["Error"]["ErrStatus"]["metadata"] = Json::object();
  content["Timestamp"] = "0001-01-01T00:00:00Z";
  return content;
}

Message application_request(const Application& call) {
  // Operation and resource are the literal word null (protocol/03-metaserver.md §3.3).
  return make_message(names::source::kMetaServer, names::group::kDynamicController, "null", "null",
                      application_content(call));
}

ApplicationAnswer read_application_answer(const Json& content) {
  ApplicationAnswer answer;
  const std::string status = kube::string_or(content, "Status");
  if (status.empty()) throw BadInput("The cloud's answer is not an Application.");
  answer.approved = status == "Approved";
  if (answer.approved) {
    const std::string body = kube::string_or(content, "RespBody");
    if (!body.empty()) answer.body = net::base64_decode(body);
    return answer;
  }
  const Json& error = kube::object_or_empty(content, "Error.ErrStatus");
  if (kube::int_or(error, "code", 0) != 0 || !kube::string_or(error, "reason").empty() ||
      !kube::string_or(error, "message").empty()) {
    answer.status = kube::Status::from_json(error);
  } else {
    answer.status = status_of_words(kube::string_or(content, "Reason"));
  }
  return answer;
}

}  // namespace edgecore::beehive
