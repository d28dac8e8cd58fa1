// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/files.hpp"
#include "edgecore/config/feature_gates.hpp"
#include "edgecore/config/load.hpp"
#include "support/temporary_directory.hpp"
#include "support/umask.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using edgecore::test::TemporaryDirectory;
using test::FakeHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> fields_of(const std::vector<Violation>& violations) {
  std::vector<std::string> names;
  for (const Violation& violation : violations) names.push_back(violation.field);
  return names;
}

class Validate : public testing::Test {
 protected:
  Validate() : config_(defaults(FakeHost())) {
    config_.database.data_source = (directory_ / "db" / "e.db").string();
  }

  std::vector<std::string> errors() { return fields_of(validate(config_).errors); }

  TemporaryDirectory directory_;
  EdgeCoreConfig config_;
  EdgeHub& hub_ = config_.modules.edge_hub;
  Edged& edged_ = config_.modules.edged;
};

TEST_F(Validate, DefaultsAreValidAndTheDatabaseDirectoryIsMade) {
  EXPECT_THAT(errors(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_directory(directory_ / "db"));
}

TEST_F(Validate, TheDatabasesDirectoryIsNotForOthersWhateverTheUmaskIs) {
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    const auto made = directory_ / std::to_string(mask);
    config_.database.data_source = (made / "e.db").string();
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_EQ(edgecore::test::mode_of(made), 0750U);
  }
}

TEST_F(Validate, ADatabaseDirectoryThatCannotBeMadeIsAnError) {
  write_file_atomic(directory_ / "file", "x", 0600);
  config_.database.data_source = (directory_ / "file" / "e.db").string();
  EXPECT_THAT(errors(), ElementsAre("database.dataSource"));
  config_.database.data_source = (directory_ / "file" / "sub" / "e.db").string();
  EXPECT_THAT(errors(), ElementsAre("database.dataSource"));
  config_.database.data_source = "";
  EXPECT_THAT(errors(), ElementsAre("database.dataSource"));
}

TEST_F(Validate, TheNodeNameHasToBeADnsSubdomain) {
  for (const char* name : {"", "Upper", "under_score", "a b", "-a"}) {
    edged_.hostname_override = name;
    EXPECT_THAT(errors(), ElementsAre("modules.edged.hostnameOverride")) << name;
  }
  edged_.enable = false;
  EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(Validate, TheCgroupDriverIsCgroupfsOrSystemd) {
  edged_.kubelet.cgroup_driver = "systemd";
  EXPECT_THAT(errors(), IsEmpty());
  edged_.kubelet.cgroup_driver = "cgroup";
  EXPECT_THAT(errors(), ElementsAre("modules.edged.tailoredKubeletConfig.cgroupDriver"));
}

TEST_F(Validate, AMissingNodeIpIsOrdinary) {
  EXPECT_THAT(validate(config_).warnings, IsEmpty());
}

TEST_F(Validate, ExactlyOneTransportHasToBeEnabled) {
  hub_.quic.enable = true;
  EXPECT_THAT(errors(), ElementsAre("modules.edgeHub.websocket.enable"));
  EXPECT_THAT(validate(config_).errors.front().text, HasSubstr("both true; exactly one"));
  hub_.quic.enable = hub_.websocket.enable = false;
  EXPECT_THAT(validate(config_).errors.front().text, HasSubstr("both false; exactly one"));
}

TEST_F(Validate, QuicAloneIsRefusedWithTheWayOut) {
  hub_.quic.enable = true;
  hub_.websocket.enable = false;
  const Findings findings = validate(config_);
  ASSERT_THAT(fields_of(findings.errors), ElementsAre("modules.edgeHub.quic.enable"));
  EXPECT_THAT(findings.errors.front().text, HasSubstr("QUIC yet"));
  EXPECT_THAT(findings.errors.front().text, HasSubstr("modules.edgeHub.websocket.enable to true"));
  hub_.enable = false;
  EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(Validate, AllErrorsAreReportedTogether) {
  hub_.message_qps = -1;
  hub_.message_burst = -2;
  edged_.hostname_override = "X";
  config_.modules.event_bus.mode = 3;
  EXPECT_THAT(errors(), ElementsAre("modules.edged.hostnameOverride", "modules.edgeHub.messageQPS",
                                    "modules.edgeHub.messageBurst", "modules.eventBus.mqttMode"));
  config_.modules.event_bus.enable = false;
  hub_.enable = false;
  EXPECT_THAT(errors(), ElementsAre("modules.edged.hostnameOverride"));
}

TEST_F(Validate, AnUnknownQualityOfServiceIsWarnedAbout) {
  config_.modules.event_bus.qos = 3;
  EXPECT_THAT(fields_of(validate(config_).warnings), ElementsAre("modules.eventBus.mqttQOS"));
}

TEST_F(Validate, ADeprecatedEndpointThatAnotherKeyReplacesIsWarnedAbout) {
  const auto warnings = [&] { return fields_of(validate(config_).warnings); };
  edged_.remote_runtime_endpoint = edged_.remote_image_endpoint = "unix:///run/crio/crio.sock";
  EXPECT_THAT(warnings(),
              ElementsAre("modules.edged.remoteRuntimeEndpoint", "modules.edged.remoteImageEndpoint"));
  edged_.kubelet.container_runtime_endpoint = "unix:///run/crio/crio.sock";
  edged_.kubelet.image_service_endpoint = "unix:///run/crio/crio.sock";
  EXPECT_THAT(warnings(), IsEmpty()) << "keadm writes both";
  edged_.kubelet.container_runtime_endpoint = "";
  EXPECT_THAT(warnings(), IsEmpty());
  edged_.kubelet.image_service_endpoint = "unix:///run/stargz.sock";
  EXPECT_THAT(warnings(), ElementsAre("modules.edged.tailoredKubeletConfig.imageServiceEndpoint"));
}

TEST_F(Validate, ContainerdsImageServiceBesideAnotherRuntimeIsWarnedAbout) {
  edged_.kubelet.container_runtime_endpoint = "unix:///run/crio/crio.sock";
  EXPECT_THAT(fields_of(validate(config_).warnings),
              ElementsAre("modules.edged.tailoredKubeletConfig.imageServiceEndpoint"));
}

TEST_F(Validate, ReservationsThatAreNotEnforcedAreWarnedAbout) {
  edged_.kubelet.enforce_node_allocatable = {"pods", "system-reserved"};
  EXPECT_THAT(fields_of(validate(config_).warnings),
              ElementsAre("modules.edged.tailoredKubeletConfig.enforceNodeAllocatable"));
}

TEST(FormatErrors, IsAListInBrackets) {
  EXPECT_EQ(format_errors({{"a.b", "is wrong"}, {"c", "too"}}), "[\n  a.b: is wrong\n  c: too\n]");
}

TEST(FeatureGates, ModuleRestartIsOnUnlessTheFileSwitchesItOff) {
  Findings findings;
  EXPECT_EQ(resolve_feature_gates({}, findings), (FeatureGates{false, true}));
  EXPECT_EQ(resolve_feature_gates({{"moduleRestart", false}}, findings), (FeatureGates{false, false}));
  EXPECT_EQ(resolve_feature_gates({{"requireAuthorization", true}}, findings), (FeatureGates{true, true}));
  EXPECT_EQ(resolve_feature_gates({{"AllAlpha", true}, {"AllBeta", false}}, findings),
            (FeatureGates{true, true}));
  EXPECT_EQ(resolve_feature_gates({{"AllAlpha", false}}, findings), (FeatureGates{false, true}));
  EXPECT_EQ(resolve_feature_gates({{"AllAlpha", true}, {"requireAuthorization", false}}, findings),
            (FeatureGates{false, true}));
  EXPECT_THAT(findings.errors, IsEmpty());
  EXPECT_THAT(findings.warnings, IsEmpty());
}

TEST(FeatureGates, UnknownNamesAreErrorsAndLaterOnesWarnings) {
  Findings findings;
  resolve_feature_gates({{"ModuleRestart", true}, {"disableNodeTaskV1alpha2", true}}, findings);
  EXPECT_THAT(fields_of(findings.errors), ElementsAre("featureGates.ModuleRestart"));
  EXPECT_THAT(fields_of(findings.warnings), ElementsAre("featureGates.disableNodeTaskV1alpha2"));
}

}  // namespace
}  // namespace edgecore::config
