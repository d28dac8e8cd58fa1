// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/table.hpp"

#include <gmock/gmock.h>

#include "edgecore/kube/time.hpp"

namespace edgecore::kube {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = *parse_time("2024-05-01T12:00:00Z");

Json table_of(const ApiResource& resource, const Json& object, IncludeObject include = IncludeObject::kNone) {
  const Json* objects[] = {&object};
  return make_table(resource, objects, kNow, include);
}

/// The cells of one object by column name.
Json cells(const std::string& group, const std::string& plural, const char* text) {
  static const ApiResources resources;
  const auto resource = resources.find(group, "", plural);
  const Json table = table_of(*resource, parse_json(text));
  Json named = Json::object();
  for (std::size_t i = 0; i < table["columnDefinitions"].size(); ++i)
    named[table["columnDefinitions"][i]["name"].get<std::string>()] = table["rows"][0]["cells"][i];
  EXPECT_EQ(table["rows"][0]["cells"].size(), table["columnDefinitions"].size());
  return named;
}

std::string pod_status(const char* text) {
  return cells("", "pods", text)["Status"];
}

TEST(HumanDurationTest, IsWordedAsKubectlDoes) {
  const std::pair<std::chrono::seconds, const char*> rows[] = {
      {-5s, "<invalid>"},   {-1s, "0s"},           {0s, "0s"},
      {119s, "119s"},       {120s, "2m"},          {130s, "2m10s"},
      {599s, "9m59s"},      {600s, "10m"},         {179min, "179m"},
      {180min, "3h"},       {7h + 59min, "7h59m"}, {8h + 30min, "8h"},
      {47h, "47h"},         {48h, "2d"},           {50h, "2d2h"},
      {24h * 8, "8d"},      {24h * 729, "729d"},   {24h * 730, "2y"},
      {24h * 800, "2y70d"}, {24h * 365 * 9, "9y"},
  };
  for (const auto& [span, text] : rows) EXPECT_EQ(human_duration(span), text);
}

TEST(TableTest, TimesAtTheEndsOfTimeAreAgesToo) {
  EXPECT_EQ(cells("", "secrets", R"({"metadata": {"creationTimestamp": "0001-01-01T00:00:00Z"}})")["Age"],
            "346y");
  EXPECT_EQ(cells("", "secrets", R"({"metadata": {"creationTimestamp": "9999-01-01T00:00:00Z"}})")["Age"],
            "<invalid>");
}

TEST(TableTest, AHealthyPodIsShownAsKubectlShowsIt) {
  EXPECT_EQ(cells("", "pods", R"({"metadata": {"name": "web", "creationTimestamp": "2024-05-01T11:00:00Z"},
      "spec": {"nodeName": "edge-1", "containers": [{"name": "a"}, {"name": "b"}],
               "readinessGates": [{"conditionType": "www"}]},
      "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.2"}],
        "conditions": [{"type": "www", "status": "True"}],
        "containerStatuses": [
          {"name": "a", "ready": true, "restartCount": 2, "state": {"running": {}},
           "lastState": {"terminated": {"finishedAt": "2024-05-01T11:55:00Z"}}},
          {"name": "b", "ready": false, "restartCount": 0, "state": {"running": {}}}]}})"),
            Json({{"Name", "web"},
                  {"Ready", "1/2"},
                  {"Status", "Running"},
                  {"Restarts", "2 (5m ago)"},
                  {"Age", "60m"},
                  {"IP", "10.0.0.2"},
                  {"Node", "edge-1"},
                  {"Nominated Node", "<none>"},
                  {"Readiness Gates", "1/1"}}));
}

TEST(TableTest, APodsStatusSaysWhatHindersIt) {
  EXPECT_EQ(pod_status(R"({"status": {"phase": "Pending"}})"), "Pending");
  EXPECT_EQ(pod_status(R"({"status": {"phase": "Failed", "reason": "Evicted"}})"), "Evicted");
  EXPECT_EQ(pod_status(R"({"status": {"phase": "Running", "containerStatuses": [
      {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, {"state": {"running": {}}, "ready": true}]}})"),
            "CrashLoopBackOff");
  EXPECT_EQ(pod_status(R"({"status": {"phase": "Failed", "containerStatuses": [
      {"state": {"terminated": {"exitCode": 3}}}]}})"),
            "ExitCode:3");
  EXPECT_EQ(
      pod_status(R"({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
      "containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}},
                            {"state": {"running": {}}, "ready": true}]}})"),
      "NotReady");
  EXPECT_EQ(pod_status(R"({"metadata": {"deletionTimestamp": "2024-05-01T11:00:00Z"},
      "status": {"phase": "Running"}})"),
            "Terminating");
}

TEST(TableTest, InitContainersAreCountedWhileTheyRun) {
  const char* waiting =
      R"({"spec": {"initContainers": [{"name": "i"}, {"name": "j"}], "containers": [{"name": "c"}]},
      "status": {"phase": "Pending", "initContainerStatuses": [
        {"name": "i", "restartCount": 4, "state": {"terminated": {"exitCode": 0}}},
        {"name": "j", "state": {"running": {}}}]}})";
  EXPECT_EQ(pod_status(waiting), "Init:1/2");
  EXPECT_EQ(cells("", "pods", waiting)["Restarts"], "4");
  EXPECT_EQ(pod_status(R"({"spec": {"initContainers": [{"name": "i"}]}, "status": {"phase": "Pending",
      "initContainerStatuses": [{"name": "i", "state": {"waiting": {"reason": "ErrImagePull"}}}]}})"),
            "Init:ErrImagePull");
  const Json done =
      cells("", "pods", R"({"spec": {"initContainers": [{"name": "i"}], "containers": [{"name": "c"}]},
      "status": {"phase": "Running",
        "initContainerStatuses": [{"name": "i", "restartCount": 4, "state": {"terminated": {"exitCode": 0}}}],
        "containerStatuses": [{"name": "c", "ready": true, "restartCount": 1, "state": {"running": {}}}]}})");
  EXPECT_EQ(done["Restarts"], "1");
  EXPECT_EQ(done["Ready"], "1/1");
}

TEST(TableTest, AnEndedPodIsMarked) {
  const ApiResources resources;
  const Json table =
      table_of(*resources.find("", "v1", "pods"), parse_json(R"({"status": {"phase": "Succeeded"}})"));
  EXPECT_EQ(table["rows"][0]["conditions"][0]["reason"], "Succeeded");
}

TEST(TableTest, WhatGoesWithARowIsWhatWasAskedFor) {
  const ApiResources resources;
  const Json object = parse_json(R"({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}})");
  const auto& maps = *resources.find("", "v1", "configmaps");
  EXPECT_TRUE(table_of(maps, object, IncludeObject::kNone)["rows"][0]["object"].is_null());
  EXPECT_EQ(table_of(maps, object, IncludeObject::kMetadata)["rows"][0]["object"],
            parse_json(R"({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                           "metadata": {"name": "a"}})"));
  EXPECT_EQ(table_of(maps, object, IncludeObject::kObject)["rows"][0]["object"], object);

  const Json* objects[] = {&object, &object};
  const Json later = make_table(maps, objects, kNow, IncludeObject::kMetadata, false, "v1beta1");
  EXPECT_EQ(later["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_EQ(later["rows"][1]["object"]["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_TRUE(later["columnDefinitions"].empty());
  EXPECT_EQ(later["rows"].size(), 2U);
}

TEST(TableTest, TheNameColumnIsMarkedAndWideOnesHavePriority) {
  const ApiResources resources;
  const Json table = table_of(*resources.find("", "v1", "nodes"), Json::object());
  EXPECT_EQ(table["columnDefinitions"][0]["format"], "name");
  EXPECT_EQ(table["columnDefinitions"][0]["priority"], 0);
  EXPECT_EQ(table["columnDefinitions"][5]["name"], "Internal-IP");
  EXPECT_EQ(table["columnDefinitions"][5]["priority"], 1);
}

TEST(TableTest, NodesServicesAndWorkloads) {
  const Json node = cells("", "nodes", R"({"metadata": {"name": "e",
      "labels": {"node-role.kubernetes.io/edge": "", "node-role.kubernetes.io/agent": ""}},
      "spec": {"unschedulable": true},
      "status": {"conditions": [{"type": "Ready", "status": "Unknown"}],
                 "addresses": [{"type": "InternalIP", "address": "10.1.1.1"}],
                 "nodeInfo": {"kubeletVersion": "v1.28.6"}}})");
  EXPECT_EQ(node["Status"], "NotReady,SchedulingDisabled");
  EXPECT_EQ(node["Roles"], "agent,edge");
  EXPECT_EQ(node["Internal-IP"], "10.1.1.1");
  EXPECT_EQ(node["External-IP"], "<none>");
  EXPECT_EQ(node["OS-Image"], "<unknown>");

  const Json service = cells("", "services", R"({"metadata": {"name": "s"}, "spec": {"type": "LoadBalancer",
      "clusterIP": "10.96.0.7", "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53,
      "protocol": "UDP"}], "selector": {"app": "web"}}})");
  EXPECT_EQ(service["Port(s)"], "80:30080/TCP,53/UDP");
  EXPECT_EQ(service["External-IP"], "<pending>");
  EXPECT_EQ(service["Cluster-IP"], "10.96.0.7");
  EXPECT_EQ(service["Selector"], "app=web");

  const Json deployment = cells("apps", "deployments", R"({"metadata": {"name": "d"},
      "spec": {"replicas": 3, "selector": {"matchLabels": {"a": "b"},
                 "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}]},
               "template": {"spec": {"containers": [{"name": "c", "image": "i:1"}, {"name": "d", "image": "j"}]}}},
      "status": {"readyReplicas": 1, "updatedReplicas": 2}})");
  EXPECT_EQ(deployment["Ready"], "1/3");
  EXPECT_EQ(deployment["Up-to-date"], 2);
  EXPECT_EQ(deployment["Available"], 0);
  EXPECT_EQ(deployment["Images"], "i:1,j");
  EXPECT_EQ(deployment["Selector"], "a=b,k in (x,y)");

  const Json job = cells("batch", "jobs", R"({"spec": {"completions": 4}, "status": {"succeeded": 1,
      "startTime": "2024-05-01T11:59:00Z", "completionTime": "2024-05-01T11:59:30Z"}})");
  EXPECT_EQ(job["Completions"], "1/4");
  EXPECT_EQ(job["Duration"], "30s");
  const Json cron = cells("batch", "cronjobs", R"({"spec": {"schedule": "* * * * *", "suspend": false}})");
  EXPECT_EQ(cron["Suspend"], "False");
  EXPECT_EQ(cron["Last Schedule"], "<none>");
}

TEST(TableTest, ConfigurationStorageAndAccess) {
  EXPECT_EQ(cells("", "configmaps", R"({"data": {"a": ""}, "binaryData": {"b": ""}})")["Data"], 2);
  EXPECT_EQ(cells("", "secrets", R"({"type": "Opaque", "data": {"a": ""}})")["Type"], "Opaque");
  EXPECT_EQ(cells("", "namespaces", R"({"status": {"phase": "Active"}})")["Status"], "Active");
  EXPECT_EQ(cells("coordination.k8s.io", "leases", R"({"spec": {"holderIdentity": "e"}})")["Holder"], "e");
  const Json claim =
      cells("", "persistentvolumeclaims", R"({"spec": {"volumeName": "v", "storageClassName": "fast",
      "volumeMode": "Block"}, "status": {"phase": "Bound", "capacity": {"storage": "1Gi"},
      "accessModes": ["ReadWriteMany", "ReadWriteOnce"]}})");
  EXPECT_EQ(claim["Access Modes"], "RWO,RWX");
  EXPECT_EQ(claim["Capacity"], "1Gi");
  EXPECT_EQ(claim["StorageClass"], "fast");
  EXPECT_EQ(
      cells("", "persistentvolumes", R"({"spec": {"claimRef": {"namespace": "n", "name": "c"}}})")["Claim"],
      "n/c");
  const Json binding = cells("rbac.authorization.k8s.io", "rolebindings", R"({"roleRef": {"kind": "Role",
      "name": "reader"}, "subjects": [{"kind": "ServiceAccount", "namespace": "n", "name": "a"},
      {"kind": "User", "name": "u"}]})");
  EXPECT_EQ(binding["Role"], "Role/reader");
  EXPECT_EQ(binding["ServiceAccounts"], "n/a");
  EXPECT_EQ(binding["Users"], "u");
  EXPECT_EQ(cells("storage.k8s.io", "storageclasses", R"({"metadata": {"name": "sc",
      "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}})")["Name"],
            "sc (default)");
  EXPECT_EQ(
      cells("certificates.k8s.io", "certificatesigningrequests", R"({"spec": {"expirationSeconds": 3600},
      "status": {"certificate": "eA==", "conditions": [{"type": "Approved"}]}})")["Condition"],
      "Approved,Issued");
}

TEST(TableTest, EndpointsAreCutAfterThree) {
  EXPECT_EQ(cells("", "endpoints", R"({"subsets": [{"addresses": [{"ip": "1.1.1.1"}, {"ip": "fd00::1"}],
      "ports": [{"port": 80}, {"port": 443}]}]})")["Endpoints"],
            "1.1.1.1:80,[fd00::1]:80,1.1.1.1:443 + 1 more...");
  EXPECT_EQ(cells("", "endpoints", "{}")["Endpoints"], "<none>");
  EXPECT_EQ(cells("discovery.k8s.io", "endpointslices", R"({"addressType": "IPv4", "ports": [{"port": 80}],
      "endpoints": [{"addresses": ["1.1.1.1"]}]})")["Endpoints"],
            "1.1.1.1");
}

TEST(TableTest, EventsOfBothGroupsReadAlike) {
  const Json old = cells("", "events", R"({"involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Pulled",
      "type": "Normal", "message": "m", "lastTimestamp": "2024-05-01T11:59:00Z", "count": 3,
      "firstTimestamp": "2024-05-01T11:00:00Z", "source": {"component": "kubelet", "host": "e"}})");
  EXPECT_EQ(old["Last Seen"], "60s");
  EXPECT_EQ(old["First Seen"], "60m");
  EXPECT_EQ(old["Object"], "pod/p");
  EXPECT_EQ(old["Source"], "kubelet, e");
  EXPECT_EQ(old["Count"], 3);
  const Json recent = cells("events.k8s.io", "events", R"({"regarding": {"kind": "Pod", "name": "p"},
      "note": "m", "eventTime": "2024-05-01T11:58:00.000000Z", "reportingController": "c"})");
  EXPECT_EQ(recent["Last Seen"], "2m");
  EXPECT_EQ(recent["Object"], "pod/p");
  EXPECT_EQ(recent["Message"], "m");
  EXPECT_EQ(recent["Source"], "c");
}

ApiResource custom(const char* columns) {
  ApiResource resource;
  resource.group = "stable.example.com";
  resource.version = "v1";
  resource.plural = "crontabs";
  resource.kind = "CronTab";
  if (columns != nullptr) resource.columns = std::make_shared<const Json>(parse_json(columns));
  return resource;
}

TEST(TableTest, ACustomResourceHasItsOwnColumns) {
  const ApiResource resource = custom(R"([
    {"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec", "description": "When it runs"},
    {"name": "Replicas", "type": "integer", "jsonPath": "{.spec.replicas}", "priority": 1},
    {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
    {"name": "Last", "type": "string", "jsonPath": "$.items[-1]"},
    {"name": "Label", "type": "string", "jsonPath": ".metadata.labels.a\\.b/c"},
    {"name": "Quoted", "type": "string", "jsonPath": ".metadata.labels['a.b/c']"},
    {"name": "Any", "type": "string", "jsonPath": ".list[*].x"},
    {"name": "Map", "type": "string", "jsonPath": ".spec.map"},
    {"name": "Wrong", "type": "integer", "jsonPath": ".spec.cronSpec"},
    {"name": "Absent", "type": "boolean", "jsonPath": ".spec.nothing"},
    {"name": "Odd", "type": "string", "jsonPath": ".spec..deep"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}])");
  const Json table = table_of(resource, parse_json(R"({"metadata": {"name": "c", "labels": {"a.b/c": "l"},
      "creationTimestamp": "2024-05-01T11:59:50Z"}, "items": [1, 2], "list": [{"y": 1}, {"x": 7}],
      "spec": {"cronSpec": "* *", "replicas": 3, "map": {"a": 1}},
      "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}})"));
  EXPECT_EQ(table["rows"][0]["cells"],
            Json({"c", "* *", 3, "True", "2", "l", "l", "7", "{\"a\":1}", nullptr, nullptr, nullptr, "10s"}));
  EXPECT_EQ(table["columnDefinitions"][1]["description"], "When it runs");
  EXPECT_EQ(table["columnDefinitions"][2]["priority"], 1);
}

TEST(TableTest, WithoutColumnsNameAndAgeAreShown) {
  const Json table = table_of(custom(nullptr), parse_json(R"({"metadata": {"name": "c"}})"));
  EXPECT_EQ(table["rows"][0]["cells"], Json({"c", "<unknown>"}));
}

TEST(TableTest, EveryKindBearsObjectsOfAnyShape) {
  const ApiResources resources;
  const Json shapes[] = {
      Json(),
      Json("text"),
      Json::array({1}),
      Json::object(),
      parse_json(R"({"metadata": 7, "spec": [1, "x"], "status": "s", "data": [], "subsets": {"a": 1},
                     "subjects": [1], "endpoints": [[]], "involvedObject": 3, "webhooks": 1})"),
      parse_json(R"({"metadata": {"name": 1, "labels": [], "creationTimestamp": "never", "annotations": 3},
                     "spec": {"containers": [1, null, {"name": {}}], "ports": [3], "metrics": [1, {"type": 5}],
                              "replicas": "x", "selector": {"matchLabels": {"a": {}}, "matchExpressions": [4]}},
                     "status": {"conditions": {"a": 1}, "containerStatuses": [null, "x", {"state": 3}],
                                "initContainerStatuses": [9], "hard": {"cpu": {}}, "addresses": [false]}})")};
  for (const auto& resource : resources.all()) {
    for (const Json& shape : shapes) {
      const Json table = table_of(*resource, shape, IncludeObject::kMetadata);
      EXPECT_EQ(table["rows"][0]["cells"].size(), table["columnDefinitions"].size()) << resource->kind;
    }
  }
}

}  // namespace
}  // namespace edgecore::kube
