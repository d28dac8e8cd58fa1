// SPDX-License-Identifier: Apache-2.0
// Compares the test cloud with recordings of a real CloudCore: it gets the recorded edge's messages, and its
// answers must have the route and the form of the recorded ones.

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "cloudsim/cluster_controllers.hpp"
#include "cloudsim/dynamic_controller.hpp"
#include "cloudsim/edge_controller.hpp"
#include "cloudsim/node_queue.hpp"
#include "cloudsim/upstream.hpp"
#include "edgecore/base/log.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::cloudsim {
namespace {

using beehive::Message;

struct Line {
  std::int64_t ms = 0;
  bool from_edge = false;
  Json raw;
  Message message;
};

/// An edge that acknowledges everything at once.
class PromptEdge final : public Downlink {
 public:
  explicit PromptEdge(SyncRecords& records) : queue_("go-edge", records) {}
  void send(const std::string& node, Downstream downstream) override {
    ASSERT_EQ(node, "go-edge");
    queue_.offer(std::move(downstream));
  }
  void node_deleted(const std::string&) override {}

  void deliver() {
    while (auto message = queue_.take_no_ack()) arrived.push_back(std::move(*message));
    while (const auto uid = queue_.take(SteadyTime{})) {
      const auto message = queue_.message(*uid);
      arrived.push_back(*message);
      queue_.acknowledged(*uid, *message);
    }
  }
  std::deque<Message> arrived;

 private:
  NodeQueue queue_;
};

class RecordingsTest : public testing::Test {
 protected:
  RecordingsTest() {
    cluster_.bootstrap(authority_.cluster_ca_pem());
    cluster_.observe([this](const Change& change) { changes_.push_back(change); });
  }

  /// False if there is no recording of that name.
  bool read(const char* name) {
    const auto file = test::recordings_dir() / name;
    std::ifstream in(file);
    if (!in) return false;
    for (std::string text; std::getline(in, text);) {
      Line line;
      line.raw = kube::parse_json(text, "The recording");
      line.ms = kube::get_int(line.raw, "ms");
      line.from_edge = kube::get_string(line.raw, "dir") == "edge->cloud";
      line.message = beehive::decode(line.raw["msg"].dump());
      lines_.push_back(std::move(line));
    }
    return true;
  }

  /// Lets the controllers handle changes and the edge receive their messages.
  void settle() {
    while (!changes_.empty()) {
      const Change change = changes_.front();
      changes_.pop_front();
      edge_.changed(change);
      dynamic_.changed(change);
      controllers_.sign_certificates();
    }
    prompt_.deliver();
  }

  void add_node() {
    Json node = {{"metadata", {{"name", "go-edge"}, {"labels", {{"node-role.kubernetes.io/edge", ""}}}}}};
    cluster_.create(kind_named("Node"), "", std::move(node));
    settle();
  }
  /// Creates a recorded message's object, and remembers its uid in this run.
  void create(const Json& recorded) {
    const ResourceKind& kind = kind_named(kube::get_string(recorded, "kind"));
    if (const Object there = cluster_.find(kind, namespace_of(recorded), name_of(recorded))) {
      stands_for_[uid_of(recorded)] = uid_of(*there);
      return;
    }
    Json object = recorded;
    object.erase("status");
    for (const char* field : {"uid", "resourceVersion", "creationTimestamp"}) object["metadata"].erase(field);
    const Object made = cluster_.create(kind, namespace_of(recorded), std::move(object));
    stands_for_[uid_of(recorded)] = uid_of(*made);
  }

  /// The recorded message with this run's uids and versions.
  Message of_this_run(const Line& line) {
    std::string text = line.raw["msg"].dump();
    for (const auto& [theirs, ours] : stands_for_) {
      for (std::size_t at = text.find(theirs); !theirs.empty() && at != std::string::npos;
           at = text.find(theirs, at))
        text.replace(at, theirs.size(), ours);
    }
    Message message = beehive::decode(text);
    if (Json* metadata = message.content.is_object() && message.content.contains("metadata")
                             ? &message.content["metadata"]
                             : nullptr) {
      const auto version = versions_.find(kube::string_or(*metadata, "resourceVersion"));
      if (version != versions_.end()) (*metadata)["resourceVersion"] = version->second;
    }
    return message;
  }
  void learn(const Json& recorded, const Json& ours) {
    for (const char* at : {"metadata", "Object.metadata"}) {
      const Json* theirs = kube::find_path(recorded, at);
      const Json* mine = kube::find_path(ours, at);
      if (theirs == nullptr || mine == nullptr) continue;
      stands_for_[kube::string_or(*theirs, "uid")] = kube::string_or(*mine, "uid");
      versions_[kube::string_or(*theirs, "resourceVersion")] = kube::string_or(*mine, "resourceVersion");
    }
  }

  [[nodiscard]] const Line* recorded_answer(const std::string& id) const {
    for (const Line& line : lines_) {
      if (!line.from_edge && line.message.header.parent_id == id) return &line;
    }
    return nullptr;
  }
  std::optional<Message> take_arrived(const std::function<bool(const Message&)>& wanted) {
    for (auto at = prompt_.arrived.begin(); at != prompt_.arrived.end(); ++at) {
      if (!wanted(*at)) continue;
      Message found = std::move(*at);
      prompt_.arrived.erase(at);
      return found;
    }
    return std::nullopt;
  }

  /// Pushes of the test cloud that the recorded cloud did not make.
  [[nodiscard]] std::string too_much() const {
    std::string list;
    for (const Message& message : prompt_.arrived) {
      if (message.header.parent_id.empty())
        list += message.route.operation + " " + message.route.resource + "; ";
    }
    return list;
  }

  /// Every recorded key exists, and on the two upper levels no other.
  static void same_shape(const Json& recorded, const Json& ours, const std::string& where, int depth = 0) {
    // The small API server of the recordings left some inner members empty (audiences, times).
    if (recorded.is_null() && depth > 1) return;
    ASSERT_EQ(std::string(recorded.type_name()), ours.type_name()) << where;
    if (!recorded.is_object()) return;
    for (const auto& [key, value] : recorded.items()) {
      ASSERT_TRUE(ours.contains(key))
          << where << "." << key << " is missing in " << ours.dump().substr(0, 400);
      if (depth < 3) same_shape(value, ours[key], where + "." + key, depth + 1);
    }
    if (depth > 0 && !where.ends_with(".Object") && !where.ends_with(".Err")) return;
    for (const auto& [key, value] : ours.items())
      EXPECT_TRUE(recorded.contains(key)) << where << "." << key << " is too much";
  }
  static void same_message(const Line& line, const Message& ours) {
    const std::string where = std::to_string(line.ms) + " ms " + line.message.route.resource;
    EXPECT_EQ(ours.route.source, line.message.route.source) << where;
    EXPECT_EQ(ours.route.group, line.message.route.group) << where;
    EXPECT_EQ(ours.route.operation, line.message.route.operation) << where;
    EXPECT_EQ(ours.route.resource, line.message.route.resource) << where;
    EXPECT_EQ(ours.header.resource_version.empty(), line.message.header.resource_version.empty()) << where;
    same_shape(line.message.content, ours.content, where);
    const Json* error = kube::find_path(line.message.content, "ErrStatus");
    if (error != nullptr) {
      EXPECT_EQ(ours.content["ErrStatus"], *error) << where;
    }
    if (line.message.content.is_object() && line.message.content.contains("Status") &&
        line.message.content.contains("Verb")) {
      EXPECT_EQ(ours.content["Status"], line.message.content["Status"]) << where;
    }
  }

  /// Sends the recorded edge's message and compares the answer.
  void edge_says(const Line& line) {
    const Message message = of_this_run(line);
    if (message.route.operation == "response" || message.route.operation == "keepalive") return;
    upstream_.handle("go-edge", message);
    settle();
    const Line* recorded = recorded_answer(line.message.header.id);
    const auto answer =
        take_arrived([&](const Message& each) { return each.header.parent_id == message.header.id; });
    const std::string where =
        std::to_string(line.ms) + " ms " + message.route.operation + " " + message.route.resource;
    ASSERT_EQ(answer.has_value(), recorded != nullptr) << where;
    if (recorded == nullptr) return;
    Line expected = *recorded;
    // The API server of the recordings signed at creation; a real one does it afterwards.
    if (message.route.operation == "insert" &&
        message.route.resource.find("certificatesigningrequest") != std::string::npos)
      expected.message.content["Object"]["status"] = Json::object();
    same_message(expected, *answer);
    learn(recorded->message.content, answer->content);
    ++answers_;
  }
  /// Expects the recorded cloud's push, after `cause`.
  void cloud_pushes(const Line& line, const std::function<void()>& cause) {
    if (cause) cause();
    settle();
    const auto& route = line.message.route;
    const auto ours = take_arrived([&](const Message& each) {
      return each.header.parent_id.empty() && each.route.source == route.source &&
             each.route.operation == route.operation && each.route.resource == route.resource;
    });
    ASSERT_TRUE(ours) << line.ms << " ms: no " << route.operation << " " << route.resource << " from "
                      << route.source;
    same_message(line, *ours);
    ++pushes_;
  }

  edgecore::test::TemporaryDirectory folder_;
  Authority authority_{folder_.path(), SystemClock::instance()};
  Cluster cluster_{SystemClock::instance()};
  SyncRecords records_{cluster_};
  PromptEdge prompt_{records_};
  Traffic traffic_;
  Faults faults_;
  DynamicController dynamic_{cluster_, authority_, prompt_, faults_, traffic_};
  Upstream upstream_{cluster_, authority_, dynamic_, prompt_, traffic_};
  EdgeController edge_{cluster_, records_, prompt_};
  ClusterControllers controllers_{cluster_, authority_};
  std::deque<Change> changes_;
  std::vector<Line> lines_;
  std::map<std::string, std::string> stands_for_;
  std::map<std::string, std::string> versions_;
  int answers_ = 0;
  int pushes_ = 0;
  std::vector<Line> recorded_events_;
};

TEST_F(RecordingsTest, ANodeJoins) {
  ASSERT_TRUE(read("node-join.jsonl"));
  for (const Line& line : lines_) {
    if (line.from_edge) edge_says(line);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(answers_, 15);
}

TEST_F(RecordingsTest, APodLivesAndIsDeleted) {
  ASSERT_TRUE(read("pod-life.jsonl"));
  add_node();
  for (const Line& line : lines_) {
    // Objects that existed before the pod.
    const std::string kind = kube::string_or(line.message.content, "kind");
    if (!line.from_edge && line.message.route.operation == "response" &&
        (kind == "ConfigMap" || kind == "Secret"))
      create(line.message.content);
  }
  settle();
  for (const Line& line : lines_) {
    const auto& route = line.message.route;
    const Json& content = line.message.content;
    if (line.from_edge) {
      edge_says(line);
    } else if (line.message.header.parent_id.empty() && route.source == "edgecontroller") {
      std::function<void()> cause;
      const bool pod = route.resource == "default/pod/p1";
      if (pod && route.operation == "insert") cause = [&] { create(content); };
      if (pod && content.contains("metadata") && !content.contains("kind"))
        cause = [&] { edge_.synchronize(); };
      if (pod && route.operation == "update" && content.contains("kind"))
        cause = [&] { cluster_.remove(kind_named("Pod"), "default", "p1"); };
      if (route.resource == "default/configmap/cfg") {
        cause = [&] {
          const Json patch = {{"data", content["data"]}};
          cluster_.patch(kind_named("ConfigMap"), "default", "cfg", PatchType::kMerge, patch);
        };
      }
      cloud_pushes(line, cause);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(answers_, 20);
  EXPECT_GE(pushes_, 6);
  EXPECT_EQ(too_much(), "");
  EXPECT_FALSE(cluster_.find(kind_named("Pod"), "default", "p1"));
}

TEST_F(RecordingsTest, MetaServerReadsWatchesAndWrites) {
  ASSERT_TRUE(read("metaserver-and-prepull.jsonl"));
  add_node();
  for (const Line& line : lines_) {
    if (line.from_edge && line.message.route.source == "metaserver") edge_says(line);
    if (!line.from_edge && line.message.route.source == "dynamiccontroller" &&
        line.message.header.parent_id.empty() && line.message.route.operation != "applicationResponse")
      recorded_events_.push_back(line);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(answers_, 6);
  ASSERT_GE(recorded_events_.size(), 4U);
  for (const Line& event : recorded_events_) cloud_pushes(event, nullptr);
  EXPECT_EQ(too_much(), "");
}

TEST_F(RecordingsTest, ADeviceArrivesAndReports) {
  ASSERT_TRUE(read("device-life.jsonl"));
  add_node();
  for (const Line& line : lines_) {
    if (!line.from_edge && line.message.route.operation == "insert") create(line.message.content);
  }
  std::map<std::string, int> seen;
  for (const Line& line : lines_) {
    const auto& route = line.message.route;
    if (line.from_edge) {
      edge_says(line);
    } else if (line.message.header.parent_id.empty() && ++seen[line.message.header.id] == 1) {
      std::function<void()> cause;
      if (route.source == "edgecontroller") {
        cause = [&] {
          const Json patch = {{"status", line.message.content["status"]}};
          cluster_.patch(kind_named("Device"), "default", "d1", PatchType::kMerge, patch);
          edge_.synchronize();
        };
      }
      cloud_pushes(line, cause);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(answers_, 3);
  EXPECT_GE(pushes_, 4);
  EXPECT_EQ(too_much(), "");
  const Object device = cluster_.get(kind_named("Device"), "default", "d1");
  EXPECT_EQ(kube::string_or((*device)["status"]["twins"].at(0), "propertyName"), "temperature");
}

}  // namespace
}  // namespace edgecore::cloudsim
