// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_heartbeat.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include "edgecore/beehive/names.hpp"
#include "edgecore/cri/call_error.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/strategic_merge.hpp"
#include "edgecore/kube/time.hpp"
#include "support/loop.hpp"
#include "support/skipped_time.hpp"

namespace edgecore::edged {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using beehive::Message;
using kube::Status;

const std::string kNode = "default/node/edge1";
const std::string kPatch = "default/nodepatch/edge1";
const std::string kLease = "kube-node-lease/lease/edge1";

/// metamanager and the cloud in memory: answers the node's messages.
class FakeMeta {
 public:
  FakeMeta(beehive::Bus& bus, std::shared_ptr<beehive::Mailbox> mailbox)
      : bus_(bus), mailbox_(std::move(mailbox)) {}

  Json node, lease;               ///< the cloud's copies; null = none
  bool row = true;                ///< metamanager has the cloud's Node in its database
  bool connected = true;          ///< false: writes are refused with 503
  std::optional<Status> refusal;  ///< answer to writes
  int lost_answers = 0;           ///< this many writes are executed, and their answers lost
  int lost_requests = 0;          ///< this many writes are lost
  int conflicts = 0;              ///< this many updates meet a conflict
  std::function<bool(const Message&)> losable = [](const Message&) { return true; };
  std::vector<Message> seen;

  asio::awaitable<void> run() {
    for (;;) {
      const beehive::Delivery delivery = co_await mailbox_->receive();
      seen.push_back(*delivery);
      take(*delivery);
    }
  }
  [[nodiscard]] std::size_t count(const std::string& operation, const std::string& resource) const {
    return static_cast<std::size_t>(std::count_if(seen.begin(), seen.end(), [&](const Message& each) {
      return each.route.operation == operation && each.route.resource == resource;
    }));
  }
  [[nodiscard]] const Message& last(const std::string& operation, const std::string& resource) const {
    const auto found = std::find_if(seen.rbegin(), seen.rend(), [&](const Message& each) {
      return each.route.operation == operation && each.route.resource == resource;
    });
    if (found == seen.rend()) throw std::runtime_error("no " + operation + " of " + resource);
    return *found;
  }
  /// Another client registers the Node (again).
  void make_node(Json made, const std::string& uid) {
    node = std::move(made);
    node["metadata"]["uid"] = uid;
    node["metadata"]["resourceVersion"] = std::to_string(++version_);
  }
  void make_lease(Json made) {
    lease = std::move(made);
    lease["metadata"]["resourceVersion"] = std::to_string(++version_);
  }

 private:
  void take(const Message& request) {
    const bool query = request.route.operation == names::operation::kQuery;
    if (!query && !connected) return refuse(request, Status::service_unavailable("not connected"));
    if (!query && refusal) return refuse(request, *refusal);
    if (!query && lost_requests > 0 && losable(request)) {
      --lost_requests;
      return;
    }
    const Message answer = done(request);
    if (!query && lost_answers > 0 && losable(request)) {
      --lost_answers;
      return;
    }
    bus_.respond(answer);
  }
  void refuse(const Message& request, const Status& why) { bus_.respond(refused(request, why)); }
  static Message refused(const Message& request, const Status& why) {
    return beehive::make_error(request, names::module::kMetaManager, names::group::kMeta, why.to_json());
  }

  Message done(const Message& request) {
    const std::string& operation = request.route.operation;
    const bool about_lease = request.route.resource == kLease;
    Json& object = about_lease ? lease : node;
    const char* kind = about_lease ? "leases" : "nodes";
    if (operation == names::operation::kQuery) {
      const bool unknown = object.is_null() || (!about_lease && !row);
      if (unknown) return refused(request, Status::not_found(kind, "edge1"));
      return beehive::make_response(request, object);
    }
    if (operation == names::operation::kInsert) {
      row = true;  // the cloud is asked from now on
      if (!object.is_null()) return refused(request, Status::already_exists(kind, "edge1"));
      object = request.content;
      object["metadata"]["uid"] = std::string(kind) + "-" + std::to_string(++version_);
    } else if (object.is_null()) {
      return refused(request, Status::not_found(kind, "edge1"));
    } else if (operation == names::operation::kPatch) {
      object = kube::apply_strategic_merge(object, request.content, "Node");
    } else {
      const bool second = conflicts > 0 && conflicts-- > 0;
      const std::string version = kube::string_or(object, "metadata.resourceVersion");
      if (second || kube::string_or(request.content, "metadata.resourceVersion") != version) {
        ++conflicts_seen;
        return refused(request, Status::conflict(kind, "edge1", "it was written meanwhile"));
      }
      object = request.content;
    }
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    return beehive::make_response(request, object);
  }

  beehive::Bus& bus_;
  std::shared_ptr<beehive::Mailbox> mailbox_;
  int version_ = 0;

 public:
  int conflicts_seen = 0;
};

class NodeHeartbeatTest : public ::testing::Test {
 protected:
  NodeHeartbeatTest() {
    config_.hostname_override = "edge1";
    facts_.node_name = "edge1";
    facts_.addresses = {"10.0.0.5"};
    facts_.machine.cores = 2;
    facts_.machine.memory_kib = 1 << 20;
    meta_outcome_.start(loop_, meta_.run());
  }
  ~NodeHeartbeatTest() override {
    outcome_.cancel();
    meta_outcome_.cancel();
    EXPECT_TRUE(until([&] { return meta_outcome_.ended && (!heartbeat_ || outcome_.ended); }));
  }

  void start() {
    NodeHeartbeat::Deps deps{context_, config_, [this] {
                               ++looks_;
                               return facts_;
                             }};
    if (images_) deps.images = images_;
    heartbeat_.emplace(std::move(deps));
    outcome_.start(loop_, heartbeat_->run());
  }
  bool until(const std::function<bool()>& what) { return time_.until(what, 10min); }
  /// Waits until the heartbeat has compared the facts `times` more.
  bool looks(std::size_t times) {
    const std::size_t wanted = looks_ + times;
    return until([&] { return looks_ >= wanted; });
  }
  /// Runs everything that is ready.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      loop_.restart();
      loop_.poll();
    }
  }
  /// Triggers one comparison and its consequences.
  void look_once() {
    heartbeat_->facts_changed();
    EXPECT_TRUE(looks(1));
    settle();
  }
  bool online() {
    return until([&] { return !meta_.node.is_null() && !meta_.lease.is_null(); });
  }
  void known_node(const std::string& uid = "uid-1") {
    meta_.make_node(initial_node(facts_, config_, clock_.wall()), uid);
  }
  void known_lease() {
    meta_.make_lease(
        node_lease("edge1", 40, nullptr, kube::string_or(meta_.node, "metadata.uid"), clock_.wall()));
  }
  /// The number of log lines of that level ("W").
  [[nodiscard]] std::size_t lines(char level) const {
    std::istringstream all(text_.str());
    std::size_t count = 0;
    for (std::string line; std::getline(all, line);) count += line.starts_with(level) ? 1U : 0U;
    return count;
  }

  asio::io_context loop_;
  edgecore::test::SkippedTime time_{loop_};
  beehive::Bus bus_;
  FakeMeta meta_{bus_, bus_.add_module(names::module::kMetaManager, names::group::kMeta)};
  FakeClock clock_{kube::parse_time("2024-06-10T12:00:00Z").value()};
  std::ostringstream text_;
  log::Logger log_ = [this] {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%L %v");
    return logger;
  }();
  beehive::ModuleContext context_{"edged", bus_, bus_.add_module("edged", "edged"), loop_.get_executor(),
                                  clock_,  log_};
  config::Edged config_;
  NodeFacts facts_;
  std::size_t looks_ = 0;
  std::function<asio::awaitable<std::vector<cri::Image>>()> images_;
  std::optional<NodeHeartbeat> heartbeat_;
  edgecore::test::Outcome outcome_, meta_outcome_;
};

// ---- Registration

TEST_F(NodeHeartbeatTest, ANewNodeIsRegisteredBeforeItsLeaseNamesItAsOwner) {
  start();
  ASSERT_TRUE(online());
  settle();
  EXPECT_EQ(meta_.count("insert", kNode), 1U);
  EXPECT_EQ(meta_.count("insert", kLease), 1U);
  const Json lease = meta_.last("insert", kLease).content;
  const Json& owner = lease.at("metadata").at("ownerReferences").at(0);
  EXPECT_EQ(owner.at("uid"), meta_.node.at("metadata").at("uid"));
  EXPECT_EQ(owner.at("name"), "edge1");
  EXPECT_EQ(lease.at("spec").at("renewTime"), "2024-06-10T12:00:00.000000Z");
  EXPECT_EQ(heartbeat_->node().at("metadata").at("uid"), meta_.node.at("metadata").at("uid"));
  EXPECT_EQ(meta_.count("patch", kPatch), 0U) << "the registration is the first report";
}

TEST_F(NodeHeartbeatTest, ANodeThatExistsAlreadyIsTakenOver) {
  known_node("uid-of-before");
  meta_.node["metadata"]["labels"].erase("kubernetes.io/os");
  meta_.node["metadata"]["labels"]["site"] = "roof";
  meta_.row = false;  // the database was lost
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  ASSERT_TRUE(online());
  EXPECT_EQ(meta_.count("insert", kNode), 1U);
  EXPECT_EQ(meta_.node.at("metadata").at("labels").at("kubernetes.io/os"), "linux");
  EXPECT_EQ(meta_.node.at("metadata").at("labels").at("site"), "roof");
  EXPECT_EQ(meta_.lease.at("metadata").at("ownerReferences").at(0).at("uid"), "uid-of-before");
  EXPECT_EQ(lines('W'), 0U);
}

TEST_F(NodeHeartbeatTest, ARegistrationWhoseAnswerIsLostIsFoundDoneAtTheNextTry) {
  meta_.row = false;
  meta_.lost_answers = 1;
  start();
  ASSERT_TRUE(online());
  EXPECT_EQ(meta_.count("insert", kNode), 2U);
  EXPECT_FALSE(heartbeat_->node().is_null());
}

TEST_F(NodeHeartbeatTest, ARefusedRegistrationIsSaidAndTriedAgain) {
  meta_.refusal = Status::forbidden("nodes", "edge1", "the node authorizer does not know this one");
  start();
  ASSERT_TRUE(until([&] { return meta_.count("insert", kNode) >= 5; }));
  EXPECT_GE(lines('W'), 1U);
  EXPECT_LE(lines('W'), 4U) << "an endless retry goes quiet:\n" << text_.str();
  EXPECT_NE(text_.str().find("the node authorizer does not know this one"), std::string::npos);
  EXPECT_EQ(meta_.count("insert", kLease), 0U) << "a lease without a Node";
  meta_.refusal.reset();
  EXPECT_TRUE(online());
}

TEST_F(NodeHeartbeatTest, ANodeThatMayNotRegisterWaitsForSomebodyElseToDoIt) {
  config_.kubelet.register_node = false;
  start();
  ASSERT_TRUE(until([&] { return meta_.count("query", kNode) >= 3; }));
  EXPECT_EQ(meta_.count("insert", kNode), 0U);
  known_node();
  EXPECT_TRUE(until([&] { return meta_.count("patch", kPatch) >= 1; }));
  EXPECT_EQ(meta_.count("insert", kNode), 0U);
}

// ---- Status

TEST_F(NodeHeartbeatTest, AKnownNodeIsPatchedOnceAndThenOnlyWhenSomethingChanged) {
  known_node();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  EXPECT_EQ(meta_.count("insert", kNode), 0U);
  EXPECT_FALSE(meta_.last("patch", kPatch).content.at("status").contains("daemonEndpoints"));
  for (int i = 0; i < 3; ++i) {
    clock_.advance(10s);
    look_once();
  }
  EXPECT_EQ(meta_.count("patch", kPatch), 1U) << "nothing but the time has changed";
  facts_.addresses = {"10.0.0.6"};
  look_once();
  EXPECT_EQ(meta_.count("patch", kPatch), 2U);
  facts_.disk_pressure = true;
  look_once();
  EXPECT_EQ(meta_.count("patch", kPatch), 3U);
  EXPECT_EQ(meta_.node.at("status").at("addresses").at(0).at("address"), "10.0.0.6");
  EXPECT_EQ(meta_.node.at("status").at("conditions").at(1).at("reason"), "KubeletHasDiskPressure");
  EXPECT_EQ(meta_.count("query", kNode), 1U) << "the cloud is not asked for what its answers say";
}

TEST_F(NodeHeartbeatTest, AFullReportIsSentEveryFiveMinutesThoughNothingChanged) {
  known_node();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  settle();
  for (std::size_t reports = 1; reports < 4; ++reports) {
    clock_.advance(299s);
    look_once();
    EXPECT_EQ(meta_.count("patch", kPatch), reports);
    clock_.advance(1s);
    look_once();
    EXPECT_EQ(meta_.count("patch", kPatch), reports + 1);
  }
  const std::string now = kube::format_time(clock_.wall());
  const Json& conditions = meta_.node.at("status").at("conditions");
  ASSERT_EQ(conditions.size(), 4U);
  for (const Json& condition : conditions) EXPECT_EQ(condition.at("lastHeartbeatTime"), now) << condition;
}

TEST_F(NodeHeartbeatTest, AStatusThatIsRefusedOrLostIsSentAgainAsItIsThen) {
  known_node();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) >= 1; }));
  meta_.losable = [](const Message& message) { return message.route.resource == kPatch; };
  meta_.lost_requests = 2;
  facts_.addresses = {"10.0.0.6"};
  heartbeat_->facts_changed();
  ASSERT_TRUE(until([&] { return meta_.lost_requests == 1; }));
  facts_.addresses = {"10.0.0.7"};
  EXPECT_TRUE(
      until([&] { return meta_.node.at("status").at("addresses").at(0).at("address") == "10.0.0.7"; }));
  EXPECT_EQ(meta_.lost_requests, 0);
}

TEST_F(NodeHeartbeatTest, ANodeDeletedInTheCloudIsRegisteredAnewWithItsLease) {
  known_node();
  known_lease();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) >= 1 && meta_.count("update", kLease) >= 1; }));
  meta_.node = nullptr;
  meta_.lease = nullptr;  // as the garbage collector does
  ASSERT_TRUE(online()) << text_.str();
  EXPECT_EQ(meta_.count("insert", kNode), 1U);
  EXPECT_TRUE(until([&] {
    return kube::array_or_empty(meta_.lease, "metadata.ownerReferences").at(0).at("uid") ==
           meta_.node.at("metadata").at("uid");
  }));
  EXPECT_EQ(meta_.node.at("status").at("conditions").size(), 4U);
}

TEST_F(NodeHeartbeatTest, ANodeDeletedAloneIsNoticedAtTheNextReport) {
  known_node();
  known_lease();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1 && meta_.count("update", kLease) == 1; }));
  settle();
  meta_.node = nullptr;
  clock_.advance(300s);
  heartbeat_->facts_changed();
  ASSERT_TRUE(until([&] { return meta_.count("insert", kNode) == 1; }));
  EXPECT_TRUE(until([&] {
    return meta_.lease.at("metadata").at("ownerReferences").at(0).at("uid") ==
           meta_.node.at("metadata").at("uid");
  })) << "the lease names a Node that is gone";
}

TEST_F(NodeHeartbeatTest, ImagesAreListedOncePerFullReport) {
  config_.kubelet.node_status_max_images = 1;
  int listed = 0;
  images_ = [&listed]() -> asio::awaitable<std::vector<cri::Image>> {
    ++listed;
    cri::Image small, big;
    small.id = "sha256:1";
    small.size = 10;
    big.id = "sha256:2";
    big.size = 20;
    big.repo_tags = {"docker.io/library/big:1"};
    co_return std::vector<cri::Image>{small, big};
  };
  known_node();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  settle();
  const Json wanted = {{{"names", {"docker.io/library/big:1"}}, {"sizeBytes", 20}}};
  EXPECT_EQ(meta_.node.at("status").at("images"), wanted);
  facts_.memory_pressure = true;
  look_once();
  EXPECT_EQ(meta_.count("patch", kPatch), 2U);
  EXPECT_EQ(listed, 1);
  EXPECT_FALSE(meta_.last("patch", kPatch).content.at("status").contains("images"));
  clock_.advance(300s);
  look_once();
  EXPECT_EQ(listed, 2);
}

TEST_F(NodeHeartbeatTest, ARuntimeThatCannotListItsImagesHoldsNoReportBack) {
  config_.kubelet.node_status_max_images = -1;
  images_ = []() -> asio::awaitable<std::vector<cri::Image>> {
    throw cri::CallError("ListImages", cri::Code::kUnavailable, "nobody listens");
    co_return std::vector<cri::Image>();
  };
  known_node();
  start();
  EXPECT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  EXPECT_FALSE(meta_.last("patch", kPatch).content.at("status").contains("images"));
}

TEST_F(NodeHeartbeatTest, ANodeThatShowsNoImagesTakesThoseOfTheAgentBeforeAway) {
  known_node();
  meta_.node["status"]["images"] = {{{"names", {"a:1"}}, {"sizeBytes", 20}}};
  images_ = []() -> asio::awaitable<std::vector<cri::Image>> {
    ADD_FAILURE() << "nobody wants to see images";
    co_return std::vector<cri::Image>();
  };
  start();
  EXPECT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1; }));
  EXPECT_EQ(meta_.node.at("status").at("images"), Json::array());
}

// ---- Lease

TEST_F(NodeHeartbeatTest, TheLeaseIsRenewedEveryQuarterOfItsDuration) {
  known_node();
  known_lease();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) >= 1; }));
  const auto began = steady_now();
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) >= 6; }));
  EXPECT_GE(steady_now() - began, 49s);
  EXPECT_EQ(meta_.count("query", kLease), 1U) << "the lease is known from its own answers";
  EXPECT_EQ(meta_.conflicts_seen, 0);
}

TEST_F(NodeHeartbeatTest, ARenewalWithoutAnAnswerIsGivenUpAfterAPeriodAndTheNewestLeaseWins) {
  for (const bool done : {true, false}) {
    SCOPED_TRACE(done ? "the answer is lost" : "the request is lost");
    meta_.seen.clear();
    known_node();
    known_lease();
    meta_.losable = [](const Message& message) { return message.route.operation == "update"; };
    (done ? meta_.lost_answers : meta_.lost_requests) = 1;
    start();
    ASSERT_TRUE(until([&] { return meta_.count("update", kLease) == 1; }));
    const auto lost_at = steady_now();
    clock_.advance(10s);
    ASSERT_TRUE(until([&] { return meta_.count("update", kLease) == 2; }));
    EXPECT_GE(steady_now() - lost_at, 9s);
    EXPECT_TRUE(
        until([&] { return meta_.lease.at("spec").at("renewTime") != "2024-06-10T12:00:00.000000Z"; }));
    EXPECT_EQ(meta_.count("query", kLease), 2U);
    EXPECT_EQ(meta_.conflicts_seen, 0) << "what became of it was looked up first";
    outcome_.cancel();
    ASSERT_TRUE(until([&] { return outcome_.ended; }));
    outcome_.ended = false;
    clock_.set_wall(kube::parse_time("2024-06-10T12:00:00Z").value());
  }
  outcome_.ended = true;
}

TEST_F(NodeHeartbeatTest, AConflictOnTheLeaseIsReadAnewAndWrittenAtOnce) {
  known_node();
  known_lease();
  meta_.conflicts = 1;
  start();
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) == 2; }));
  EXPECT_EQ(meta_.count("query", kLease), 2U);
  EXPECT_EQ(meta_.count("insert", kLease), 0U);
  settle();
  EXPECT_EQ(lines('W'), 0U) << text_.str();
}

TEST_F(NodeHeartbeatTest, ALeaseThatHadRunOutIsFollowedByAFullReport) {
  known_node();
  known_lease();
  start();
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) == 1 && meta_.count("update", kLease) >= 1; }));
  meta_.refusal = Status::internal("etcd is away");
  const std::size_t tries = meta_.count("update", kLease);
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) >= tries + 2; }));
  clock_.advance(41s);
  for (Json& condition : meta_.node["status"]["conditions"]) condition["status"] = "Unknown";
  meta_.refusal.reset();
  EXPECT_TRUE(until([&] { return meta_.node.at("status").at("conditions").at(3).at("status") == "True"; }));
}

// ---- The tunnel

TEST_F(NodeHeartbeatTest, NothingIsComplainedOfBeforeTheFirstConnection) {
  meta_.connected = false;
  start();
  ASSERT_TRUE(until([&] { return meta_.count("insert", kNode) >= 3; }));
  meta_.connected = true;
  heartbeat_->connection(true);
  ASSERT_TRUE(online());
  settle();
  EXPECT_EQ(lines('W') + lines('E'), 0U) << text_.str();
}

TEST_F(NodeHeartbeatTest, AKnownNodeRenewsAtOnceAtTheFirstConnection) {
  known_node();
  known_lease();
  meta_.connected = false;
  start();
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) >= 1 && meta_.count("patch", kPatch) >= 1; }));
  settle();
  const std::string before = meta_.lease.at("metadata").at("resourceVersion");
  meta_.connected = true;
  heartbeat_->connection(true);
  settle();
  EXPECT_NE(meta_.lease.at("metadata").at("resourceVersion"), before) << "the lease waits for its retry";
  EXPECT_EQ(lines('W'), 0U) << text_.str();
}

TEST_F(NodeHeartbeatTest, OfflineIsQuietAndAReconnectionRenewsAndReportsAtOnce) {
  known_node();
  known_lease();
  start();
  heartbeat_->connection(true);
  ASSERT_TRUE(until([&] { return meta_.count("patch", kPatch) >= 1 && meta_.count("update", kLease) >= 1; }));
  settle();
  meta_.connected = false;
  heartbeat_->connection(false);
  const std::size_t asked = meta_.seen.size();
  // Several periods of both loops pass.
  time_.pass(30s);
  EXPECT_EQ(meta_.seen.size(), asked) << "asked for something offline";
  EXPECT_EQ(lines('W'), 0U) << text_.str();

  // Meanwhile the cloud has marked the node as lost.
  for (Json& condition : meta_.node["status"]["conditions"]) condition["status"] = "Unknown";
  meta_.connected = true;
  heartbeat_->connection(true);
  settle();
  EXPECT_GT(meta_.count("update", kLease), 1U);
  EXPECT_EQ(meta_.node.at("status").at("conditions").at(3).at("status"), "True");
}

TEST_F(NodeHeartbeatTest, AnErrorOfTheCloudItselfIsSaid) {
  known_node();
  known_lease();
  start();
  heartbeat_->connection(true);
  ASSERT_TRUE(until([&] { return meta_.count("update", kLease) >= 1; }));
  settle();
  meta_.refusal = Status::service_unavailable("the API server is starting");
  EXPECT_TRUE(until([&] { return lines('W') > 0; }));
  EXPECT_NE(text_.str().find("the API server is starting"), std::string::npos);
}

}  // namespace
}  // namespace edgecore::edged
