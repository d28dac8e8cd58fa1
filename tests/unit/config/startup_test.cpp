// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/startup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "support/temporary_directory.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class StartupTest : public testing::Test {
 protected:
  /// Reads a file with a database of this test and `more` under `modules`.
  Startup start(const std::string& more) {
    write_file_atomic(directory_ / "c.yaml",
                      "database: {dataSource: " + (directory_ / "e.db").string() + "}\n" + more, 0600);
    return read_configuration(directory_ / "c.yaml", directory_ / "boot", host_);
  }
  std::string refusal(const std::string& more) {
    try {
      start(more);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  }

  edgecore::test::TemporaryDirectory directory_;
  test::FakeHost host_;
};

TEST_F(StartupTest, AMissingFileIsToldWithItsPath) {
  try {
    read_configuration(directory_ / "nowhere.yaml", directory_ / "boot", host_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("nowhere.yaml does not exist"));
  }
}

TEST_F(StartupTest, WithoutATokenThereIsNothingToCleanUp) {
  const Startup startup = start("");
  EXPECT_FALSE(startup.token_to_clean_up);
  EXPECT_TRUE(startup.gates.module_restart);
  EXPECT_THAT(startup.warnings, IsEmpty()) << "an ordinary start has nothing to warn of";
}

TEST_F(StartupTest, TheFilesTokenIsToBeCleanedUp) {
  const Startup startup = start("modules: {edgeHub: {token: file}}");
  EXPECT_EQ(startup.config.modules.edge_hub.token, "file");
  EXPECT_TRUE(startup.token_to_clean_up);
}

TEST_F(StartupTest, TheBootstrapFilesTokenReplacesTheFiles) {
  write_file_atomic(directory_ / "boot", "boot\n", 0600);
  const Startup startup = start("modules: {edgeHub: {token: file}}");
  EXPECT_EQ(startup.config.modules.edge_hub.token, "boot");
  EXPECT_TRUE(startup.token_to_clean_up);
  EXPECT_TRUE(start("").token_to_clean_up);
}

TEST_F(StartupTest, AnEmptyBootstrapFileLeavesTheFilesTokenAlone) {
  write_file_atomic(directory_ / "boot", "\n", 0600);
  EXPECT_EQ(start("modules: {edgeHub: {token: file}}").config.modules.edge_hub.token, "file");
}

TEST_F(StartupTest, ErrorsNameTheFileAndComeAllTogetherWithoutSecrets) {
  const std::string text = refusal(
      "modules: {edgeHub: {token: s3cret, messageQPS: -1}, eventBus: {mqttPassword: s3cret, mqttMode: 9}}\n"
      "featureGates: {nope: true}\n");
  EXPECT_THAT(text, HasSubstr("c.yaml cannot be used:\n[\n  modules.edgeHub.messageQPS: "));
  EXPECT_THAT(text, HasSubstr("\n  modules.eventBus.mqttMode: "));
  EXPECT_THAT(text, HasSubstr("\n  featureGates.nope: "));
  EXPECT_TRUE(text.ends_with("\n]"));
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  EXPECT_THAT(refusal("modules: 3"), HasSubstr("c.yaml cannot be used:\nmodules (line 2)"));
}

TEST_F(StartupTest, UnknownKeysAreNamedBesideErrors) {
  const std::string text =
      refusal("modules: {edgeHub: {messageQPS: -1}, edged: {hostnameOveride: edge-7}}\nmetaServer: {}\n");
  EXPECT_THAT(text, HasSubstr("\n  modules.edgeHub.messageQPS: "));
  EXPECT_THAT(text, HasSubstr("modules.edged.hostnameOveride (line 2)"));
  EXPECT_THAT(text, HasSubstr("(did you mean hostnameOverride?)"));
  EXPECT_THAT(text, HasSubstr("metaServer (line 3)"));
}

TEST_F(StartupTest, AKeyWithoutEffectIsAWarning) {
  EXPECT_THAT(
      start("modules: {edgeStream: {enable: true}}").warnings,
      testing::ElementsAre(HasSubstr("modules.edgeStream.enable: has no effect in this version yet")));
}

TEST_F(StartupTest, TheCustomInterfaceGivesTheNodesAddress) {
  EXPECT_EQ(
      start("modules: {edged: {customInterfaceName: eth0, nodeIP: 1.2.3.4}}").config.modules.edged.node_ip,
      "192.168.7.5");
  EXPECT_THAT(refusal("modules: {edged: {customInterfaceName: ppp0}}"), HasSubstr("ppp0"));
}

}  // namespace
}  // namespace edgecore::config
