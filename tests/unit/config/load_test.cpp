// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using test::FakeHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

LoadedConfig read(std::string_view text) {
  return load(text, FakeHost());
}

std::string refusal(std::string_view text) {
  try {
    read(text);
  } catch (const BadInput& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Load, AnEmptyFileIsTheDefaults) {
  const FakeHost host;
  for (const char* text : {"", "{}", "null", "---\n", "# only a comment\n", "\xEF\xBB\xBF{}"}) {
    const LoadedConfig loaded = load(text, host);
    EXPECT_EQ(loaded.config, defaults(host)) << text;
    EXPECT_THAT(loaded.warnings, IsEmpty()) << text;
  }
}

TEST(Load, DefaultsDependOnTheMachine) {
  const EdgeCoreConfig config = defaults(FakeHost());
  EXPECT_EQ(config.modules.edged.hostname_override, "gateway-7");
  EXPECT_EQ(config.modules.edge_hub.websocket.server, "192.168.7.5:10000");
  EXPECT_EQ(config.modules.edge_hub.quic.server, "192.168.7.5:10001");
  EXPECT_EQ(config.modules.edge_hub.http_server, "https://192.168.7.5:10002");
}

TEST(Load, TheResolverIsAskedOnlyWhenAnAddressIsLeftOpen) {
  FakeHost host;
  load("modules: {edgeHub: {httpServer: 'https://c:1', websocket: {server: 'c:2'}, quic: {server: 'c:3'}}}",
       host);
  EXPECT_EQ(host.lookups, 0);
  load("modules: {edgeHub: {httpServer: 'https://c:1', websocket: {server: 'c:2'}}}", host);
  EXPECT_EQ(host.lookups, 1);
}

TEST(Load, ObjectsAndMapsMergeAndListsAreReplaced) {
  const auto loaded = read(
      "modules:\n"
      "  edged:\n"
      "    tailoredKubeletConfig:\n"
      "      evictionHard: {memory.available: 50Mi}\n"
      "      enforceNodeAllocatable: [none]\n"
      "  metaManager:\n"
      "    metaServer: {serviceAccountIssuers: [a, b], enable: true}\n");
  const Modules& modules = loaded.config.modules;
  EXPECT_THAT(modules.edged.kubelet.eviction_hard,
              ElementsAre(Pair("imagefs.available", "15%"), Pair("memory.available", "50Mi"),
                          Pair("nodefs.available", "10%"), Pair("nodefs.inodesFree", "5%")));
  EXPECT_THAT(modules.edged.kubelet.enforce_node_allocatable, ElementsAre("none"));
  EXPECT_THAT(modules.meta_manager.meta_server.service_account_issuers, ElementsAre("a", "b"));
  EXPECT_TRUE(modules.meta_manager.meta_server.enable);
  EXPECT_EQ(modules.meta_manager.meta_server.server, "127.0.0.1:10550");
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(Load, JsonIsReadToo) {
  const auto loaded =
      read(R"({"modules":{"edgeHub":{"heartbeat":30,"token":"a\/b\u00e9","websocket":{"enable":true}},)"
           "\n\t"
           R"("edged":{"nodeLabels":{"a":"b"},"tailoredKubeletConfig":{"syncFrequency":"2m"}}}})");
  EXPECT_EQ(loaded.config.modules.edge_hub.heartbeat, 30);
  EXPECT_EQ(loaded.config.modules.edge_hub.token, "a/b\u00e9");
  EXPECT_EQ(loaded.config.modules.edged.kubelet.sync_frequency, 2min);
  EXPECT_THAT(loaded.config.modules.edged.node_labels, ElementsAre(Pair("a", "b")));
}

TEST(Load, KeysAreMatchedWithoutRegardToCaseAndTheLastInByteOrderWins) {
  EXPECT_EQ(read("MODULES: {EDGEHUB: {messageqps: 7}}").config.modules.edge_hub.message_qps, 7);
  const auto loaded = read("modules: {edgeHub: {messageqps: 9, messageQPS: -4}}");
  EXPECT_EQ(loaded.config.modules.edge_hub.message_qps, 9);
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("modules.edgeHub.messageQPS")));
}

TEST(Load, NumbersAndBoolsInTextFieldsBecomeTheirText) {
  const auto value = [](const std::string& text) {
    return read("modules: {edged: {hostnameOverride: " + text + "}}").config.modules.edged.hostname_override;
  };
  EXPECT_EQ(value("123"), "123");
  EXPECT_EQ(value("'0123'"), "0123");
  EXPECT_EQ(value("0x1F"), "31");
  EXPECT_EQ(value("1_000"), "1000");
  EXPECT_EQ(value("1.10"), "1.1");
  EXPECT_EQ(value("1e6"), "1e+06");
  EXPECT_EQ(value("yes"), "true");
  EXPECT_EQ(value("!!str 017"), "017");
  EXPECT_EQ(value("2024-01-01"), "2024-01-01");
  EXPECT_EQ(value("1.2.3.4"), "1.2.3.4");
}

TEST(Load, WholeNumbersInAnyNotationAreAccepted) {
  const auto value = [](const std::string& text) {
    return read("modules: {edgeHub: {heartbeat: " + text + "}}").config.modules.edge_hub.heartbeat;
  };
  EXPECT_EQ(value("20"), 20);
  EXPECT_EQ(value("+20"), 20);
  EXPECT_EQ(value("0x14"), 20);
  EXPECT_EQ(value("0o24"), 20);
  EXPECT_EQ(value("024"), 20);
  EXPECT_EQ(value("0b10100"), 20);
  EXPECT_EQ(value("20.0"), 20);
  EXPECT_EQ(value("2e1"), 20);
  EXPECT_EQ(value("-2147483648"), std::numeric_limits<std::int32_t>::min());
}

TEST(Load, AWrongTypeIsToldWithPathAndLine) {
  EXPECT_EQ(refusal("modules:\n  edgeHub:\n    heartbeat: soon\n"),
            "modules.edgeHub.heartbeat (line 3) has to be a whole number from -2147483648 to 2147483647, but "
            "is text.");
  EXPECT_THAT(refusal("modules: {edgeHub: {heartbeat: '15'}}"), HasSubstr("but is text"));
  EXPECT_THAT(refusal("modules: {edgeHub: {heartbeat: 2147483648}}"),
              HasSubstr("from -2147483648 to 2147483647"));
  EXPECT_THAT(refusal("modules: {edgeHub: {heartbeat: 1.5}}"), HasSubstr("but is a number"));
  EXPECT_THAT(refusal("modules: {edgeHub: {enable: 'true'}}"),
              HasSubstr("has to be true or false, but is text"));
  EXPECT_THAT(refusal("modules: {edgeHub: {enable: 1}}"),
              HasSubstr("has to be true or false, but is a whole number"));
  EXPECT_THAT(refusal("modules: {edgeHub: 5}"), HasSubstr("modules.edgeHub (line 1) has to be a map"));
  EXPECT_THAT(refusal("modules: {eventBus: {mqttQOS: 256}}"), HasSubstr("from 0 to 255"));
  EXPECT_THAT(refusal("modules: {edged: {tailoredKubeletConfig: {nodeStatusUpdateFrequency: 10}}}"),
              HasSubstr("tailoredKubeletConfig.nodeStatusUpdateFrequency (line 1) has to be a duration"));
  EXPECT_THAT(refusal("modules: {edged: {tailoredKubeletConfig: {clusterDNS: 10.0.0.1}}}"),
              HasSubstr("a list"));
  EXPECT_THAT(refusal("modules: {edged: {tailoredKubeletConfig: {clusterDNS: [[x]]}}}"),
              HasSubstr("clusterDNS[0] (line 1) has to be text, but is a list"));
  EXPECT_THAT(refusal("- a\n"), HasSubstr("The configuration (line 1) has to be a map"));
  EXPECT_THAT(refusal("featureGates: {moduleRestart: maybe}"), HasSubstr("featureGates.moduleRestart"));
  EXPECT_THAT(refusal("modules: {edged: {tailoredKubeletConfig: {memoryThrottlingFactor: .inf}}}"),
              HasSubstr("a number"));
}

TEST(Load, AllMistakesAreToldAtOnce) {
  const std::string text = refusal("modules:\n  edgeHub: {heartbeat: x}\n  serviceBus: {port: y}\n");
  EXPECT_THAT(text, HasSubstr("modules.edgeHub.heartbeat (line 2)"));
  EXPECT_THAT(text, HasSubstr("modules.serviceBus.port (line 3)"));
}

TEST(Load, FlushFrequencyMayBeANumberOfNanoseconds) {
  const auto flush = [](const std::string& text) {
    return read("modules: {edged: {tailoredKubeletConfig: {logging: {flushFrequency: " + text + "}}}}")
        .config.modules.edged.kubelet.logging.flush_frequency;
  };
  EXPECT_EQ(flush("1000000000"), 1s);
  EXPECT_EQ(flush("2m"), 2min);
}

TEST(Load, NullLeavesObjectsAndScalarsAtTheirDefaultsAndEmptiesListsAndMaps) {
  const FakeHost host;
  EXPECT_EQ(read("modules: null").config, defaults(host));
  EXPECT_EQ(read("{database: ~, modules: {edgeHub: {quic: null, heartbeat: , token: null}}}").config,
            defaults(host));
  EXPECT_EQ(read("modules: {edged: {tailoredKubeletConfig: null}}").config, defaults(host));
  EXPECT_EQ(read("modules: {edged: {tailoredKubeletConfig: {registryPullQPS: null}}}").config,
            defaults(host));
  const auto emptied = read(
      "modules: {metaManager: {metaServer: {serviceAccountIssuers: null, apiAudiences: null}},"
      " edged: {tailoredKubeletConfig: {evictionHard: null}}}");
  EXPECT_THAT(emptied.config.modules.meta_manager.meta_server.service_account_issuers, IsEmpty());
  EXPECT_THAT(emptied.config.modules.edged.kubelet.eviction_hard, IsEmpty());
}

TEST(Load, ZeroAndFalseAreValuesNotGaps) {
  const auto loaded = read(
      "modules: {edgeHub: {rotateCertificates: false, messageQPS: 0},"
      " edged: {registerNode: false, tailoredKubeletConfig: {readOnlyPort: 0, registryPullQPS: 0}}}");
  EXPECT_FALSE(loaded.config.modules.edge_hub.rotate_certificates);
  EXPECT_EQ(loaded.config.modules.edge_hub.message_qps, 0);
  EXPECT_FALSE(loaded.config.modules.edged.registers_node());
  EXPECT_EQ(loaded.config.modules.edged.kubelet.read_only_port, 0);
  EXPECT_EQ(loaded.config.modules.edged.kubelet.registry_pull_qps, 0);
}

TEST(Load, UnknownKeysAreWarnedAboutByNameAndLine) {
  const auto loaded = read("surprise: 1\nmodules:\n  edgeHub:\n    hartbeat: 3\n");
  EXPECT_THAT(
      loaded.warnings,
      ElementsAre("modules.edgeHub.hartbeat (line 4) is not a key of this configuration and has no effect "
                  "(did you mean heartbeat?).",
                  "surprise (line 1) is not a key of this configuration and has no effect."));
}

TEST(Load, TheKeyThatWasMeantIsNamed) {
  const auto remark = [](const std::string& text) {
    const auto loaded = read(text);
    return loaded.warnings.empty() ? std::string() : loaded.warnings.front();
  };
  EXPECT_THAT(remark("modules: {edged: {hostnameOveride: a}}"),
              HasSubstr("(did you mean hostnameOverride?)"));
  EXPECT_THAT(remark("modules: {edged: {hostnamOverride: a}}"),
              HasSubstr("(did you mean hostnameOverride?)"));
  EXPECT_THAT(remark("modules: {edgeHub: {messageQSP: 1}}"), HasSubstr("(did you mean messageQPS?)"));
  EXPECT_THAT(remark("modules: {edgehub: {websockets: {}}}"), HasSubstr("(did you mean websocket?)"));
  EXPECT_THAT(remark("modules: {edged: {tailoredKubeletConfig: {evictionhards: {}}}}"),
              HasSubstr("(did you mean evictionHard?)"));
  EXPECT_THAT(remark("hostnameOveride: a"), HasSubstr("(did you mean modules.edged.hostnameOverride?)"));
  EXPECT_THAT(remark("modules: {edged: {tailoredKubeletConfig: {registerWithTaints: [{effects: b}]}}}"),
              HasSubstr("(did you mean effect?)"));
  EXPECT_THAT(remark("x: 1"), Not(HasSubstr("mean")));
  EXPECT_THAT(remark(std::string(500, 'x') + ": 1"), Not(HasSubstr("mean")));
}

TEST(Load, AKeyInTheWrongPlaceIsAnsweredWithWhereItBelongs) {
  const auto loaded = read(
      "metaServer: {enable: true}\nedgeHub: {heartbeat: 3}\nmodules: {edged: {staticPodPath: /m}}\nnodeIP: "
      "1.2.3.4\n"
      "seccompDefault: true\n");
  const std::string all = testing::PrintToString(loaded.warnings);
  EXPECT_THAT(
      all, HasSubstr("metaServer (line 1) is not a key of this configuration and has no effect; it belongs "
                     "at modules.metaManager.metaServer."));
  EXPECT_THAT(all, HasSubstr("it belongs at modules.edgeHub."));
  EXPECT_THAT(all, HasSubstr("it belongs at modules.edged.tailoredKubeletConfig.staticPodPath."));
  EXPECT_THAT(all, HasSubstr("it belongs at modules.edged.nodeIP."));
  EXPECT_THAT(all, HasSubstr("it belongs at modules.edged.tailoredKubeletConfig.seccompDefault or "
                             "modules.edged.seccompDefault."));
  EXPECT_THAT(loaded.warnings, SizeIs(5));
}

TEST(Load, AKeyWithManyPlacesBelongsToTheNearest) {
  const auto remark = [](const std::string& text) {
    const auto loaded = read(text);
    return loaded.warnings.empty() ? std::string() : loaded.warnings.front();
  };
  EXPECT_THAT(remark("modules: {edgeHub: {server: 'a:1'}}"),
              HasSubstr("; it belongs at modules.edgeHub.quic.server or modules.edgeHub.websocket.server."));
  EXPECT_THAT(remark("modules: {metaManager: {tlsCaFile: /ca}}"),
              HasSubstr("; it belongs at modules.metaManager.metaServer.tlsCaFile."));
  EXPECT_THAT(remark("modules: {edgehub: {quic: {httpServer: a}}}"),
              HasSubstr("; it belongs at modules.edgeHub.httpServer."));
  EXPECT_THAT(remark("modules.edged.nodeIP: 1.2.3.4"), HasSubstr("; it belongs at modules.edged.nodeIP."));
  for (const char* text : {"server: a", "enable: true"})
    EXPECT_THAT(remark(text), HasSubstr("and has no effect.")) << text;
}

TEST(Load, AFeatureGateInTheWrongPlaceIsAnsweredWithWhereItBelongs) {
  const auto loaded =
      read("moduleRestart: false\nmodules: {metaManager: {metaServer: {requireAuthorization: true}}}\n");
  const std::string all = testing::PrintToString(loaded.warnings);
  EXPECT_THAT(all, HasSubstr("; it belongs at featureGates.moduleRestart."));
  EXPECT_THAT(all, HasSubstr("; it belongs at featureGates.requireAuthorization."));
}

TEST(Load, KeysOfCloudCoreAreSentToItsFile) {
  const auto loaded =
      read("kubeAPIConfig: {}\nmodules: {dynamicController: {enable: true}, edged: {router: 1}}\n");
  const std::string all = testing::PrintToString(loaded.warnings);
  EXPECT_THAT(all, HasSubstr("kubeAPIConfig (line 1) belongs into cloudcore.yaml, in the cloud."));
  EXPECT_THAT(all,
              HasSubstr("modules.dynamicController (line 2) belongs into cloudcore.yaml, in the cloud."));
  EXPECT_THAT(all, HasSubstr("modules.edged.router (line 2) is not a key of this configuration"));
}

TEST(Load, UnknownKeysAreNamedBesideAWrongType) {
  const std::string text =
      refusal("modules:\n  edgeHub: {heartbeat: soon}\n  edged: {hostnameOveride: a}\nmetaServer: {}\n");
  EXPECT_THAT(text, HasSubstr("modules.edgeHub.heartbeat (line 2) has to be a whole number"));
  EXPECT_THAT(text, HasSubstr("modules.edged.hostnameOveride (line 3)"));
  EXPECT_THAT(text, HasSubstr("metaServer (line 4)"));
}

TEST(Load, TheNumberOfFaultsShownIsBounded) {
  std::string text = "modules: {edged: {nodeLabels: {";
  for (int i = 0; i < 500; ++i) text += "a" + std::to_string(i) + ": [], ";
  text += "}}}\nwrong:\n";
  for (int i = 0; i < 500; ++i) text += "b" + std::to_string(i) + ": 1\n";
  const std::string all = refusal(text);
  EXPECT_THAT(all, HasSubstr("\nFurther mistakes are not shown."));
  EXPECT_THAT(all, HasSubstr("\nFurther warnings about the configuration are not shown."));
  EXPECT_LE(std::count(all.begin(), all.end(), '\n'), 202);
}

TEST(Load, TheImageServiceFollowsTheRuntimeUnlessItIsSet) {
  const auto edged = [](const std::string& text) {
    return read("modules: {edged: {" + text + "}}").config.modules.edged;
  };
  const std::string crio = "unix:///run/crio/crio.sock", other = "unix:///run/other.sock";
  EXPECT_EQ(edged("tailoredKubeletConfig: {containerRuntimeEndpoint: '" + crio + "'}").image_endpoint(),
            crio);
  EXPECT_EQ(
      edged("tailoredKubeletConfig: {containerRuntimeEndpoint: '" + crio + "', imageServiceEndpoint: null}")
          .image_endpoint(),
      crio);
  EXPECT_EQ(edged("tailoredKubeletConfig: {containerRuntimeEndpoint: '" + crio +
                  "', imageServiceEndpoint: '" + other + "'}")
                .image_endpoint(),
            other);
  EXPECT_EQ(
      edged("remoteRuntimeEndpoint: '" + crio + "', tailoredKubeletConfig: {containerRuntimeEndpoint: ''}")
          .image_endpoint(),
      crio);
  EXPECT_EQ(edged("remoteRuntimeEndpoint: '" + crio + "', remoteImageEndpoint: '" + other +
                  "', tailoredKubeletConfig: {containerRuntimeEndpoint: ''}")
                .image_endpoint(),
            other);
  EXPECT_EQ(edged("").image_endpoint(), Edged().image_endpoint());
}

TEST(Load, KeysOfOtherVersionsAreExplained) {
  const auto loaded = read(
      "edgecoreVersion: v1.21.0\n"
      "modules:\n"
      "  taskManager: {enable: true}\n"
      "  edged:\n"
      "    cgroupDriver: systemd\n"
      "    reportEvent: true\n"
      "    devicePluginEnabled: true\n"
      "    tailoredKubeletConfig: {imageMaximumGCAge: 0s}\n");
  const std::string all = testing::PrintToString(loaded.warnings);
  EXPECT_THAT(loaded.warnings, SizeIs(6)) << all;
  EXPECT_THAT(all, HasSubstr("edgecoreVersion (line 1) belongs to KubeEdge v1.21 and later"));
  EXPECT_THAT(all, HasSubstr("modules.taskManager (line 3) belongs to KubeEdge v1.21"));
  EXPECT_THAT(
      all,
      HasSubstr("modules.edged.cgroupDriver (line 5) belongs to the old v1alpha1 schema and has no effect; "
                "use modules.edged.tailoredKubeletConfig.cgroupDriver."));
  EXPECT_THAT(
      all, HasSubstr("devicePluginEnabled (line 7) belongs to the old v1alpha1 schema and has no effect."));
  EXPECT_EQ(loaded.config, defaults(FakeHost()));
}

TEST(Load, ADuplicateKeyIsWarnedAboutAndTheLastOneWins) {
  const auto loaded = read("modules:\n  edgeHub:\n    heartbeat: 3\n    heartbeat: 4\n");
  EXPECT_EQ(loaded.config.modules.edge_hub.heartbeat, 4);
  EXPECT_THAT(loaded.warnings,
              ElementsAre("modules.edgeHub.heartbeat (line 4) replaces the same key of line 3."));
}

TEST(Load, OnlyTheFirstDocumentIsRead) {
  EXPECT_EQ(read("modules: {edgeHub: {heartbeat: 3}}\n---\nmodules: {edgeHub: {heartbeat: 4}}\n")
                .config.modules.edge_hub.heartbeat,
            3);
}

TEST(Load, ApiVersionAndKindAreNotChecked) {
  const auto loaded = read("apiVersion: edgecore.config.kubeedge.io/v1alpha1\nkind: Whatever\n");
  EXPECT_EQ(loaded.config.kind, "Whatever");
}

TEST(Load, AnchorsAndMergeKeysWork) {
  const auto loaded = read(
      "modules:\n"
      "  edgeHub:\n"
      "    websocket: &t {handshakeTimeout: 7, server: 'a:1'}\n"
      "    quic: {<<: *t, server: 'b:2'}\n");
  EXPECT_EQ(loaded.config.modules.edge_hub.quic.handshake_timeout, 7);
  EXPECT_EQ(loaded.config.modules.edge_hub.quic.server, "b:2");
}

TEST(Load, AliasBombsAreRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + previous;
    for (int k = 0; k < 9; ++k) bomb += "," + previous;
    bomb += "]\n";
  }
  EXPECT_THAT(refusal(bomb), HasSubstr("20000 values"));
  EXPECT_THAT(refusal("a: &a [*a]\n"), HasSubstr("line 1"));
}

TEST(Load, DeepNestingAndSizeAreRefused) {
  EXPECT_THAT(refusal("a: " + std::string(100, '[') + std::string(100, ']')), HasSubstr("nested deeper"));
  EXPECT_EQ(refusal(std::string(500000, '[')),
            "line 1 of the configuration has more than 1000 brackets open");
  const std::string long_text(50000, 'x');
  std::string copies = "a: &a " + long_text + "\nb:\n";
  for (int i = 0; i < 1000; ++i) copies += "- *a\n";
  EXPECT_THAT(refusal(copies), HasSubstr(" makes more than "));
  EXPECT_THAT(refusal(std::string(kMaxConfigBytes + 1, '#')), HasSubstr("larger than"));
  std::string wide;
  for (int i = 0; i < 30000; ++i) wide += "- x\n";
  EXPECT_THAT(refusal(wide), HasSubstr("values"));
  const std::string deep = std::string(15, '[') + "x" + std::string(15, ']');
  const std::string twice = "a: &a " + deep + "\nb: " + std::string(15, '[') + "*a" + std::string(15, ']');
  EXPECT_EQ(refusal(twice), "line 2 of the configuration is nested deeper than the 24 levels allowed");
}

TEST(Load, WhatIsNotYamlIsToldWithItsLine) {
  EXPECT_THAT(refusal("modules:\n  edgeHub: {heartbeat: 1\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(refusal("a: b\n\tc: d\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("a: \xff\n"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("? [a]\n: b\n"), HasSubstr("where a key has to be"));
  EXPECT_THAT(refusal("kind: !!binary aGk=\n"), HasSubstr("tag"));
}

TEST(Load, NoComplaintShowsAValue) {
  const std::vector<std::string> texts{"modules: {edgeHub: {token: [s3cret]}}",
                                       "modules: {edgeHub: {token: {s: s3cret}}}",
                                       "modules: {edgeHub: s3cret}",
                                       "modules: {edgeHub: {token: *s3cret}}",
                                       "modules: {edgeHub: {token: \"\\s3cret\"}}",
                                       "modules: {eventBus: {mqttPassword: [s3cret]}}",
                                       "modules: {edgeHub: {heartbeat: s3cret}}",
                                       "modules:\n  edgeHub:\n    token: s3cret: more\n",
                                       "modules: {edgeHub: {token: !!int s3cret}}"};
  for (const std::string& text : texts) {
    const std::string complaint = refusal(text);
    EXPECT_NE(complaint, "accepted") << text;
    EXPECT_THAT(complaint, Not(HasSubstr("s3cret"))) << text;
    EXPECT_THAT(complaint, HasSubstr("line ")) << text;
  }
  const auto loaded =
      read("modules: {edgeHub: {token: s3cret, token: s3cret2, Token: s3cret3, tokn: s3cret}}");
  EXPECT_THAT(testing::PrintToString(loaded.warnings), Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace edgecore::config
