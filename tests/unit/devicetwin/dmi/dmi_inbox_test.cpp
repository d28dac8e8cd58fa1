// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_inbox.hpp"

#include <gtest/gtest.h>

#include "edgecore/beehive/names.hpp"

namespace edgecore::devicetwin {
namespace {

class DmiInboxTest : public testing::Test {
 protected:
  static DmiRequest report(std::uint64_t id) {
    DmiRequest request;
    request.kind = DmiRequest::Kind::kReportStatus;
    request.id = id;
    request.twins.push_back({"t", std::nullopt, std::string(1000, 'x')});
    return request;
  }

  beehive::Bus bus_;
  std::shared_ptr<beehive::Mailbox> mailbox_ =
      bus_.add_module(names::module::kTwin, names::group::kTwin, {.messages = 2, .bytes = 1U << 20U});
  DmiInbox inbox_;
};

TEST_F(DmiInboxTest, AMessageStandsForTheRequestAndWeighsWhatItWeighs) {
  ASSERT_TRUE(inbox_.put(bus_, report(7)));
  const auto notice = mailbox_->try_receive();
  ASSERT_TRUE(notice);
  EXPECT_TRUE(DmiInbox::is_notice(*notice));
  EXPECT_GT(notice->weight, 1000U);
  const auto request = inbox_.take(*notice);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, 7U);
  EXPECT_EQ(request->twins.at(0).reported, std::string(1000, 'x'));
  EXPECT_EQ(request->twins.at(0).observed_desired, std::nullopt);
  EXPECT_FALSE(inbox_.take(*notice)) << "once";
}

TEST_F(DmiInboxTest, AFullMailboxRefusesAndNothingStays) {
  ASSERT_TRUE(inbox_.put(bus_, report(1)));
  ASSERT_TRUE(inbox_.put(bus_, report(2)));
  EXPECT_FALSE(inbox_.put(bus_, report(3)));
  EXPECT_EQ(inbox_.waiting(), 2U);
}

TEST_F(DmiInboxTest, ANoticeOfAnEarlierLifeStandsForNothing) {
  ASSERT_TRUE(inbox_.put(bus_, report(1)));
  DmiInbox next_life;
  EXPECT_FALSE(next_life.take(*mailbox_->try_receive()));
}

}  // namespace
}  // namespace edgecore::devicetwin
