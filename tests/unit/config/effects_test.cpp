// SPDX-License-Identifier: Apache-2.0
#include "config/effects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/kubelet_fields.hpp"

namespace edgecore::config {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// ---- Another value of each type than the default

void change(bool& value) {
  value = !value;
}
template <class Number>
  requires std::is_arithmetic_v<Number>
void change(Number& value) {
  value = static_cast<Number>(value + 1);
}
void change(std::string& value) {
  value += "x";
}
void change(Duration& value) {
  value += std::chrono::seconds(1);
}
void change(StringMap& value) {
  value["x"] = "1";
}
void change(GateMap& value) {
  value["x"] = true;
}
template <class Value>
void change(std::vector<Value>& value) {
  value.emplace_back();
}
template <class Value>
void change(std::optional<Value>& value) {
  if (!value) value.emplace();
  change(*value);
}

struct Key {
  std::string path;
  Effect effect = Effect::kWorks;
};

/// Every key of the model that is not an object.
template <class Object>
void collect(const Object& object, const std::string& path, std::vector<Key>& keys) {
  fields(object, [&]<class Type>(const char* name, const Type& member, Print, Effect effect) {
    const std::string full = path.empty() ? name : path + "." + name;
    if constexpr (Section<const Type>) {
      collect(member, full, keys);
    } else {
      keys.push_back({full, effect});
    }
  });
}

std::vector<Key> all_keys() {
  std::vector<Key> keys;
  collect(EdgeCoreConfig(), "", keys);
  return keys;
}

/// Changes the key `wanted` of `object`.
template <class Object>
void change_key(Object& object, const std::string& path, const std::string& wanted) {
  fields(object, [&]<class Type>(const char* name, Type& member, Print, Effect) {
    const std::string full = path.empty() ? name : path + "." + name;
    if constexpr (Section<Type>) {
      change_key(member, full, wanted);
    } else if (full == wanted) {
      change(member);
    }
  });
}

std::vector<Violation> warnings_with(const std::string& changed) {
  EdgeCoreConfig config;
  change_key(config, "", changed);
  EXPECT_NE(config, EdgeCoreConfig()) << changed;
  return keys_without_effect(config);
}

TEST(Effects, TheDefaultsHaveNothingToWarnOf) {
  EXPECT_THAT(keys_without_effect(EdgeCoreConfig()), IsEmpty());
}

TEST(Effects, EachKeyOfTheModelWorksOrIsWarnedOfWhenItDiffersFromItsDefault) {
  const std::vector<Key> keys = all_keys();
  EXPECT_GT(keys.size(), 150U);
  for (const Key& key : keys) {
    const bool silent = key.effect == Effect::kWorks || key.effect == Effect::kBehindEnable;
    // An off switch that is on by default is what holds anyway; its other value is the default.
    const bool switched_off = key.effect == Effect::kOnlyOff && !key.path.ends_with("readOnlyPort");
    // Of the deprecated endpoints the test says that they count only alone.
    const bool endpoint = key.path.find("remote") != std::string::npos && key.path.ends_with("Endpoint");
    const auto named = Contains(Field(&Violation::field, key.path));
    if (endpoint || switched_off) continue;
    if (silent) {
      EXPECT_THAT(warnings_with(key.path), Not(named)) << key.path;
    } else {
      EXPECT_THAT(warnings_with(key.path), named) << key.path;
    }
  }
}

TEST(Effects, NotYetAndNeverAreToldApart) {
  EXPECT_THAT(warnings_with("modules.edged.tailoredKubeletConfig.cpuManagerPolicy").front().text,
              HasSubstr("in this version yet"));
  EXPECT_THAT(warnings_with("database.driverName").front().text, Not(HasSubstr("yet")));
}

TEST(Effects, OffIsWhatHoldsForWhatIsNotThere) {
  EdgeCoreConfig config;
  TailoredKubeletConfig& kubelet = config.modules.edged.kubelet;
  kubelet.read_only_port = 0;
  kubelet.enable_debugging_handlers = false;
  kubelet.make_iptables_util_chains = false;
  EXPECT_THAT(keys_without_effect(config), IsEmpty());
  kubelet.read_only_port = 10255;
  EXPECT_THAT(
      keys_without_effect(config),
      testing::ElementsAre(Field(&Violation::field, "modules.edged.tailoredKubeletConfig.readOnlyPort")));
}

TEST(Effects, APartThatDoesNotRunYetIsNamedByItsSwitchOnly) {
  EdgeCoreConfig config;
  config.modules.edge_stream.server = "cloud:10004";  // keadm writes it always
  EXPECT_THAT(keys_without_effect(config), IsEmpty());
  config.modules.edge_stream.enable = true;
  EXPECT_THAT(keys_without_effect(config),
              testing::ElementsAre(Field(&Violation::field, "modules.edgeStream.enable")));
}

TEST(Effects, AnAddressThatAnInterfaceReplacesIsNamed) {
  EdgeCoreConfig config;
  config.modules.edged.node_ip = "192.0.2.1";
  EXPECT_THAT(keys_without_effect(config), IsEmpty());
  config.modules.edged.custom_interface_name = "eth0";
  EXPECT_THAT(keys_without_effect(config),
              testing::ElementsAre(Field(&Violation::field, "modules.edged.nodeIP")));
}

TEST(Effects, WhatNeedsTheGateOfAuthorizationIsNamedWithoutIt) {
  MetaManager meta_manager;
  FeatureGates gates;
  meta_manager.meta_server.dummy_server = "169.254.30.11:10550";
  EXPECT_THAT(keys_without_authorization(meta_manager, gates), IsEmpty()) << "the server is off";
  meta_manager.meta_server.enable = true;
  EXPECT_THAT(keys_without_authorization(meta_manager, gates),
              testing::ElementsAre(Field(&Violation::field, "modules.metaManager.metaServer.dummyServer")));
  gates.require_authorization = true;
  EXPECT_THAT(keys_without_authorization(meta_manager, gates), IsEmpty());
  meta_manager.meta_server.enable = false;
  EXPECT_THAT(keys_without_authorization(meta_manager, gates),
              testing::ElementsAre(Field(&Violation::field, "featureGates.requireAuthorization")));
}

TEST(Effects, AWarningNamesWhatToDoButNoValue) {
  EdgeCoreConfig config;
  config.modules.edged.container_runtime = "s3cret";
  const auto found = keys_without_effect(config);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].text, HasSubstr("containerRuntimeEndpoint"));
  EXPECT_THAT(found[0].text, Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace edgecore::config
