// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/config/load.hpp"
#include "edgecore/config/print.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using test::FakeHost;
using testing::HasSubstr;
using Arguments = std::vector<std::string>;

const BuildInfo kBuild{"v1.17.4", "0123456789abcdef", "2026-01-02T03:04:05Z", "g++ 12.2.0", "linux/arm64"};

CommandLine parse(const Arguments& arguments) {
  return parse_command_line(arguments, kBuild, FakeHost());
}

RunOptions run(const Arguments& arguments) {
  const CommandLine line = parse(arguments);
  if (const auto* print = std::get_if<PrintAndExit>(&line)) ADD_FAILURE() << print->text;
  return std::holds_alternative<RunOptions>(line) ? std::get<RunOptions>(line) : RunOptions{};
}

PrintAndExit print(const Arguments& arguments) {
  const CommandLine line = parse(arguments);
  if (std::holds_alternative<RunOptions>(line))
    ADD_FAILURE() << testing::PrintToString(arguments) << " would run";
  return std::holds_alternative<PrintAndExit>(line) ? std::get<PrintAndExit>(line) : PrintAndExit{};
}

TEST(CommandLine, WithoutArgumentsTheAgentRunsWithTheUsualFile) {
  const RunOptions options = run({});
  EXPECT_EQ(options.config_path, "/etc/kubeedge/config/edgecore.yaml");
  EXPECT_EQ(options.verbosity, 0);
  EXPECT_EQ(options.log_flush_frequency, std::chrono::seconds(5));
}

TEST(CommandLine, ValuesAreTakenWithAndWithoutAnEqualsSign) {
  EXPECT_EQ(run({"--config", "/a.yaml"}).config_path, "/a.yaml");
  EXPECT_EQ(run({"--config=/a.yaml"}).config_path, "/a.yaml");
  EXPECT_EQ(run({"--config=/a=b.yaml"}).config_path, "/a=b.yaml");
  EXPECT_EQ(run({"--v", "4"}).verbosity, 4);
  EXPECT_EQ(run({"--v=4"}).verbosity, 4);
  EXPECT_EQ(run({"-v", "4"}).verbosity, 4);
  EXPECT_EQ(run({"-v=4"}).verbosity, 4);
  EXPECT_EQ(run({"-v4"}).verbosity, 4);
  EXPECT_EQ(run({"--vmodule=a*=2,b=3"}).vmodule, "a*=2,b=3");
  EXPECT_EQ(run({"--vmodule", "a*=2,b=3"}).vmodule, "a*=2,b=3");
  EXPECT_EQ(run({"--log-flush-frequency=1m"}).log_flush_frequency, std::chrono::minutes(1));
}

TEST(CommandLine, TheLastOfSeveralWins) {
  EXPECT_EQ(run({"--v=1", "-v", "3", "--config=/a", "--config=/b"}).verbosity, 3);
  EXPECT_EQ(run({"--config=/a", "--config", "/b"}).config_path, "/b");
  run({"--minconfig", "--minconfig=false"});
}

TEST(CommandLine, PositionalArgumentsAreIgnored) {
  EXPECT_EQ(run({"one", "--v=2", "two", "--", "--no-such-flag"}).verbosity, 2);
}

TEST(CommandLine, DefaultAndMinimalConfigurationAreTheWholeOutput) {
  EXPECT_EQ(print({"--defaultconfig"}).text, default_config_text(defaults(FakeHost())));
  EXPECT_EQ(print({"--defaultconfig=true"}).text, default_config_text(defaults(FakeHost())));
  EXPECT_EQ(print({"--minconfig"}).text, min_config_text(defaults(FakeHost())));
  EXPECT_EQ(print({"--defaultconfig", "--minconfig"}).text, min_config_text(defaults(FakeHost())));
  EXPECT_FALSE(print({"--defaultconfig"}).to_stderr);
  EXPECT_EQ(print({"--defaultconfig"}).exit_code, 0);
}

TEST(CommandLine, SwitchesTakeTheirValueOnlyBehindAnEqualsSign) {
  run({"--defaultconfig=false", "--minconfig=F", "--version=0"});
  // "false" is a positional argument here, as it is for the Go agent.
  EXPECT_EQ(print({"--minconfig", "false"}).exit_code, 0);
}

TEST(CommandLine, VersionIsPrintedShortOrInDetail) {
  EXPECT_EQ(print({"--version"}).text, "KubeEdge v1.17.4\n");
  EXPECT_EQ(print({"--version=true"}).text, "KubeEdge v1.17.4\n");
  EXPECT_EQ(print({"--version"}).exit_code, 0);
  const PrintAndExit raw = print({"--version=raw"});
  for (const char* part :
       {"v1.17.4", "0123456789abcdef", "2026-01-02T03:04:05Z", "g++ 12.2.0", "linux/arm64"}) {
    EXPECT_THAT(raw.text, HasSubstr(part));
  }
}

TEST(CommandLine, HelpGoesToStandardOutput) {
  for (const char* flag : {"-h", "--help"}) {
    const PrintAndExit help = print({flag});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_FALSE(help.to_stderr);
    for (const char* part : {"Usage:", "Global flags:", "--config", "--minconfig", "--defaultconfig",
                             "--vmodule", "--log-flush-frequency", "-v, --v"}) {
      EXPECT_THAT(help.text, HasSubstr(part));
    }
  }
}

TEST(CommandLine, MistakesGoToStandardErrorWithTheUsageAndStatusOne) {
  for (const Arguments& arguments :
       {Arguments{"--no-such-flag"}, Arguments{"--no-such-flag=3"}, Arguments{"-x"}, Arguments{"--config"},
        Arguments{"--v=high"}, Arguments{"--v=-1"}, Arguments{"--v="}, Arguments{"--v"},
        Arguments{"-v=99999999999"}, Arguments{"--minconfig=perhaps"}, Arguments{"--version=long"},
        Arguments{"--log-flush-frequency=5"}, Arguments{"--help", "--no-such-flag"},
        Arguments{"-config", "/a"}}) {
    const PrintAndExit refusal = print(arguments);
    EXPECT_TRUE(refusal.to_stderr) << testing::PrintToString(arguments);
    EXPECT_EQ(refusal.exit_code, 1) << testing::PrintToString(arguments);
    EXPECT_TRUE(refusal.text.starts_with("Error: ")) << refusal.text;
    EXPECT_THAT(refusal.text, HasSubstr("Usage:"));
  }
  EXPECT_THAT(print({"--no-such-flag"}).text, HasSubstr("--no-such-flag"));
}

TEST(CommandLine, TheMachineIsAskedOnlyWhenDefaultsArePrinted) {
  const FakeHost host;
  parse_command_line({"--config=/a"}, kBuild, host);
  parse_command_line({"--version"}, kBuild, host);
  EXPECT_EQ(host.lookups, 0);
}

}  // namespace
}  // namespace edgecore::config
