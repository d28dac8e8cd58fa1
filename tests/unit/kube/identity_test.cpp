// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/identity.hpp"

#include <gtest/gtest.h>

namespace edgecore::kube {
namespace {

void expect_same(const Identity& a, const Identity& b, const std::string& text) {
  EXPECT_EQ(a.uid, b.uid) << text;
  EXPECT_EQ(a.resource_version, b.resource_version) << text;
  EXPECT_EQ(a.created, b.created) << text;
}

TEST(IdentityOfText, IsThatOfTheParsedObject) {
  for (const std::string text :
       {R"({"metadata":{"uid":"u","resourceVersion":"12","creationTimestamp":"2024-01-01T00:00:00Z"}})",
        R"({"kind":"Pod","spec":{"uid":"x"},"metadata":{"labels":{"uid":"y"},"name":"n","uid":"u"}})",
        R"({ "metadata" : { "resourceVersion" : "7" , "uid" : null } })",
        R"({"metadata":{"uid":5,"resourceVersion":"seven","creationTimestamp":null}})", R"({"metadata":[]})",
        R"({"metadata":null})", R"({})", R"([])", R"("text")", R"(7)", R"(null)"})
    expect_same(identity_of_text(text), identity_of(Json::parse(text)), text);
}

TEST(IdentityOfText, TextThatIsNotJsonHasNone) {
  for (const std::string text : {"", "{", "x", R"({"metadata")"})
    expect_same(identity_of_text(text), {}, text);
}

}  // namespace
}  // namespace edgecore::kube
