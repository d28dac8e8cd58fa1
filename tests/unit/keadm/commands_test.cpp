// SPDX-License-Identifier: Apache-2.0
#include "keadm/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/time.hpp"
#include "keadm/resources.hpp"

namespace edgecore::keadm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A MetaServer with some paths, and the commands against it.
class KeadmTest : public ::testing::Test {
 protected:
  KeadmTest() {
    answers_["/api/v1"] = {200, R"({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod"},
        {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "shortNames": ["po"]},
        {"name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret"},
        {"name": "nodes", "singularName": "node", "namespaced": false, "kind": "Node", "shortNames": ["no"]}]})"};
    answers_["/apis"] = {200, R"({"kind": "APIGroupList", "groups": [
        {"name": "broken.io", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}},
        {"name": "devices.kubeedge.io", "versions": [{"version": "v1alpha2"}, {"version": "v1beta1"}],
         "preferredVersion": {"version": "v1beta1"}}]})"};
    answers_["/apis/devices.kubeedge.io/v1beta1"] = {200, R"({"resources": [
        {"name": "devices", "singularName": "device", "namespaced": true, "kind": "Device"}]})"};
    answers_["/apis/devices.kubeedge.io/v1alpha2"] = {200, R"({"resources": [
        {"name": "devices", "singularName": "device", "namespaced": true, "kind": "Device"},
        {"name": "devicemodels", "singularName": "devicemodel", "namespaced": true, "kind": "DeviceModel"}]})"};
  }
  Surroundings in() {
    const Ask ask = [this](const Question& question) {
      asked_.push_back(question.method + " " + question.target);
      accepts_.push_back(question.accept);
      body_ = question.body;
      const auto found = answers_.find(question.target);
      if (found == answers_.end()) {
        return Answer{
            404, R"({"kind": "Status", "status": "Failure", "message": "the server could not find it"})"};
      }
      if (question.on_body && found->second.status == 200) {
        question.on_body(found->second.body);
        return Answer{200, ""};
      }
      return found->second;
    };
    return {ask, "edge1", *kube::parse_time("2024-06-10T06:13:20Z"), out_, err_};
  }

  std::map<std::string, Answer> answers_;
  std::vector<std::string> asked_, accepts_;
  std::string body_;
  std::ostringstream out_, err_;
};

const std::string kTable = R"({"kind": "Table", "columnDefinitions": [{"name": "Name", "type": "string"},
    {"name": "Status", "type": "string"}], "rows": [{"cells": ["web", "Running"], "object": {"metadata":
    {"namespace": "default"}, "spec": {"nodeName": "edge1"}}}]})";

TEST_F(KeadmTest, ResourcesAreFoundByEveryNameTheyHave) {
  for (const char* name : {"pod", "pods", "po", "Pod", "PODS"}) {
    const Resource found = find_resource(in().ask, name);
    EXPECT_TRUE(found.is_pods()) << name;
    EXPECT_EQ(found.path("x y"), "/api/v1/namespaces/x%20y/pods");
  }
  EXPECT_EQ(find_resource(in().ask, "no").path("default"), "/api/v1/nodes");
  EXPECT_EQ(find_resource(in().ask, "device").path("d"),
            "/apis/devices.kubeedge.io/v1beta1/namespaces/d/devices");
  EXPECT_EQ(find_resource(in().ask, "devices.v1alpha2.devices.kubeedge.io").version, "v1alpha2");
  EXPECT_EQ(find_resource(in().ask, "devices.devices.kubeedge.io").short_type(),
            "device.devices.kubeedge.io");
  EXPECT_EQ(find_resource(in().ask, "devicemodel").version, "v1alpha2")
      << "of a version that is not preferred";
  EXPECT_THROW(find_resource(in().ask, "log"), Error);
  EXPECT_THROW(find_resource(in().ask, "pods.devices.kubeedge.io"), Error);
}

TEST_F(KeadmTest, GetPrintsThePodsOfThisNode) {
  answers_["/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dedge1"] = {200, kTable};
  GetCommand command;
  command.resource = "pod";
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "NAME   STATUS\nweb    Running\n");
  EXPECT_THAT(accepts_.back(), HasSubstr("as=Table;v=v1;g=meta.k8s.io"));

  command.all_nodes = command.all_namespaces = true;
  command.selector = "a=b";
  answers_["/api/v1/pods?labelSelector=a%3Db"] = {200, kTable};
  out_.str("");
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "NAMESPACE   NAME   STATUS\ndefault     web    Running\n");
}

TEST_F(KeadmTest, GetOfNothingSaysSo) {
  answers_["/api/v1/namespaces/x/secrets"] = {200,
                                              R"({"kind": "Table", "columnDefinitions": [], "rows": []})"};
  GetCommand command;
  command.resource = "secret";
  command.ns = "x";
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "No resources found in x namespace.\n");
}

TEST_F(KeadmTest, NamesThatAreThereArePrintedThoughOthersAreNot) {
  answers_["/api/v1/namespaces/default/pods/web?includeObject=Object"] = {200, kTable};
  Json elsewhere = kube::parse_json(kTable);
  elsewhere["rows"][0]["object"]["spec"]["nodeName"] = "edge2";
  answers_["/api/v1/namespaces/default/pods/far?includeObject=Object"] = {200, kube::dump_json(elsewhere)};
  GetCommand command;
  command.resource = "pod";
  command.names = {"web", "far", "gone"};
  EXPECT_EQ(get(command, in()), 1);
  EXPECT_EQ(out_.str(), "NAME   STATUS\nweb    Running\n");
  EXPECT_THAT(err_.str(), HasSubstr("\"far\" runs on node \"edge2\""));
  EXPECT_THAT(err_.str(), HasSubstr("the server could not find it"));
}

TEST_F(KeadmTest, GetPrintsObjectsAsYamlJsonAndNames) {
  answers_["/api/v1/nodes/edge1"] = {200, R"({"kind": "Node", "metadata": {"name": "edge1"}})"};
  GetCommand command;
  command.resource = "node";
  command.names = {"edge1"};
  command.output = OutputFormat::kYaml;
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "kind: Node\nmetadata:\n  name: edge1\n");
  out_.str("");
  command.output = OutputFormat::kName;
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "node/edge1\n");
  out_.str("");
  command.names = {"edge1", "edge1"};
  command.output = OutputFormat::kJson;
  EXPECT_EQ(get(command, in()), 0);
  const Json list = kube::parse_json(out_.str());
  EXPECT_EQ(list["kind"], "List");
  EXPECT_EQ(list["items"].size(), 2U);
}

TEST_F(KeadmTest, AServerWithoutTablesIsEnough) {
  answers_["/api/v1/nodes"] = {200, R"({"kind": "NodeList", "items": [{"metadata": {"name": "edge1",
      "creationTimestamp": "2024-06-10T06:12:20Z"}}]})"};
  GetCommand command;
  command.resource = "nodes";
  EXPECT_EQ(get(command, in()), 0);
  EXPECT_EQ(out_.str(), "NAME    AGE\nedge1   60s\n");
}

TEST_F(KeadmTest, ARefusalIsTheServersSentence) {
  answers_["/api/v1/nodes"] = {403, R"({"kind": "Status", "message": "nodes is forbidden"})"};
  GetCommand command;
  command.resource = "nodes";
  try {
    get(command, in());
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "nodes is forbidden");
  }
}

TEST_F(KeadmTest, RestartSaysWhatBecameOfEachPod) {
  answers_["/api/v1/namespaces/default/pods/restart"] = {
      200,
      R"({"LogMessages": ["the pod \"default/web\" restart successful"], "errMessages": ["not found pod:\"/default/x\""]})"};
  RestartCommand command;
  command.names = {"web", "x"};
  EXPECT_EQ(restart(command, in()), 1);
  EXPECT_EQ(asked_.back(), "POST /api/v1/namespaces/default/pods/restart");
  EXPECT_EQ(body_, R"(["web","x"])");
  EXPECT_EQ(out_.str(), "the pod \"default/web\" restart successful\n");
  EXPECT_EQ(err_.str(), "error: not found pod:\"/default/x\"\n");
}

TEST_F(KeadmTest, LogsArePassedOnAsTheyAre) {
  answers_
      ["/api/v1/namespaces/default/pods/web/"
       "log?container=c&follow=true&timestamps=true&tailLines=5&sinceSeconds=60"] = {200, "one\ntwo\x01\n"};
  LogsCommand command;
  command.pod = "web";
  command.container = "c";
  command.follow = command.timestamps = true;
  command.tail = 5;
  command.since_seconds = 60;
  EXPECT_EQ(logs(command, in()), 0);
  EXPECT_EQ(out_.str(), "one\ntwo\x01\n");
  command.previous = true;
  EXPECT_THROW(logs(command, in()), Error);
}

const char* const kPod = R"({"metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
  "spec": {"nodeName": "edge1", "containers": [{"name": "c", "image": "busybox:1",
      "env": [{"name": "PASSWORD", "value": "hunter2"}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
      "ports": [{"containerPort": 80}], "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": true}]}],
    "volumes": [{"name": "data", "hostPath": {"path": "/srv"}}]},
  "status": {"phase": "Running", "hostIP": "192.0.2.7", "podIP": "10.0.0.2", "podIPs": [{"ip": "10.0.0.2"}],
    "startTime": "2024-06-10T06:13:00Z", "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
    "containerStatuses": [{"name": "c", "restartCount": 4, "ready": false,
      "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
      "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2024-06-10T06:13:10Z"}}}]}})";

TEST_F(KeadmTest, DescribeTellsAllAboutAPod) {
  answers_["/api/v1/namespaces/default/pods/web"] = {200, kPod};
  answers_
      ["/api/v1/namespaces/default/"
       "events?fieldSelector=involvedObject.name%3Dweb%2CinvolvedObject.kind%3DPod"] = {
          200, R"({"items": [{"type": "Warning", "reason": "BackOff", "count": 3, "message": "restarting",
          "firstTimestamp": "2024-06-10T06:12:20Z", "lastTimestamp": "2024-06-10T06:13:10Z"}]})"};
  EXPECT_EQ(describe({"pod", "web"}, in()), 0);
  const std::string text = out_.str();
  for (const char* part :
       {"Name:              web\n", "Node:              edge1/192.0.2.7\n", "Mon, 10 Jun 2024 06:13:00 +0000",
        "Labels:            app=web\n", "CrashLoopBackOff", "back-off 40s", "OOMKilled",
        "Restart Count:     4\n", "/data from data (ro)", "TOKEN (key k of Secret s)", "PASSWORD\n",
        "ContainersNotReady", "/srv", "80/TCP", "10s (x3 over 60s)"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST_F(KeadmTest, DescribeDoesWithoutEvents) {
  answers_["/api/v1/namespaces/default/pods/web"] = {200, kPod};
  EXPECT_EQ(describe({"pod", "web"}, in()), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Events:            <unknown>\n"));
}

TEST_F(KeadmTest, DescribeShowsOfSecretsTheirSizesOnly) {
  answers_["/api/v1/namespaces/default/secrets/s"] = {200, R"({"kind": "Secret", "metadata": {"name": "s",
      "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "c2VjcmV0"}},
      "type": "Opaque", "data": {"key": "c2VjcmV0cw=="}})"};
  EXPECT_EQ(describe({"secret", "s"}, in()), 0);
  EXPECT_THAT(out_.str(), HasSubstr("key:               7 bytes"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("c2VjcmV0")));
}

TEST_F(KeadmTest, DescribeSpellsOutWhatADeviceHolds) {
  answers_["/apis/devices.kubeedge.io/v1beta1/namespaces/default/devices/lamp"] = {200, R"({"kind": "Device",
      "metadata": {"name": "lamp", "namespace": "default"}, "spec": {"deviceModelRef": {"name": "model"}},
      "status": {"twins": [{"propertyName": "power", "reported": {"value": "on"}}]}})"};
  EXPECT_EQ(describe({"device", "lamp"}, in()), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Device Model Ref:\n"));
  EXPECT_THAT(out_.str(), HasSubstr("- Property Name:"));
  EXPECT_THAT(out_.str(), HasSubstr("power\n"));
}

TEST_F(KeadmTest, DescribeOfANodeNamesItsPods) {
  answers_["/api/v1/nodes/edge1"] = {
      200, R"({"metadata": {"name": "edge1", "labels": {"node-role.kubernetes.io/edge": ""}},
      "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}], "capacity": {"cpu": "4"},
      "nodeInfo": {"kernelVersion": "6.1"}}})"};
  answers_["/api/v1/pods?fieldSelector=spec.nodeName%3Dedge1"] = {
      200, std::string(R"({"items": [)") + kPod + "]}"};
  EXPECT_EQ(describe({"node", "edge1"}, in()), 0);
  for (const char* part :
       {"Roles:             edge\n", "192.0.2.7", "Kernel Version:", "default     web    Running"})
    EXPECT_THAT(out_.str(), HasSubstr(part));
}

TEST(FindServer, NeedsAMetaServer) {
  config::EdgeCoreConfig config;
  EXPECT_THROW(find_server(config, "/nonexistent"), Error);
  config.modules.meta_manager.meta_server.enable = true;
  config.modules.edged.hostname_override = "edge1";
  EXPECT_EQ(find_server(config, "/nonexistent").base, "http://127.0.0.1:10550");
  EXPECT_EQ(find_server(config, "/nonexistent").node, "edge1");
  config.modules.meta_manager.meta_server.server = "0.0.0.0:1234";
  EXPECT_EQ(find_server(config, "/nonexistent").base, "http://127.0.0.1:1234");
  config.feature_gates["requireAuthorization"] = true;
  EXPECT_THROW(find_server(config, "/nonexistent"), Error) << "HTTPS needs the cluster's CA";
}

}  // namespace
}  // namespace edgecore::keadm
