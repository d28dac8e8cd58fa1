// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/impersonation.hpp"

#include <gtest/gtest.h>

#include "unit/metaserver/refusal.hpp"

namespace edgecore::metaserver {
namespace {

// kubectl --as=… acted as oneself.
TEST(ImpersonationTest, NobodyIsImpersonated) {
  const auto refused = [](const char* name) {
    const auto status = refusal_if_any([&] { refuse_impersonation({{name, "x"}}); });
    return status ? status->code : 0;
  };
  for (const char* name : {"Impersonate-User", "impersonate-group", "Impersonate-Uid", "Impersonate-Extra-a"})
    EXPECT_EQ(refused(name), 403) << name;
  for (const char* name : {"Impersonate", "Accept", "X-Impersonate-User"})
    EXPECT_EQ(refused(name), 0) << name;
}

}  // namespace
}  // namespace edgecore::metaserver
