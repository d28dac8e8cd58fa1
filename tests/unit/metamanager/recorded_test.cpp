// SPDX-License-Identifier: Apache-2.0
// Replays the recordings of a real CloudCore (docs/protocol/wire): its pushes and answers, and edged's
// requests.
#include <fstream>
#include <map>
#include <set>

#include "metamanager/objects/object.hpp"
#include "support/paths.hpp"
#include "unit/metamanager/node_fixture.hpp"

namespace edgecore::metamanager {
namespace {

class Recorded : public NodeFixture {
 protected:
  Recorded() { node_name = "go-edge"; }
  struct Line {
    bool from_cloud;
    beehive::Message message;
  };
  static std::vector<Line> read(const std::string& name) {
    std::vector<Line> lines;
    std::ifstream file(test::recordings_dir() / name);
    for (std::string text; std::getline(file, text);) {
      const Json line = Json::parse(text);
      lines.push_back({line["dir"] == "cloud->edge", beehive::decode(line["msg"].dump())});
    }
    return lines;
  }
  static bool is_request(const Line& line) {
    return !line.from_cloud && line.message.route.source == "edged" && line.message.header.parent_id.empty();
  }
};

/// Patches are strings on the wire and objects on the bus.
Json as_edged_says_it(const beehive::Message& message) {
  return message.route.operation == "patch" ? Json::parse(message.content.get<std::string>())
                                            : message.content;
}

TEST_F(Recorded, ThePodsLifeIsStoredHandedOnAndAcknowledged) {
  const auto lines = read("pod-life.jsonl");
  start_connected();
  std::map<std::string, Answer> asked;              // by recorded id
  std::map<std::string, beehive::Message> replies;  // recorded, by the question's id
  for (const Line& line : lines) {
    if (line.from_cloud && !line.message.header.parent_id.empty()) {
      replies.emplace(line.message.header.parent_id, line.message);
    }
  }
  std::size_t pushes = 0;
  std::size_t questions = 0;
  std::set<std::string> tracked;
  for (const Line& line : lines) {
    const auto& message = line.message;
    if (line.from_cloud && message.header.parent_id.empty()) {
      ++pushes;
      push(message);
      expect_ack(message.header.id);
      const auto type = beehive::parse_resource(message.route.resource)->type;
      if (type == "pod" || type == "configmap") {
        const auto handed = next(edged);
        ASSERT_TRUE(handed) << message.route.resource;
        EXPECT_EQ(handed->route.operation, message.route.operation);
        EXPECT_FALSE(handed->content.value("kind", "").empty()) << "SyncController leaves it out";
      }
    } else if (is_request(line) && replies.contains(message.header.id)) {
      auto answer = ask(message.route.operation, message.route.resource, as_edged_says_it(message));
      const auto& recorded = replies.at(message.header.id);
      const bool again = message.route.operation == "query" && !tracked.insert(message.route.resource).second;
      if (!again) {
        const auto question = next(cloud);
        ASSERT_TRUE(question) << message.route.resource;
        EXPECT_EQ(question->route.resource, message.route.resource);
        EXPECT_EQ(question->route.operation, message.route.operation);
        ++questions;
        ASSERT_TRUE(reply(question, recorded.content));
      }
      const auto got = wait(answer);
      ASSERT_TRUE(got) << message.route.resource;
      EXPECT_EQ(got->route.operation, "response") << got->content;
      const auto type = beehive::parse_resource(message.route.resource)->type;
      if (again || (type != "configmap" && type != "secret")) continue;
      ASSERT_TRUE(next(cloud)) << "its ack";
    }
  }
  EXPECT_GE(pushes, 7U);
  EXPECT_GE(questions, 8U);
  expect_quiet(cloud);
  EXPECT_EQ(store.value("default/pod/p1"), "") << "deleted at the end";
  EXPECT_EQ(Json::parse(store.value("default/configmap/cfg"))["metadata"]["resourceVersion"], "1042");
  const auto reader = store->open_reader();
  EXPECT_TRUE(store::meta::list(reader, "serviceaccounttoken").empty()) << "they go with their pod";
}

TEST_F(Recorded, TheJoinAsksForTheNodeOnce) {
  const auto lines = read("node-join.jsonl");
  start_connected();
  std::map<std::string, beehive::Message> replies;
  for (const Line& line : lines) {
    if (line.from_cloud && !line.message.header.parent_id.empty()) {
      replies.emplace(line.message.header.parent_id, line.message);
    }
  }
  std::size_t asked_about_node = 0;
  std::size_t answered = 0;
  bool node_known = false;
  for (const Line& line : lines) {
    if (!is_request(line) || !replies.contains(line.message.header.id)) continue;
    const auto& message = line.message;
    auto answer = ask(message.route.operation, message.route.resource, as_edged_says_it(message));
    const auto path = beehive::parse_resource(message.route.resource).value();
    const bool local = message.route.operation == "query" && path.type == "node" && node_known;
    if (!local) {
      const auto question = next(cloud);
      ASSERT_TRUE(question) << message.route.resource;
      EXPECT_EQ(question->route.resource, message.route.resource);
      reply(question, replies.at(message.header.id).content);
      if (path.type == "node") ++asked_about_node;
    }
    const auto got = wait(answer);
    ASSERT_TRUE(got) << message.route.resource;
    if (got->route.operation == "response") {
      EXPECT_FALSE(got->content.value("kind", "").empty()) << message.route.resource;
      if (path.type == "node") node_known = true;
    } else {
      EXPECT_EQ(got->content["code"], 404) << message.route.resource << got->content;
    }
    ++answered;
  }
  EXPECT_GE(answered, 8U);
  EXPECT_GE(asked_about_node, 2U);
  EXPECT_TRUE(node_known);
  expect_quiet(cloud);
  EXPECT_EQ(store.value("kube-node-lease/lease/go-edge"), "");
}

}  // namespace
}  // namespace edgecore::metamanager
