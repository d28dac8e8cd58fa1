// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/files.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::config {
namespace {

using testing::HasSubstr;

TEST(ApiAddress, TheUnitsVariablesCountAsWithTheGoAgent) {
  std::vector<std::string> warnings;
  const ApiAddress unit{"kubernetes.default.svc.cluster.local", "443"};
  EXPECT_EQ(api_address(std::nullopt, unit, warnings), unit);
  EXPECT_EQ(api_address(std::nullopt, {}, warnings), ApiAddress());
  EXPECT_THAT(warnings, testing::IsEmpty());
  api_address(std::nullopt, {"10.0.0.1", ""}, warnings);
  EXPECT_THAT(warnings, testing::ElementsAre(HasSubstr("Only one of METASERVER_DUMMY_IP")));
}

TEST(ApiAddress, AMetaServerThatServesPodsWinsAndSaysSo) {
  std::vector<std::string> warnings;
  const ApiAddress served{"169.254.30.10", "10550"};
  EXPECT_EQ(api_address("169.254.30.10:10550", {}, warnings), served);
  EXPECT_EQ(api_address("169.254.30.10:10550", served, warnings), served);
  EXPECT_EQ(api_address("[fd00::1]:10550", {}, warnings), (ApiAddress{"fd00::1", "10550"}));
  EXPECT_THAT(warnings, testing::IsEmpty());
  EXPECT_EQ(api_address("169.254.30.10:10550", {"10.0.0.1", "443"}, warnings), served);
  EXPECT_THAT(warnings, testing::ElementsAre(HasSubstr("have no effect")));
}

class EnvironmentTest : public testing::Test {
 protected:
  void add_process(const std::string& id, const std::string& name) {
    std::filesystem::create_directories(proc_ / id);
    write_file_atomic(proc_ / id / "comm", name + "\n", 0600);
  }
  std::optional<std::string> conflict(const std::optional<std::string>& variable = {}) {
    return environment_conflict(config_, variable, proc_ / "");
  }

  edgecore::test::TemporaryDirectory proc_;
  EdgeCoreConfig config_;
};

TEST_F(EnvironmentTest, OtherProcessesDoNotMatter) {
  add_process("1", "systemd");
  add_process("20", "kubelet-helper");
  add_process("30", "edgemesh-agent");
  add_process("self", "kubelet");                     // not a process id
  std::filesystem::create_directories(proc_ / "40");  // a process that has just ended
  EXPECT_EQ(conflict(), std::nullopt);
}

TEST_F(EnvironmentTest, AKubeletOrKubeProxyIsAConflict) {
  add_process("812", "kubelet");
  EXPECT_THAT(conflict().value_or(""), HasSubstr("kubelet is running on this machine (process 812)"));
  std::filesystem::remove_all(proc_ / "812");
  add_process("9", "kube-proxy");
  EXPECT_THAT(conflict().value_or(""), HasSubstr("kube-proxy"));
}

TEST_F(EnvironmentTest, ExactlyFalseSwitchesTheCheckOff) {
  add_process("812", "kubelet");
  EXPECT_EQ(conflict("false"), std::nullopt);
  for (const char* value : {"", "False", "0", "true"}) EXPECT_NE(conflict(value), std::nullopt) << value;
}

TEST_F(EnvironmentTest, AnEnabledMetaServerSwitchesTheCheckOff) {
  add_process("812", "kubelet");
  config_.modules.meta_manager.meta_server.enable = true;
  EXPECT_EQ(conflict(), std::nullopt);
}

TEST_F(EnvironmentTest, WhatCannotBeCheckedIsToldNotPassedOver) {
  EXPECT_THAT(environment_conflict(config_, {}, proc_ / "none").value_or(""), HasSubstr("cannot be listed"));
}

}  // namespace
}  // namespace edgecore::config
