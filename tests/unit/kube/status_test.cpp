// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/status.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/reply.hpp"

namespace edgecore::kube {
namespace {

TEST(StatusTest, MakersGiveTheApiServersWords) {
  EXPECT_EQ(Status::not_found("pods", "web").to_json(),
            parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
              "message":"pods \"web\" not found","reason":"NotFound","details":{"name":"web","kind":"pods"},"code":404})"));
  EXPECT_EQ(Status::not_found("leases.coordination.k8s.io", "edge1").to_json(),
            parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
              "message":"leases.coordination.k8s.io \"edge1\" not found","reason":"NotFound",
              "details":{"name":"edge1","group":"coordination.k8s.io","kind":"leases"},"code":404})"));
  EXPECT_EQ(
      Status::invalid("Pod", "a", {{"FieldValueRequired", "Required value", "spec.containers"}}).to_json(),
      parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
              "message":"Pod \"a\" is invalid: spec.containers: Required value","reason":"Invalid",
              "details":{"name":"a","kind":"Pod","causes":[{"reason":"FieldValueRequired",
              "message":"Required value","field":"spec.containers"}]},"code":422})"));
  EXPECT_EQ(Status::deleted("pods", "a", "u1").to_json(),
            parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success",
              "details":{"name":"a","kind":"pods","uid":"u1"},"code":200})"));
}

TEST(StatusTest, CodesAndReasonsBelongTogether) {
  const struct {
    Status status;
    int code;
    std::string_view reason;
  } rows[] = {
      {Status::already_exists("pods", "a"), 409, "AlreadyExists"},
      {Status::conflict("pods", "a", "stale"), 409, "Conflict"},
      {Status::forbidden("pods", "", "no"), 403, "Forbidden"},
      {Status::bad_request("x"), 400, "BadRequest"},
      {Status::unauthorized(), 401, "Unauthorized"},
      {Status::method_not_allowed("pods", "patch"), 405, "MethodNotAllowed"},
      {Status::not_acceptable("x"), 406, "NotAcceptable"},
      {Status::unsupported_media_type("x"), 415, "UnsupportedMediaType"},
      {Status::request_too_large("x"), 413, "RequestEntityTooLarge"},
      {Status::expired("x"), 410, "Expired"},
      {Status::too_many_requests("x", 3), 429, "TooManyRequests"},
      {Status::timeout("x"), 504, "Timeout"},
      {Status::service_unavailable("x"), 503, "ServiceUnavailable"},
      {Status::internal("x"), 500, "InternalError"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.status.code, row.code) << row.reason;
    EXPECT_TRUE(row.status.is(row.reason)) << row.reason;
    EXPECT_FALSE(row.status.success);
    EXPECT_FALSE(row.status.message.empty());
    EXPECT_EQ(Status::from_json(row.status.to_json()), row.status) << row.reason;
  }
}

TEST(StatusTest, ReadsWhateverObjectWithoutThrowing) {
  EXPECT_EQ(Status::from_json(parse_json(R"({"reason":"NotFound"})")).code, 404);
  EXPECT_EQ(Status::from_json(parse_json(R"({"code":99999,"reason":7,"details":[],"message":null})")).code,
            500);
  EXPECT_EQ(Status::from_json(Json(5)).code, 500);
  EXPECT_EQ(
      Status::from_json(parse_json(R"({"details":{"causes":[1,{"field":"f"}]}})")).details.causes.size(), 2U);
}

struct ReplyRow {
  const char* content;
  ReplyKind kind;
  int code;
};

TEST(ReplyTest, ShapesOfTheCloudAreToldApart) {
  const ReplyRow rows[] = {
      {R"("OK")", ReplyKind::kDone, 0},
      {R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"}})", ReplyKind::kObject, 0},
      {R"({"Object":{"metadata":{"name":"n"}},"Err":null})", ReplyKind::kObject, 0},
      // Go errors as CloudCore marshals them
      {R"({"ErrStatus":{"metadata":{},"status":"Failure","message":"configmap \"c1\" not found","reason":"NotFound",
          "details":{"name":"c1","kind":"configmap"},"code":404}})",
       ReplyKind::kRefused, 404},
      {R"({"Object":{"metadata":{"creationTimestamp":null}},"Err":{"ErrStatus":{"metadata":{},"status":"Failure",
          "reason":"Conflict","message":"uid mismatch","code":409}}})",
       ReplyKind::kRefused, 409},
      {R"({"Object":null,"Err":{"ErrStatus":{"reason":"NotFound","code":404}}})", ReplyKind::kRefused, 404},
      {R"({"ErrStatus":{"reason":"AlreadyExists"}})", ReplyKind::kRefused, 409},
      {R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403})",
       ReplyKind::kRefused, 403},
      {R"({"ErrStatus":{"metadata":{}}})", ReplyKind::kBroken, 500},
      {R"({})", ReplyKind::kBroken, 500},
      {R"({"Op":"Get","URL":"https://10.0.0.1:6443/api","Err":{}})", ReplyKind::kBroken, 503},
      {R"({"Object":{"metadata":{"name":"n"}},"Err":{}})", ReplyKind::kBroken, 500},
      {R"({"Object":{"metadata":{"name":"n"}},"Err":{"Op":"Patch","URL":"https://x","Err":{}}})",
       ReplyKind::kBroken, 503},
      {R"({"Object":{"metadata":{"name":"n"}},"Err":"text"})", ReplyKind::kBroken, 500},
      {R"({"Object":{"metadata":{"name":"n"}},"Err":false})", ReplyKind::kBroken, 500},
      {R"({"Object":null,"Err":null})", ReplyKind::kBroken, 500},
      {R"({"Object":{},"Err":null})", ReplyKind::kBroken, 500},
      {R"({"Object":"x","Err":null})", ReplyKind::kBroken, 500},
      {R"({"Object":{"metadata":{"name":"n"}}})", ReplyKind::kBroken, 500},
      {R"({"Err":null})", ReplyKind::kBroken, 500},
      {R"({"metadata":{"name":"no-kind"}})", ReplyKind::kBroken, 500},
      {R"({"kind":"","metadata":{"name":"no-kind"}})", ReplyKind::kBroken, 500},
      {R"({"kind":7})", ReplyKind::kBroken, 500},
      {R"("some other text")", ReplyKind::kBroken, 500},
      {"null", ReplyKind::kBroken, 500},
      {"[]", ReplyKind::kBroken, 500},
      {"7", ReplyKind::kBroken, 500},
  };
  for (const ReplyRow& row : rows) {
    const CloudReply reply = classify_reply(parse_json(row.content));
    EXPECT_EQ(reply.kind, row.kind) << row.content;
    EXPECT_EQ(reply.object.is_object(), row.kind == ReplyKind::kObject) << row.content;
    if (row.kind == ReplyKind::kObject || row.kind == ReplyKind::kDone) continue;
    EXPECT_EQ(reply.status.code, row.code) << row.content;
    EXPECT_FALSE(reply.status.success) << row.content;
    EXPECT_FALSE(reply.status.message.empty()) << row.content;
  }
}

TEST(ReplyTest, WrappedObjectIsUnwrappedAndTextOfAnErrorMessageKept) {
  EXPECT_EQ(classify_reply(parse_json(R"({"Object":{"metadata":{"name":"n"}},"Err":null})"))
                .object["metadata"]["name"],
            "n");
  EXPECT_EQ(classify_error(Json("lost the connection")).status.message,
            "Internal error occurred: the cloud answered: lost the connection");
  EXPECT_EQ(classify_error(Json()).kind, ReplyKind::kBroken);
  EXPECT_EQ(classify_error(Json("OK")).kind, ReplyKind::kBroken);
}

}  // namespace
}  // namespace edgecore::kube
