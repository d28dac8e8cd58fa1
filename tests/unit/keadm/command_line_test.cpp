// SPDX-License-Identifier: Apache-2.0
#include "keadm/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgecore::keadm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Command>
Command parsed(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments, "v1");
  if (const auto* text = std::get_if<Text>(&line)) {
    ADD_FAILURE() << text->text;
    return {};
  }
  return std::get<Command>(std::get<Invocation>(line).command);
}

std::string refused(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments, "v1");
  const auto* text = std::get_if<Text>(&line);
  if (text == nullptr) return "it was not refused";
  EXPECT_EQ(text->exit_code, 1);
  EXPECT_TRUE(text->to_stderr);
  return text->text;
}

TEST(KeadmCommandLine, Get) {
  const auto get = parsed<GetCommand>({"ctl", "get", "pod"});
  EXPECT_EQ(get.resource, "pod");
  EXPECT_EQ(get.ns, "default");
  EXPECT_EQ(get.output, OutputFormat::kTable);
  const auto more = parsed<GetCommand>({"ctl", "get", "po", "-n", "kube-system", "web", "db", "-o", "yaml"});
  EXPECT_THAT(more.names, ElementsAre("web", "db"));
  EXPECT_EQ(more.ns, "kube-system");
  EXPECT_EQ(more.output, OutputFormat::kYaml);
  const auto all =
      parsed<GetCommand>({"ctl", "get", "-A", "-l", "app in (a,b)", "--all-nodes", "pods", "-owide"});
  EXPECT_TRUE(all.all_namespaces);
  EXPECT_TRUE(all.all_nodes);
  EXPECT_EQ(all.selector, "app in (a,b)");
  EXPECT_EQ(all.output, OutputFormat::kWide);
  EXPECT_THAT(parsed<GetCommand>({"ctl", "get", "device/lamp"}).names, ElementsAre("lamp"));
}

TEST(KeadmCommandLine, DescribeRestartAndLogs) {
  const auto describe = parsed<DescribeCommand>({"ctl", "describe", "pod/web", "-n", "x"});
  EXPECT_EQ(describe.resource, "pod");
  EXPECT_EQ(describe.name, "web");
  EXPECT_EQ(describe.ns, "x");
  EXPECT_EQ(parsed<DescribeCommand>({"ctl", "describe", "node", "edge1"}).name, "edge1");
  EXPECT_THAT(parsed<RestartCommand>({"ctl", "restart", "pod", "a", "b"}).names, ElementsAre("a", "b"));
  const auto logs =
      parsed<LogsCommand>({"ctl", "logs", "pod", "web", "-c", "c", "-f", "--tail", "5", "--since=90s", "-p"});
  EXPECT_EQ(logs.pod, "web");
  EXPECT_EQ(logs.container, "c");
  EXPECT_TRUE(logs.follow);
  EXPECT_TRUE(logs.previous);
  EXPECT_EQ(logs.tail, 5);
  EXPECT_EQ(logs.since_seconds, 90);
  EXPECT_EQ(parsed<LogsCommand>({"ctl", "logs", "web"}).pod, "web");
  EXPECT_EQ(parsed<LogsCommand>({"ctl", "logs", "pod/web", "--tail=-1"}).tail, std::nullopt);
}

TEST(KeadmCommandLine, TheConfigurationMayStandAnywhere) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--config", "/e.yaml", "ctl", "get", "pod"},
        std::vector<std::string>{"ctl", "get", "pod", "--config=/e.yaml"}}) {
    const auto line = parse_command_line(arguments, "v1");
    ASSERT_TRUE(std::holds_alternative<Invocation>(line)) << std::get<Text>(line).text;
    EXPECT_EQ(std::get<Invocation>(line).config_path, "/e.yaml");
  }
}

TEST(KeadmCommandLine, MistakesAreSentences) {
  EXPECT_THAT(refused({"ctl", "get", "pod", "-o", "xml"}), HasSubstr("wide, json, yaml or name"));
  EXPECT_THAT(refused({"ctl", "get", "pod", "web", "-A"}), HasSubstr("by name across all namespaces"));
  EXPECT_THAT(refused({"ctl", "restart", "node", "x"}), HasSubstr("only pods can be restarted"));
  EXPECT_THAT(refused({"ctl", "logs", "node", "x"}), HasSubstr("only pods have logs"));
  EXPECT_THAT(refused({"ctl", "logs", "web", "--since", "soon"}), HasSubstr("--since"));
  EXPECT_THAT(refused({"ctl", "logs", "web", "--tail", "-2"}), HasSubstr("--tail"));
  EXPECT_THAT(refused({"ctl", "get"}), HasSubstr("keadm --help"));
  EXPECT_THAT(refused({"ctl", "destroy", "pod"}), HasSubstr("keadm --help"));
}

TEST(KeadmCommandLine, VersionAndHelp) {
  const auto version = std::get<Text>(parse_command_line({"--version"}, "v1.17.4"));
  EXPECT_EQ(version.text, "keadm v1.17.4\n");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(std::get<Text>(parse_command_line({"--help"}, "v1")).text, HasSubstr("ctl"));
  EXPECT_THAT(std::get<Text>(parse_command_line({"ctl", "logs", "--help"}, "v1")).text, HasSubstr("--tail"));
  EXPECT_EQ(std::get<Text>(parse_command_line({}, "v1")).exit_code, 0);
}

}  // namespace
}  // namespace edgecore::keadm
