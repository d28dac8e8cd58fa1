// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/print.hpp"

#include <gtest/gtest.h>

#include "edgecore/config/load.hpp"
#include "unit/config/expected_texts.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using test::FakeHost;

/// The YAML between the three comment lines with the empty line, and the two empty lines at the end.
std::string body(const std::string& text) {
  std::size_t at = 0;
  for (int line = 0; line < 3; ++line) {
    EXPECT_EQ(text.at(at), '#');
    at = text.find('\n', at) + 1;
  }
  EXPECT_EQ(text.at(at), '\n');
  EXPECT_TRUE(text.ends_with("\n\n\n"));
  return text.substr(at + 1, text.size() - at - 3);
}

TEST(Print, DefaultConfigIsTheObservedTextByteByByte) {
  EXPECT_EQ(body(default_config_text(defaults(FakeHost()))), test::kExpectedDefaultYaml);
}

TEST(Print, MinConfigIsTheObservedTextByteByByteButSwitchesNothingOff) {
  EXPECT_EQ(body(min_config_text(defaults(FakeHost()))), test::kExpectedMinYaml);
}

TEST(Print, BothReadBackToTheDefaultsWithoutAWarning) {
  const FakeHost host;
  for (const std::string& text : {default_config_text(defaults(host)), min_config_text(defaults(host))}) {
    const LoadedConfig loaded = load(text, host);
    EXPECT_EQ(loaded.config, defaults(host));
    EXPECT_TRUE(loaded.warnings.empty());
  }
}

TEST(Print, DefaultsReadBackOnMachinesWithAnyKindOfAddress) {
  for (const char* address : {"2001:db8::5", "", "10.1.2.3"}) {
    FakeHost host;
    host.names.clear();
    host.route_source = address;
    EXPECT_EQ(load(default_config_text(defaults(host)), FakeHost()).config.modules.edge_hub,
              defaults(host).modules.edge_hub)
        << address;
  }
}

TEST(Print, EveryKindOfFieldReadsBackAsItWas) {
  const FakeHost host;
  EdgeCoreConfig config = defaults(host);
  config.feature_gates = {{"moduleRestart", false}};
  config.modules.edge_hub.token = "a: b # c";
  config.modules.event_bus.password = "line\nbreak \"quoted\" 'single' \\ \xC3\xA9";
  config.modules.event_bus.username = " leading";
  config.modules.edged.node_labels = {{"zone", "yes"}, {"rack", "012"}, {"empty", ""}, {"10", "1e3"}};
  config.modules.edged.minimum_gc_age = std::chrono::milliseconds(1500);
  config.modules.meta_manager.meta_server.api_audiences = {"api", "- x", "null", "@home", "a,b", "[c]"};
  TailoredKubeletConfig& kubelet = config.modules.edged.kubelet;
  kubelet.register_with_taints = {{"dedicated", "edge", "NoSchedule", {}},
                                  {"gpu", "", "NoExecute", "2024-01-01T00:00:00Z"}};
  kubelet.logging.vmodule = {{"edged*", 4}};
  kubelet.logging.options.json.split_stream = true;
  kubelet.reserved_memory = {{0, {{"memory", "1Gi"}}}, {1, {}}};
  kubelet.shutdown_grace_period_by_pod_priority = {{100, 10}, {200, 20}};
  kubelet.memory_throttling_factor = 0.123456789;
  kubelet.registry_pull_qps = 0;
  kubelet.max_parallel_image_pulls = 3;
  kubelet.memory_swap.swap_behavior = "LimitedSwap";
  const LoadedConfig loaded = load(to_yaml(config), host);
  EXPECT_EQ(loaded.config, config) << to_yaml(config);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Print, ZeroAndFalseThatDifferFromTheDefaultAreNotLost) {
  const FakeHost host;
  const EdgeCoreConfig config =
      load(
          "modules: {edgeHub: {rotateCertificates: false, messageQPS: 0, httpServer: '', websocket: {server: "
          "''}},"
          " edged: {registerNode: false, tailoredKubeletConfig: {readOnlyPort: 0, evictionHard: null,"
          " enforceNodeAllocatable: [], staticPodPath: ''}}}",
          host)
          .config;
  EXPECT_EQ(load(to_yaml(config), host).config, config) << to_yaml(config);
}

}  // namespace
}  // namespace edgecore::config
