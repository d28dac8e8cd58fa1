// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/graceful_deletion.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/time.hpp"

namespace edgecore::kube {
namespace {

const WallTime kDeletedAt = parse_time("2024-06-10T12:00:00Z").value();

Json pod(Json metadata = Json::object(), Json spec = Json::object(), const char* phase = "Running") {
  return {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}, {"status", {{"phase", phase}}}};
}

TEST(GracefulDeletion, TheGracePeriodIsTheAskersElseThePodsElseThirty) {
  const Json own = {{"terminationGracePeriodSeconds", 5}};
  EXPECT_EQ(deletion_grace(pod(Json::object(), own), {{"gracePeriodSeconds", 2}}), 2);
  EXPECT_EQ(deletion_grace(pod(Json::object(), own), Json::object()), 5);
  EXPECT_EQ(deletion_grace(pod(), nullptr), 30);
  EXPECT_EQ(deletion_grace(pod(), {{"gracePeriodSeconds", 0}}), 0);
  EXPECT_EQ(deletion_grace(pod(), {{"gracePeriodSeconds", -7}}), 1);
  EXPECT_EQ(deletion_grace(pod(Json::object(), own, "Failed"), Json::object()), 0);
}

TEST(GracefulDeletion, AGracePeriodOfAgesDoesNotOverflow) {
  const Json ages = {{"gracePeriodSeconds", std::numeric_limits<std::int64_t>::max()}};
  const auto grace = deletion_grace(pod(), ages);
  EXPECT_EQ(deletion_mark(pod(), kDeletedAt, grace)["metadata"]["deletionTimestamp"], "2025-06-10T12:00:00Z");
}

TEST(GracefulDeletion, ThePodIsMarkedWithTheEndOfItsGracePeriod) {
  const Json mark = deletion_mark(pod(), kDeletedAt, 30);
  EXPECT_EQ(mark, Json::parse(R"({"metadata":{"deletionTimestamp":"2024-06-10T12:00:30Z",
                                              "deletionGracePeriodSeconds":30}})"));
}

TEST(GracefulDeletion, ASecondDeletionCanOnlyShortenTheFirst) {
  const Json deleting =
      pod({{"deletionTimestamp", "2024-06-10T11:59:50Z"}, {"deletionGracePeriodSeconds", 30}});
  EXPECT_EQ(deletion_mark(deleting, kDeletedAt, 30), Json::object());
  EXPECT_EQ(deletion_mark(deleting, kDeletedAt, 60), Json::object());
  const Json mark = deletion_mark(deleting, kDeletedAt, 5);
  EXPECT_EQ(mark["metadata"]["deletionTimestamp"], "2024-06-10T11:59:25Z");
  EXPECT_EQ(mark["metadata"]["deletionGracePeriodSeconds"], 5);
}

}  // namespace
}  // namespace edgecore::kube
