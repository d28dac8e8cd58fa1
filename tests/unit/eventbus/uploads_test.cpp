// SPDX-License-Identifier: Apache-2.0
#include "eventbus/uploads.hpp"

#include <atomic>

#include "eventbus/topics.hpp"
#include "unit/eventbus/bus_fixture.hpp"

namespace edgecore::eventbus {
namespace {

using Texts = std::vector<std::string>;

/// Through the whole module; the test plays edgehub.
class UploadsTest : public BusFixture {
 protected:
  void start_connected() {
    start();
    ASSERT_TRUE(eventually([&] { return broker.filters().size() == kFixedFilters.size(); }));
  }
  void publish(int from, int to) {
    for (int i = from; i < to; ++i) broker.publish("default/user/t", std::to_string(i));
  }
  /// Takes so many, and what else comes within a moment.
  Texts take(std::size_t count) {
    Texts all;
    for (;;) {
      std::string text = next_upload(all.size() < count ? 5s : 100ms);
      if (text.empty()) return all;
      all.push_back(std::move(text));
    }
  }
  static Texts numbers(int from, int to) {
    Texts all;
    for (int i = from; i < to; ++i) all.push_back(std::to_string(i));
    return all;
  }
};

TEST_F(UploadsTest, TheyComeInOrderAWindowAtATimeAndLeaveTheDatabase) {
  start_connected();
  publish(0, 200);
  ASSERT_TRUE(eventually([&] { return stored_uploads() == 200; }));
  EXPECT_EQ(take(64), numbers(0, 64));
  answer_all(true);
  EXPECT_EQ(take(64), numbers(64, 128));
  answer_all(true);
  EXPECT_EQ(take(64), numbers(128, 192));
  answer_all(true);
  EXPECT_EQ(take(8), numbers(192, 200));
  EXPECT_TRUE(eventually([&] { return stored_uploads() <= 64; }));
  answer_all(true);
  EXPECT_TRUE(eventually([&] { return stored_uploads() == 0; }));
}

TEST_F(UploadsTest, WhatTheConnectionLostIsSentAgainOnceItIsBack) {
  start_connected();
  publish(0, 5);
  EXPECT_EQ(take(5), numbers(0, 5));
  bus->respond(beehive::make_response(*unconfirmed[0], names::content::kOk));
  unconfirmed.erase(unconfirmed.begin());
  tunnel(false);
  answer_all(false);
  publish(5, 7);
  EXPECT_EQ(next_upload(1500ms), "") << "there is no connection";
  tunnel(true);
  EXPECT_EQ(take(6), numbers(1, 7));
  answer_all(true);
  EXPECT_TRUE(eventually([&] { return stored_uploads() == 0; }));
}

TEST_F(UploadsTest, AnErrorWithTheConnectionUpIsTriedAgainAfterAPause) {
  start_connected();
  tunnel(true);
  publish(0, 3);
  EXPECT_EQ(take(3), numbers(0, 3));
  answer_all(false);
  EXPECT_EQ(take(3), numbers(0, 3));
  answer_all(true);
  EXPECT_TRUE(eventually([&] { return stored_uploads() == 0; }));
}

TEST_F(UploadsTest, TheySurviveTheEndOfTheProcess) {
  start_connected();
  tunnel(false);
  publish(0, 100);
  ASSERT_TRUE(eventually([&] { return stored_uploads() == 100; }));
  restart();
  EXPECT_EQ(take(64), numbers(0, 64));
  answer_all(true);
  EXPECT_EQ(take(36), numbers(64, 100));
}

TEST_F(UploadsTest, EmptyAndTooLongPayloadsAreNotForwarded) {
  start_connected();
  broker.publish("default/user/t", "");
  broker.publish("default/user/t", std::string(store::mqtt_uploads::kMaxPayloadBytes + 1, 'x'));
  broker.publish("default/user/t", "last");
  EXPECT_EQ(next_upload(), "last");
  EXPECT_EQ(stored_uploads(), 1U);
}

TEST_F(UploadsTest, BytesThatAreNoTextTravelAsTheReplacementCharacter) {
  start_connected();
  broker.publish("default/user/t", "a\xff");
  const MessagePtr got = next(cloud);
  ASSERT_TRUE(got);
  EXPECT_NE(beehive::encode(*got).find("a\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(UploadsTest, ManyMessagesShareACommit) {
  start_connected();
  tunnel(false);
  const auto before = store->counters().commits;
  publish(0, 3000);
  ASSERT_TRUE(eventually([&] { return stored_uploads() == 3000; }));
  EXPECT_LT(store->counters().commits - before, 500U);
}

/// The class alone, with small limits.
class UploadsLimitsTest : public BusFixture {
 protected:
  void run_with(Uploads::Limits limits, std::function<void(Uploads&)> first) {
    store::Options options;
    options.path = scratch / "edgecore.db";
    store.emplace(options);
    bus.emplace();
    cloud = bus->add_module(names::module::kEdgeHub, names::group::kHub);
    supervisor.emplace(*bus, SystemClock::instance(), beehive::SupervisorOptions(),
                       [](const std::string&, const MessagePtr&, const std::string&) {});
    struct Alone final : beehive::Module {
      Alone(beehive::ModuleContext& context, store::Store& into, Uploads::Limits limits_,
            std::function<void(Uploads&)> first_, std::atomic<std::uint64_t>& dropped_)
          : uploads(context, into, limits_), first(std::move(first_)), dropped(dropped_) {}
      boost::asio::awaitable<void> run() override {
        first(uploads);
        dropped = uploads.dropped();
        co_await uploads.run();
      }
      Uploads uploads;
      std::function<void(Uploads&)> first;
      std::atomic<std::uint64_t>& dropped;
    };
    beehive::ModuleSpec spec;
    spec.name = "alone";
    spec.group = "alone";
    spec.make = [this, limits, first](beehive::ModuleContext& context) {
      return std::make_unique<Alone>(context, *store, limits, first, dropped_at_first);
    };
    std::vector<beehive::ModuleSpec> specs;
    specs.push_back(std::move(spec));
    supervisor->start(std::move(specs));
  }
  Texts stored_payloads() {
    Texts all;
    for (const auto& row : store::mqtt_uploads::list(store->open_reader(), 0, 1000, 1U << 30U))
      all.push_back(row.payload);
    return all;
  }
  std::atomic<std::uint64_t> dropped_at_first{0};
};

TEST_F(UploadsLimitsTest, BeyondTheBudgetTheOldestGo) {
  Uploads::Limits limits;
  const std::size_t each = store::mqtt_uploads::weight({0, "t", "0", {}});
  limits.budget_bytes = 5 * each;
  limits.commit_messages = 2;
  run_with(limits, [](Uploads& uploads) {
    uploads.cloud(false);
    for (int i = 0; i < 9; ++i) uploads.take("t", std::to_string(i));
  });
  EXPECT_TRUE(eventually([&] { return stored_payloads() == Texts{"4", "5", "6", "7", "8"}; }));
}

TEST_F(UploadsLimitsTest, WhatCannotBeStoredYetIsBoundedToo) {
  Uploads::Limits limits;
  limits.pending_messages = 3;
  run_with(limits, [](Uploads& uploads) {
    uploads.cloud(false);
    for (int i = 0; i < 10; ++i) uploads.take("t", std::to_string(i));
  });
  EXPECT_TRUE(eventually([&] { return stored_payloads() == Texts{"7", "8", "9"}; }));
  EXPECT_EQ(dropped_at_first, 7U);
}

}  // namespace
}  // namespace edgecore::eventbus
