// SPDX-License-Identifier: Apache-2.0
#include "metaserver/writes/offline_writes.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "metaserver/http/api_error.hpp"
#include "unit/metamanager/temporary_store.hpp"

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;
namespace writes = store::offline_writes;
using Outcome = OfflineWrites::CloudOutcome;

Json pod(const std::string& name, const std::string& uid) {
  Json made = {{"kind", "Pod"}, {"apiVersion", "v1"}};
  made["metadata"] = {{"name", name}, {"namespace", "default"}, {"uid", uid}, {"resourceVersion", "7"}};
  made["spec"] = {{"nodeName", "edge1"}, {"terminationGracePeriodSeconds", 5}};
  made["status"]["phase"] = "Running";
  return made;
}

Json device(const std::string& desired) {
  Json made = {{"kind", "Device"}, {"apiVersion", "devices.kubeedge.io/v1beta1"}};
  made["metadata"] = {{"name", "lamp"}, {"namespace", "default"}, {"uid", "d"}, {"resourceVersion", "8"}};
  made["spec"]["nodeName"] = "edge1";
  made["spec"]["properties"] = {{{"name", "level"}, {"desired", {{"value", desired}}}}};
  return made;
}

Json wish(const std::string& desired) {
  return {{"spec", {{"properties", device(desired)["spec"]["properties"]}}}};
}

/// The part of module `metaserver` that this is, with metamanager and the cloud in the test's hands.
class OfflineWritesTest : public ::testing::Test {
 protected:
  OfflineWritesTest() {
    metamanager_ = bus_.add_module("metamanager", "meta");
    context_.emplace(beehive::ModuleContext{"metaserver", bus_, bus_.add_module("metaserver", "api"),
                                            loop_.get_executor(), clock_, log::get("test")});
    boost::asio::co_spawn(loop_, serve_local(), boost::asio::detached);
    put(pod("web", "u"));
    put(device("1"));
  }
  ~OfflineWritesTest() override {
    stop();
    bus_.stop();
    loop_.restart();
    loop_.run_for(20ms);
  }

  void start(bool with_run = true) {
    reader_.emplace(store->open_reader());
    OfflineWrites::Parts parts{*context_, *store, *reader_, "edge1", {}, spacing, 50ms};
    parts.call = [this](beehive::Application call) { return cloud(std::move(call)); };
    offline_.emplace(std::move(parts));
    if (with_run) {
      running_ = true;
      boost::asio::co_spawn(loop_, offline_->run(),
                            boost::asio::bind_cancellation_slot(
                                stop_.slot(), [this](const std::exception_ptr&) { running_ = false; }));
    }
    turn(20ms);
  }
  void stop() {
    stop_.emit(boost::asio::cancellation_type::terminal);
    eventually([this] { return !running_; });
    offline_.reset();
    reader_.reset();
  }
  bool eventually(const std::function<bool()>& what, std::chrono::milliseconds within = 5s) {
    const auto deadline = steady_now() + within;
    while (!what()) {
      if (steady_now() > deadline) return false;
      if (loop_.stopped()) loop_.restart();
      loop_.run_one_for(5ms);
    }
    return true;
  }
  void turn(std::chrono::milliseconds time) {
    const auto deadline = steady_now() + time;
    eventually([&] { return steady_now() >= deadline; }, time + 1s);
  }

  /// The object that is answered, or a Status.
  Json result_of(boost::asio::awaitable<Json> asked) {
    std::optional<Json> answer;
    spawn(std::move(asked), answer);
    EXPECT_TRUE(eventually([&] { return answer.has_value(); }));
    return answer.value_or(Json());
  }
  /// Of two that are asked at the same time.
  std::pair<Json, Json> results_of(boost::asio::awaitable<Json> one, boost::asio::awaitable<Json> other) {
    std::optional<Json> first;
    std::optional<Json> second;
    spawn(std::move(one), first);
    spawn(std::move(other), second);
    EXPECT_TRUE(eventually([&] { return first && second; }));
    return {first.value_or(Json()), second.value_or(Json())};
  }
  void spawn(boost::asio::awaitable<Json> asked, std::optional<Json>& answer) {
    boost::asio::co_spawn(loop_, std::move(asked), [&answer](const std::exception_ptr& failure, Json said) {
      if (!failure) {
        answer = std::move(said);
        return;
      }
      try {
        std::rethrow_exception(failure);
      } catch (const ApiError& error) {
        answer = error.status().to_json();
      }
    });
  }
  Json remove(const Json& which, const Json& options = Json::object()) {
    return result_of(offline_->delete_pod(which, options));
  }
  Json patch(const Json& which, const Json& change) {
    return result_of(offline_->patch_device(which, "application/merge-patch+json", change.dump()));
  }

  void put(const Json& object) {
    const std::string type = object["kind"] == "Pod" ? "pod" : "device";
    store.put("default/" + type + "/" + object["metadata"]["name"].get<std::string>(), type, object.dump());
  }
  void erase(const std::string& resource) {
    store->write([&](store::Transaction& from) { store::meta::remove(from, resource); });
  }
  Json stored(const std::string& resource) { return Json::parse(store.value(resource), nullptr, false); }
  std::vector<writes::Row> rows() {
    const auto reader = store->open_reader();
    return writes::list(reader);
  }

  boost::asio::awaitable<Outcome> cloud(beehive::Application call) {
    const std::string key = call.key;
    calls.push_back(std::move(call));
    at.push_back(steady_now());
    EXPECT_FALSE(std::exchange(in_call_, true)) << "two calls at a time";
    SteadyTimer way(loop_, 2ms);
    co_await way.async_wait(boost::asio::use_awaitable);
    in_call_ = false;
    const auto found = says.find(key);
    if (found == says.end()) co_return otherwise;
    co_return found->second;
  }
  static Outcome refused(int code, std::string_view reason) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kRefused;
    outcome.status.code = code;
    outcome.status.reason = reason;
    outcome.status.message = "no";
    return outcome;
  }

  metamanager::TemporaryStore store;
  std::chrono::milliseconds spacing = 1ms;
  std::optional<OfflineWrites> offline_;
  bool deaf = false;                        ///< metamanager does not answer
  std::vector<std::string> changed;         ///< what it was asked to change
  std::vector<beehive::Application> calls;  ///< of the cloud
  std::vector<SteadyTime> at;
  std::map<std::string, Outcome> says;  ///< by key
  Outcome otherwise{Outcome::Kind::kApproved, {}};

 private:
  boost::asio::awaitable<void> serve_local() {
    for (;;) {
      const beehive::Delivery delivery = co_await metamanager_->receive();
      const beehive::Message& question = *delivery;
      const std::string resource = question.route.resource;
      changed.push_back(resource);
      EXPECT_EQ(question.route.source, "metaserver");
      EXPECT_EQ(question.route.operation, "patch");
      if (deaf) {
        refuse(question, kube::Status::service_unavailable("it is being started again"));
        continue;
      }
      Json object = stored(resource);
      if (!object.is_object()) {
        refuse(question, kube::Status::not_found("pods", resource));
      } else if (object["metadata"]["uid"] != question.content["uid"]) {
        refuse(question, kube::Status::conflict("pods", resource, "another uid"));
      } else {
        object.merge_patch(question.content["patch"]);
        put(object);
        bus_.respond(beehive::make_response(question, object));
      }
    }
  }
  void refuse(const beehive::Message& question, const kube::Status& why) {
    bus_.respond(beehive::make_error(question, "metamanager", "meta", why.to_json()));
  }

  FakeClock clock_{kube::parse_time("2024-06-10T12:00:00Z").value()};
  boost::asio::io_context loop_;
  beehive::Bus bus_;
  std::shared_ptr<beehive::Mailbox> metamanager_;
  std::optional<beehive::ModuleContext> context_;
  std::optional<store::Reader> reader_;
  boost::asio::cancellation_signal stop_;
  bool running_ = false;
  bool in_call_ = false;
};

TEST_F(OfflineWritesTest, ADeletedPodBeginsToEndAndTheCloudIsToldWhenTheLinkIsBack) {
  start();
  offline_->on_link(false);
  const Json answer = remove(pod("web", "u"), {{"propagationPolicy", "Background"}});
  EXPECT_EQ(answer["metadata"]["deletionTimestamp"], "2024-06-10T12:00:05Z");
  EXPECT_EQ(answer["metadata"]["deletionGracePeriodSeconds"], 5);
  EXPECT_EQ(stored("default/pod/web"), answer);
  EXPECT_EQ(offline_->pending(), 1U);
  ASSERT_EQ(rows().size(), 1U);
  turn(50ms);
  EXPECT_TRUE(calls.empty());

  offline_->on_link(true);
  ASSERT_TRUE(eventually([&] { return offline_->pending() == 0; }));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].key, "/core/v1/pods/default/web");
  EXPECT_EQ(calls[0].verb, "delete");
  EXPECT_EQ(calls[0].node_name, "edge1");
  EXPECT_FALSE(calls[0].nonce.empty());
  EXPECT_EQ(Json::parse(calls[0].option),
            Json::parse(R"({"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1","gracePeriodSeconds":5,
                            "preconditions":{"uid":"u"},"propagationPolicy":"Background"})"));
  EXPECT_TRUE(rows().empty());
}

TEST_F(OfflineWritesTest, ADeletionThatWasKilledBeforeItTookEffectIsRepeatedAtTheStart) {
  otherwise.kind = Outcome::Kind::kUnreachable;
  start(false);
  deaf = true;
  const Json answer = remove(pod("web", "u"));
  EXPECT_EQ(answer["metadata"]["deletionGracePeriodSeconds"], 5) << "it is on disk, so it is accepted";
  EXPECT_FALSE(stored("default/pod/web")["metadata"].contains("deletionTimestamp"));
  stop();
  deaf = false;
  store.reopen();
  start();
  offline_->on_link(false);
  EXPECT_TRUE(
      eventually([&] { return stored("default/pod/web")["metadata"].contains("deletionTimestamp"); }));
  EXPECT_EQ(stored("default/pod/web")["metadata"]["deletionTimestamp"], "2024-06-10T12:00:05Z");
  EXPECT_EQ(offline_->pending(), 1U);
}

TEST_F(OfflineWritesTest, ACopyWithoutTheMarkThatCameMeanwhileIsMarkedAgainBeforeTheDeletionIsForgotten) {
  start();
  offline_->on_link(false);
  remove(pod("web", "u"));
  put(pod("web", "u"));  // pushed
  offline_->on_link(true);
  ASSERT_TRUE(eventually([&] { return offline_->pending() == 0; }));
  EXPECT_TRUE(stored("default/pod/web")["metadata"].contains("deletionTimestamp"));
}

TEST_F(OfflineWritesTest, DeletingTwiceIsDeletingOnce) {
  start();
  offline_->on_link(false);
  const Json first = remove(pod("web", "u"));
  EXPECT_EQ(remove(first), first);
  EXPECT_EQ(offline_->pending(), 1U);
  const Json sooner = remove(first, {{"gracePeriodSeconds", 1}});
  EXPECT_EQ(sooner["metadata"]["deletionGracePeriodSeconds"], 1);
  EXPECT_EQ(offline_->pending(), 1U);
}

TEST_F(OfflineWritesTest, WhatTheNodeDoesNotOwnIsLeftToTheCloud) {
  start();
  offline_->on_link(false);
  Json elsewhere = pod("web", "u");
  elsewhere["spec"]["nodeName"] = "edge2";
  const Json status = remove(elsewhere);
  EXPECT_EQ(status["code"], 503);
  EXPECT_GT(status["details"]["retryAfterSeconds"], 0);
  Json mirror = pod("web", "u");
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash";
  EXPECT_EQ(remove(mirror)["code"], 503);
  Json other = device("1");
  other["spec"]["nodeName"] = "edge2";
  EXPECT_EQ(patch(other, wish("2"))["code"], 503);
  EXPECT_EQ(patch(device("1"), {{"metadata", {{"labels", {{"a", "b"}}}}}})["code"], 503);
  EXPECT_EQ(offline_->pending(), 0U);
  EXPECT_TRUE(changed.empty());
}

TEST_F(OfflineWritesTest, PreconditionsAreKept) {
  start();
  offline_->on_link(false);
  EXPECT_EQ(remove(pod("web", "u"), {{"preconditions", {{"uid", "v"}}}})["code"], 409);
  EXPECT_EQ(remove(pod("web", "u"), {{"preconditions", {{"resourceVersion", "6"}}}})["code"], 409);
  Json old = wish("2");
  old["metadata"]["resourceVersion"] = "6";
  EXPECT_EQ(patch(device("1"), old)["code"], 409);
  EXPECT_EQ(remove(pod("gone", "u"))["code"], 404) << "it vanished while it was asked for";
  EXPECT_EQ(remove(pod("web", "v"))["code"], 409);
  EXPECT_TRUE(rows().empty());
}

TEST_F(OfflineWritesTest, ADryRunChangesNothing) {
  start();
  offline_->on_link(false);
  const Json answer = remove(pod("web", "u"), {{"dryRun", {"All"}}});
  EXPECT_EQ(answer["metadata"]["deletionGracePeriodSeconds"], 5);
  EXPECT_EQ(stored("default/pod/web"), pod("web", "u"));
  EXPECT_TRUE(rows().empty());
}

TEST_F(OfflineWritesTest, DesiredValuesTakeEffectAndAreSentInOrder) {
  start();
  offline_->on_link(false);
  const Json first = patch(device("1"), wish("2"));
  EXPECT_EQ(first, device("2"));
  EXPECT_EQ(result_of(offline_->update_device(first, device("3"))), device("3"));
  EXPECT_EQ(patch(device("3"), wish("3")), device("3"));
  EXPECT_EQ(stored("default/device/lamp"), device("3"));
  EXPECT_EQ(offline_->pending(), 2U);
  offline_->on_link(true);
  ASSERT_TRUE(eventually([&] { return offline_->pending() == 0; }));
  ASSERT_EQ(calls.size(), 2U);
  std::vector<std::string> sent;
  for (const auto& call : calls) {
    EXPECT_EQ(call.key, "/devices.kubeedge.io/v1beta1/devices/default/lamp");
    EXPECT_EQ(call.verb, "patch");
    const Json option = Json::parse(call.option);
    EXPECT_EQ(option["Name"], "lamp");
    EXPECT_EQ(option["PatchType"], "application/json-patch+json");
    EXPECT_EQ(option["Subresources"], Json::array({""}));
    const Json operations = Json::parse(net::base64_decode(option["Data"].get<std::string>()));
    EXPECT_EQ(operations.front()["value"], "d");
    sent.push_back(operations.back()["value"]["value"]);
  }
  EXPECT_EQ(sent, (std::vector<std::string>{"2", "3"}));
}

TEST_F(OfflineWritesTest, TwoClientsThatChangeTwoPropertiesAtOnceBothCount) {
  Json two = device("1");
  two["spec"]["properties"].push_back({{"name", "hue"}, {"desired", {{"value", "1"}}}});
  put(two);
  start();
  offline_->on_link(false);
  const auto replace = [](int property) {
    const std::string path = "/spec/properties/" + std::to_string(property) + "/desired/value";
    return Json::array({{{"op", "replace"}, {"path", path}, {"value", "2"}}}).dump();
  };
  // Both have read the device before either has changed it.
  auto first = offline_->patch_device(two, "application/json-patch+json", replace(0));
  auto second = offline_->patch_device(two, "application/json-patch+json", replace(1));
  const auto [a, b] = results_of(std::move(first), std::move(second));
  EXPECT_EQ(a["spec"]["properties"][0]["desired"]["value"], "2") << a;
  for (const std::size_t property : {0U, 1U})
    EXPECT_EQ(stored("default/device/lamp")["spec"]["properties"][property]["desired"]["value"], "2") << b;
  EXPECT_EQ(rows().size(), 2U);
}

TEST_F(OfflineWritesTest, AnObjectWithWritesThatWaitIsKnown) {
  otherwise = {Outcome::Kind::kUnreachable, {}};
  start();
  EXPECT_FALSE(offline_->has_pending("d"));
  patch(device("1"), wish("2"));
  EXPECT_TRUE(offline_->has_pending("d"));
  EXPECT_FALSE(offline_->has_pending("u"));
}

TEST_F(OfflineWritesTest, WhatTheCloudHasDecidedOnIsDoneWith) {
  for (const auto& [code, reason] : std::map<int, std::string_view>{
           {404, "NotFound"}, {409, "Conflict"}, {403, "Forbidden"}, {422, "Invalid"}}) {
    otherwise = refused(code, reason);
    start();
    remove(pod("web", "u"));
    EXPECT_TRUE(eventually([&] { return offline_->pending() == 0; })) << code;
    stop();
  }
}

TEST_F(OfflineWritesTest, AnUnreachableCloudIsAskedAgainLater) {
  otherwise = {Outcome::Kind::kUnreachable, {}};
  start();
  remove(pod("web", "u"));
  patch(device("1"), wish("2"));
  ASSERT_TRUE(eventually([&] { return calls.size() >= 2; }));
  EXPECT_EQ(offline_->pending(), 2U);
  EXPECT_EQ(calls[1].verb, "delete") << "the first one first";
  otherwise.kind = Outcome::Kind::kApproved;
  EXPECT_TRUE(eventually([&] { return offline_->pending() == 0; }));
}

TEST_F(OfflineWritesTest, ATroubleOfOneObjectHoldsUpItsLaterWritesOnly) {
  says["/devices.kubeedge.io/v1beta1/devices/default/lamp"] = refused(500, "InternalError");
  start();
  offline_->on_link(false);
  patch(device("1"), wish("2"));
  patch(device("2"), wish("3"));
  remove(pod("web", "u"));
  offline_->on_link(true);
  ASSERT_TRUE(eventually([&] { return offline_->pending() == 2; }));
  ASSERT_GE(calls.size(), 2U);
  EXPECT_EQ(calls[1].verb, "delete");
  says.clear();
  EXPECT_TRUE(eventually([&] { return offline_->pending() == 0; }));
}

// Without its dynamic controller the cloud still deletes what edged reports as ended.
TEST_F(OfflineWritesTest, ADeletionOfWhatTheCloudHasRemovedByItselfIsDoneWith) {
  otherwise = {Outcome::Kind::kUnreachable, {}};
  start();
  remove(pod("web", "u"));
  erase("default/pod/web");
  EXPECT_TRUE(eventually([&] { return offline_->pending() == 0; }));
}

TEST_F(OfflineWritesTest, TheCloudIsNotFlooded) {
  spacing = 40ms;
  start();
  offline_->on_link(false);
  for (int i = 0; i < 5; ++i) {
    const std::string uid = "u" + std::to_string(i);
    put(pod("p" + std::to_string(i), uid));
    remove(pod("p" + std::to_string(i), uid));
  }
  offline_->on_link(true);
  ASSERT_TRUE(eventually([&] { return offline_->pending() == 0; }));
  ASSERT_EQ(at.size(), 5U);
  EXPECT_GE(at.back() - at.front(), 160ms);
}

TEST_F(OfflineWritesTest, MoreThanIsKeptIsRefused) {
  start();
  offline_->on_link(false);
  store->write([](store::Transaction& into) {
    for (std::size_t i = 0; i < writes::kMaxRows; ++i) {
      writes::add(into, {0, "/devices.kubeedge.io/v1beta1/devices/default/x", "x", "patch", "", "[]", {}});
    }
  });
  EXPECT_EQ(remove(pod("web", "u"))["code"], 503);
  EXPECT_FALSE(stored("default/pod/web")["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(patch(device("1"), wish(std::string(writes::kMaxBodyBytes, 'x')))["code"], 413);
}

}  // namespace
}  // namespace edgecore::metaserver
