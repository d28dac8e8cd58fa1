// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/command_line.hpp"

#include <CLI/CLI.hpp>
#include <array>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/go_duration.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/load.hpp"
#include "edgecore/config/print.hpp"

namespace edgecore::config {
namespace {

constexpr const char* kProgram = "edgecore";

/// The values from CLI11, as texts, because they are parsed by Go's rules with our own errors.
struct Raw {
  std::string config = kDefaultConfigPath;
  std::string minconfig = "false";
  std::string defaultconfig = "false";
  std::string verbosity = "0";
  std::string vmodule;
  std::string log_flush_frequency = "5s";
  std::string version = "false";
  bool help = false;
  std::vector<std::string> ignored;
};

/// Converts Go's notation for CLI11: `-v=4` becomes `--v=4`, and a switch never takes the next argument.
std::vector<std::string> normalised(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  bool options_end = false;
  for (const std::string& argument : arguments) {
    if (options_end) continue;  // all arguments after "--" are positional, which are ignored
    if (argument == "--") {
      options_end = true;
    } else if (argument.starts_with("-v=")) {
      out.push_back("--v=" + argument.substr(3));
    } else {
      out.push_back(argument);
    }
  }
  return out;
}

void declare(CLI::App& app, Raw& raw) {
  app.set_help_flag();  // CLI11's own would hide errors in later arguments
  app.allow_windows_style_options(false);
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  app.add_option("--config", raw.config)->multi_option_policy(last);
  app.add_flag("--minconfig", raw.minconfig)->multi_option_policy(last);
  app.add_flag("--defaultconfig", raw.defaultconfig)->multi_option_policy(last);
  app.add_option("-v,--v", raw.verbosity)->multi_option_policy(last);
  app.add_option("--vmodule", raw.vmodule)->multi_option_policy(last);
  app.add_option("--log-flush-frequency", raw.log_flush_frequency)->multi_option_policy(last);
  app.add_flag("--version", raw.version)->multi_option_policy(last);
  app.add_flag("-h,--help", raw.help);
  app.add_option("arguments", raw.ignored);
}

constexpr const char* kUsage =
    "Usage:\n"
    "  edgecore [flags]\n";

constexpr const char* kFlags =
    "\n"
    "Flags:\n"
    "      --config string    path of the configuration file (default "
    "\"/etc/kubeedge/config/edgecore.yaml\")\n"
    "      --minconfig        print a short configuration to begin with, and exit\n"
    "      --defaultconfig    print the complete default configuration, and exit\n"
    "\n"
    "Global flags:\n"
    "  -h, --help                           print this, and exit\n"
    "      --log-flush-frequency duration   accepted for compatibility: lines are written at once (default "
    "5s)\n"
    "  -v, --v int                          how much to log: 0 little, 2 debug, 4 and more everything "
    "(default 0)\n"
    "      --version version[=true|raw]     print the version, and exit; =raw in detail\n"
    "      --vmodule pattern=N,...          accepted for compatibility: has no effect\n";

constexpr const char* kDescription =
    "edgecore makes this machine a node of a Kubernetes cluster behind KubeEdge's CloudCore: it keeps the "
    "connection\n"
    "to the cloud, runs the pods assigned to the node through a CRI container runtime, keeps the twins of "
    "the devices\n"
    "and serves a copy of the cluster's objects, and goes on doing so while the cloud cannot be reached.\n"
    "\n";

PrintAndExit refusal(const std::string& sentence) {
  return {"Error: " + sentence + "\n" + kUsage + kFlags + "\n", true, 1};
}

/// A bool as Go's flags write it.
std::optional<bool> parse_bool(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kYes{"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::array<std::string_view, 6> kNo{"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(kYes.begin(), kYes.end(), text) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), text) != kNo.end()) return false;
  return std::nullopt;
}

std::optional<int> parse_level(std::string_view text) {
  const auto level = to_number<int>(text);
  return level && *level >= 0 ? level : std::nullopt;
}

std::string version_text(const std::string& form, const BuildInfo& build) {
  if (form != "raw") return "KubeEdge " + build.git_version + "\n";
  return "version: " + build.git_version + "\ncommit: " + build.git_commit + "\nbuilt: " + build.build_date +
         "\ncompiler: " + build.compiler + "\nplatform: " + build.platform + "\n";
}

PrintAndExit bad_value(const char* flag, const std::string& value, const char* expected) {
  return refusal(std::string("the value \"") + log::quote(value) + "\" of " + flag + " is not " + expected);
}

CommandLine evaluate(const Raw& raw, const BuildInfo& build, const Host& host) {
  const auto minconfig = parse_bool(raw.minconfig);
  if (!minconfig) return bad_value("--minconfig", raw.minconfig, "true or false");
  const auto defaultconfig = parse_bool(raw.defaultconfig);
  if (!defaultconfig) return bad_value("--defaultconfig", raw.defaultconfig, "true or false");
  const auto verbosity = parse_level(raw.verbosity);
  if (!verbosity) return bad_value("--v", raw.verbosity, "a whole number of 0 or more");
  const auto flush = parse_go_duration(raw.log_flush_frequency);
  if (!flush) return bad_value("--log-flush-frequency", raw.log_flush_frequency, "a duration such as 5s");
  const auto version = raw.version == "raw" ? std::optional(true) : parse_bool(raw.version);
  if (!version) return bad_value("--version", raw.version, "true, false or raw");

  if (raw.help) return PrintAndExit{std::string(kDescription) + kUsage + kFlags, false, 0};
  if (*version) return PrintAndExit{version_text(raw.version, build), false, 0};
  if (*minconfig) return PrintAndExit{min_config_text(defaults(host)), false, 0};
  if (*defaultconfig) return PrintAndExit{default_config_text(defaults(host)), false, 0};
  return RunOptions{raw.config, *verbosity, raw.vmodule, *flush};
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments, const BuildInfo& build,
                               const Host& host) {
  CLI::App app("", kProgram);
  Raw raw;
  declare(app, raw);
  std::vector<std::string> reversed = normalised(arguments);
  std::reverse(reversed.begin(), reversed.end());  // CLI11 expects reverse order
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& e) {
    return refusal(e.what());
  }
  return evaluate(raw, build, host);
}

}  // namespace edgecore::config
