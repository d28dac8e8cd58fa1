// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/strategic_merge.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/patch.hpp"
#include "support/paths.hpp"

namespace edgecore::kube {
namespace {

struct StrategicRow {
  const char* title;
  const char* kind;
  const char* original;
  const char* patch;
  const char* result;  ///< nullptr when the patch must be refused
};

TEST(StrategicMergeTest, AppliesAsTheApiServerDoes) {
  const StrategicRow rows[] = {
      {"null deletes, scalars replace, objects merge", "Pod",
       R"({"metadata":{"labels":{"a":"1","b":"2"}},"x":1})",
       R"({"metadata":{"labels":{"a":null,"c":"3"}},"x":2})",
       R"({"metadata":{"labels":{"b":"2","c":"3"}},"x":2})"},
      {"conditions merge by type, others' stay", "Pod",
       R"({"status":{"conditions":[{"type":"Custom","status":"True"},{"type":"Ready","status":"False","reason":"x"}]}})",
       R"({"status":{"conditions":[{"type":"Ready","status":"True","reason":null},{"type":"Initialized","status":"True"}]}})",
       R"({"status":{"conditions":[{"type":"Custom","status":"True"},{"type":"Ready","status":"True"},{"type":"Initialized","status":"True"}]}})"},
      {"podIPs by ip with a delete directive", "Pod", R"({"status":{"podIPs":[{"ip":"10.0.0.1"}]}})",
       R"({"status":{"podIPs":[{"ip":"10.0.0.2"},{"ip":"10.0.0.1","$patch":"delete"}]}})",
       R"({"status":{"podIPs":[{"ip":"10.0.0.2"}]}})"},
      {"containerStatuses whole", "Pod", R"({"status":{"containerStatuses":[{"name":"a"},{"name":"b"}]}})",
       R"({"status":{"containerStatuses":[{"name":"c"}]}})",
       R"({"status":{"containerStatuses":[{"name":"c"}]}})"},
      {"addresses with a replace directive", "Node",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"1"},{"type":"Hostname","address":"h"}]}})",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"2"},{"type":"InternalIP","address":"3"},{"$patch":"replace"}]}})",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"2"},{"type":"InternalIP","address":"3"}]}})"},
      {"images, volumesInUse and volumesAttached whole", "Node",
       R"({"status":{"images":[{"names":["a"]}],"volumesInUse":["v"],"volumesAttached":[{"name":"x"}]}})",
       R"({"status":{"images":[],"volumesInUse":["w"],"volumesAttached":[{"name":"y"}]}})",
       R"({"status":{"images":[],"volumesInUse":["w"],"volumesAttached":[{"name":"y"}]}})"},
      {"containers, env, ports, mounts nest", "Pod",
       R"({"spec":{"containers":[{"name":"a","image":"i:1","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}],
           "ports":[{"containerPort":80}],"volumeMounts":[{"mountPath":"/a","name":"v"}]},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"a","image":"i:2","env":[{"name":"Y","$patch":"delete"},{"name":"Z","value":"3"}],
           "ports":[{"containerPort":80,"name":"http"},{"containerPort":81}],"volumeMounts":[{"mountPath":"/a","readOnly":true}]}]}})",
       R"({"spec":{"containers":[{"name":"a","image":"i:2","env":[{"name":"X","value":"1"},{"name":"Z","value":"3"}],
           "ports":[{"containerPort":80,"name":"http"},{"containerPort":81}],"volumeMounts":[{"mountPath":"/a","name":"v","readOnly":true}]},{"name":"b"}]}})"},
      {"volumes keep the retained keys", "Pod",
       R"({"spec":{"volumes":[{"name":"v","emptyDir":{}},{"name":"w","emptyDir":{}}]}})",
       R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}})",
       R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}},{"name":"w","emptyDir":{}}]}})"},
      {"tolerations whole", "Pod", R"({"spec":{"tolerations":[{"key":"a"}]}})",
       R"({"spec":{"tolerations":[{"key":"b"}]}})", R"({"spec":{"tolerations":[{"key":"b"}]}})"},
      {"owner references by uid", "ConfigMap", R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"2","name":"b"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"}]}})"},
      {"finalizers are a set", "Pod", R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c","b"]}})",
       R"({"metadata":{"finalizers":["b","c"]}})"},
      {"deleting from a set alone", "Pod", R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a","z"]}})",
       R"({"metadata":{"finalizers":["b"]}})"},
      {"order of a set", "Pod", R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"$setElementOrder/finalizers":["c","b","a"],"finalizers":["c"]}})",
       R"({"metadata":{"finalizers":["c","b","a"]}})"},
      {"element order, others keep their place", "Pod",
       R"({"status":{"conditions":[{"type":"Server"},{"type":"Ready"},{"type":"Last"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"Initialized"},{"type":"Ready"}],"conditions":[{"type":"Initialized","status":"True"}]}})",
       R"({"status":{"conditions":[{"type":"Initialized","status":"True"},{"type":"Server"},{"type":"Ready"},{"type":"Last"}]}})"},
      {"order alone", "Pod", R"({"status":{"conditions":[{"type":"A"},{"type":"B"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"B"},{"type":"A"}]}})",
       R"({"status":{"conditions":[{"type":"B"},{"type":"A"}]}})"},
      {"order of a list that is not there", "Pod", R"({"status":{}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"B"}]}})", R"({"status":{}})"},
      {"object replaced", "Pod", R"({"metadata":{"labels":{"a":"1"},"name":"n"}})",
       R"({"metadata":{"labels":{"$patch":"replace","b":"2"}}})",
       R"({"metadata":{"labels":{"b":"2"},"name":"n"}})"},
      {"object emptied", "Pod", R"({"metadata":{"labels":{"a":"1"}}})",
       R"({"metadata":{"labels":{"$patch":"delete"}}})", R"({"metadata":{"labels":{}}})"},
      {"object merged by word", "Pod", R"({"metadata":{"labels":{"a":"1"}}})",
       R"({"metadata":{"labels":{"$patch":"merge","b":"2"}}})",
       R"({"metadata":{"labels":{"a":"1","b":"2"}}})"},
      {"directives do not end up in new values", "Pod", R"({})",
       R"({"metadata":{"labels":{"$patch":"replace","a":"1","b":null}},"spec":{"containers":[{"name":"a","env":[{"name":"X","$patch":"delete"}]}],
           "volumes":[{"name":"v","$retainKeys":["name"]}]}})",
       R"({"metadata":{"labels":{"a":"1"}},"spec":{"containers":[{"name":"a","env":[]}],"volumes":[{"name":"v"}]}})"},
      {"list deleted by null, with a stray order", "Pod", R"({"status":{"conditions":[{"type":"A"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"A"}],"conditions":null}})", R"({"status":{}})"},
      {"types may change", "Pod", R"({"a":[1],"b":{"c":1},"d":1})", R"({"a":{"x":1},"b":2,"d":[{"e":1}]})",
       R"({"a":{"x":1},"b":2,"d":[{"e":1}]})"},
      {"unknown kinds have atomic lists", "Device", R"({"spec":{"properties":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"properties":[{"name":"c"}]}})", R"({"spec":{"properties":[{"name":"c"}]}})"},
      {"templates of workloads", "Deployment",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"2"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"2"},{"name":"b"}]}}}})"},
      {"one-of object", "Deployment",
       R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})",
       R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})",
       R"({"spec":{"strategy":{"type":"Recreate"}}})"},
      {"the empty patch", "Node", R"({"a":[1]})", R"({})", R"({"a":[1]})"},
      // refused
      {"no object", "Pod", R"({})", R"([])", nullptr},
      {"original no object", "Pod", R"([])", R"({})", nullptr},
      {"merge key missing", "Pod", R"({"status":{"conditions":[]}})",
       R"({"status":{"conditions":[{"status":"True"}]}})", nullptr},
      {"element no object", "Pod", R"({})", R"({"spec":{"containers":["a"]}})", nullptr},
      {"unknown directive", "Pod", R"({})", R"({"$patch":"frob"})", nullptr},
      {"directive no string", "Pod", R"({})", R"({"metadata":{"$patch":1}})", nullptr},
      {"order no list", "Pod", R"({"status":{"conditions":[]}})",
       R"({"status":{"$setElementOrder/conditions":1}})", nullptr},
      {"retained no list", "Pod", R"({"spec":{}})", R"({"spec":{"$retainKeys":"a"}})", nullptr},
      {"set but not retained", "Pod", R"({"spec":{}})", R"({"spec":{"$retainKeys":["a"],"b":1}})", nullptr},
      {"directives of a list on no list", "Pod", R"({})",
       R"({"metadata":{"$setElementOrder/finalizers":[],"finalizers":1}})", nullptr},
  };
  for (const StrategicRow& row : rows) {
    const Json original = parse_json(row.original);
    if (row.result == nullptr) {
      EXPECT_THROW(apply_strategic_merge(original, parse_json(row.patch), row.kind), BadInput) << row.title;
      continue;
    }
    EXPECT_EQ(apply_strategic_merge(original, parse_json(row.patch), row.kind), parse_json(row.result))
        << row.title;
  }
}

TEST(StrategicMergeTest, ErrorsNameThePath) {
  try {
    apply_strategic_merge(Json::object(), parse_json(R"({"spec":{"containers":[{"image":"x"}]}})"), "Pod");
    FAIL() << "applied";
  } catch (const BadInput& error) {
    EXPECT_STREQ(
        error.what(),
        "The strategic merge patch is wrong at \"spec.containers\": an element lacks its merge key \"name\"");
  }
}

TEST(StrategicMergeTest, RefusesDeepPatches) {
  Json deep = Json::object();
  for (int i = 0; i < 200; ++i) deep = Json{{"a", std::move(deep)}};
  EXPECT_THROW(apply_strategic_merge(Json::object(), deep, "Pod"), BadInput);
  EXPECT_THROW(create_strategic_merge(Json::object(), deep, "Pod"), BadInput);
}

TEST(StrategicDiffTest, MakesThePatchGoClientsMake) {
  const struct {
    const char* title;
    const char* kind;
    const char* original;
    const char* modified;
    const char* patch;
  } rows[] = {
      {"equal", "Pod", R"({"a":1,"b":[1]})", R"({"a":1,"b":[1]})", R"({})"},
      {"condition changed", "Pod",
       R"({"status":{"conditions":[{"type":"Ready","status":"False","reason":"x"},{"type":"PodScheduled","status":"True"}]}})",
       R"({"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"PodScheduled","status":"True"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"Ready"},{"type":"PodScheduled"}],
           "conditions":[{"type":"Ready","status":"True","reason":null}]}})"},
      {"ip changed", "Pod", R"({"status":{"podIP":"1","podIPs":[{"ip":"1"}]}})",
       R"({"status":{"podIP":"2","podIPs":[{"ip":"2"}]}})",
       R"({"status":{"podIP":"2","$setElementOrder/podIPs":[{"ip":"2"}],"podIPs":[{"ip":"2"},{"ip":"1","$patch":"delete"}]}})"},
      {"two addresses of a type", "Node", R"({"status":{"addresses":[{"type":"InternalIP","address":"1"}]}})",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"1"},{"type":"InternalIP","address":"2"}]}})",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"1"},{"type":"InternalIP","address":"2"},{"$patch":"replace"}]}})"},
      {"one-of", "Pod", R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
       R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}})",
       R"({"spec":{"$setElementOrder/volumes":[{"name":"v"}],
           "volumes":[{"name":"v","$retainKeys":["hostPath","name"],"emptyDir":null,"hostPath":{"path":"/x"}}]}})"},
      {"set", "Pod", R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","c"]}})",
       R"({"metadata":{"finalizers":["c"],"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b","c"]}})"},
      {"order alone", "Pod", R"({"status":{"conditions":[{"type":"A"},{"type":"B"}]}})",
       R"({"status":{"conditions":[{"type":"B"},{"type":"A"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"B"},{"type":"A"}]}})"},
      {"nulls count as absent", "Pod", R"({"a":null,"b":1,"c":2})", R"({"b":null,"c":2,"d":null})",
       R"({"b":null})"},
      {"atomic list", "Pod", R"({"status":{"containerStatuses":[{"name":"a"}]}})",
       R"({"status":{"containerStatuses":[{"name":"b"}]}})",
       R"({"status":{"containerStatuses":[{"name":"b"}]}})"},
  };
  for (const auto& row : rows) {
    const Json original = parse_json(row.original);
    const Json modified = parse_json(row.modified);
    EXPECT_EQ(create_strategic_merge(original, modified, row.kind), parse_json(row.patch)) << row.title;
  }
}

TEST(StrategicDiffTest, ChangesOfOthersSurvive) {
  const Json before =
      parse_json(R"({"status":{"conditions":[{"type":"Ready","status":"False"}],"phase":"Pending"}})");
  const Json wanted =
      parse_json(R"({"status":{"conditions":[{"type":"Ready","status":"True"}],"phase":"Running"}})");
  const Json now = parse_json(
      R"({"status":{"conditions":[{"type":"Ready","status":"False"},{"type":"Foreign","status":"True"}],"phase":"Pending","qosClass":"Burstable"}})");
  EXPECT_EQ(
      apply_strategic_merge(now, create_strategic_merge(before, wanted, "Pod"), "Pod"),
      parse_json(
          R"({"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Foreign","status":"True"}],"phase":"Running","qosClass":"Burstable"}})"));
}

/// Pods of random content that use every merge strategy.
class RandomPod {
 public:
  explicit RandomPod(unsigned seed) : random_(seed) {}

  Json operator()() {
    Json pod{{"metadata", {{"labels", map()}}}, {"spec", Json::object()}, {"status", Json::object()}};
    if (chance()) pod["metadata"]["finalizers"] = names();
    if (chance())
      pod["metadata"]["ownerReferences"] = elements("uid", [this](Json& e) { e["controller"] = chance(); });
    if (chance()) pod["spec"]["containers"] = elements("name", [this](Json& e) { fill_container(e); });
    if (chance())
      pod["spec"]["volumes"] =
          elements("name", [this](Json& e) { e[chance() ? "emptyDir" : "hostPath"] = map(); });
    if (chance()) pod["spec"]["tolerations"] = elements("key", [](Json&) {});
    if (chance()) pod["status"]["conditions"] = elements("type", [this](Json& e) { e["status"] = chance(); });
    if (chance()) pod["status"]["podIPs"] = elements("ip", [](Json&) {});
    if (chance())
      pod["status"]["containerStatuses"] = elements("name", [this](Json& e) { e["ready"] = chance(); });
    return pod;
  }

 private:
  bool chance() { return random_() % 2 == 0; }
  Json names() {
    Json list = Json::array();
    for (const char* name : {"a", "b", "c", "d"}) {
      if (chance()) list.push_back(name);
    }
    std::shuffle(list.begin(), list.end(), random_);
    return list;
  }
  Json map() {
    Json object = Json::object();
    for (const Json& name : names()) object[name.get<std::string>()] = random_() % 3;
    return object;
  }
  Json elements(const char* key, const std::function<void(Json&)>& fill) {
    Json list = Json::array();
    for (const Json& name : names()) {
      Json element{{key, name}};
      fill(element);
      list.push_back(std::move(element));
    }
    return list;
  }
  void fill_container(Json& container) {
    if (chance()) container["args"] = names();
    if (chance())
      container["env"] = elements("name", [this](Json& e) { e["value"] = std::to_string(random_() % 3); });
    if (chance())
      container["volumeMounts"] = elements("mountPath", [this](Json& e) { e["readOnly"] = chance(); });
    if (chance()) container["resources"] = {{"limits", map()}};
  }

  std::mt19937 random_;
};

TEST(StrategicDiffTest, AnyPatchMadeMakesOneObjectIntoTheOther) {
  RandomPod random_pod(20240610);
  for (int i = 0; i < 1000; ++i) {
    const Json original = random_pod();
    const Json modified = random_pod();
    const Json patch = create_strategic_merge(original, modified, "Pod");
    const Json result = apply_strategic_merge(original, patch, "Pod");
    ASSERT_EQ(result, modified) << "round " << i << "\noriginal " << original << "\npatch " << patch;
    ASSERT_EQ(apply_strategic_merge(result, patch, "Pod"), modified) << "applied twice, round " << i;
  }
}

/// A status without nulls, which Go's types add to conditions, and without the container statuses, which the
/// API server of the recording merged by element but Kubernetes replaces whole (protocol/02-metamanager.md
/// §3.4).
Json comparable(const Json& status) {
  const Json without_nulls = apply_merge_patch(Json::object(), status);
  Json out = apply_merge_patch(without_nulls, Json{{"containerStatuses", nullptr}});
  for (Json& condition : out["conditions"]) condition = apply_merge_patch(Json::object(), condition);
  return out;
}

TEST(StrategicMergeTest, RecordedPodPatchesGiveTheStatusTheCloudAnsweredWith) {
  std::ifstream file(test::recordings_dir() / "pod-life.jsonl");
  std::map<std::string, Json> status_of;  // from the cloud's last message
  std::map<std::string, std::pair<std::string, Json>>
      waiting;  // by message id: resource name and patched status
  int compared = 0;
  for (std::string line; std::getline(file, line);) {
    const Json message = parse_json(line)["msg"];
    const std::string resource = string_or(message, "route.resource");
    const std::string name = resource.substr(resource.rfind('/') + 1);
    const Json& content = message["content"];
    if (string_or(message, "route.operation") == "patch" && resource.find("podpatch") != std::string::npos) {
      const Json patch = parse_json(content.get<std::string>());
      const Json before{{"status", status_of[name].is_null() ? Json::object() : status_of[name]}};
      waiting[string_or(message, "header.msg_id")] = {name,
                                                      apply_strategic_merge(before, patch, "Pod")["status"]};
    } else if (const auto asked = waiting.find(string_or(message, "header.parent_msg_id"));
               asked != waiting.end()) {
      ASSERT_TRUE(find_path(content, "Object.status") != nullptr) << content;
      EXPECT_EQ(comparable(asked->second.second), comparable(content["Object"]["status"])) << asked->first;
      status_of[asked->second.first] = content["Object"]["status"];
      ++compared;
    } else if (find_path(content, "metadata.uid") != nullptr && find_path(content, "status") != nullptr) {
      status_of[name] = content["status"];
    }
  }
  EXPECT_GE(compared, 5);
}

}  // namespace
}  // namespace edgecore::kube
