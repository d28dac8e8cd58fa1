// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "edgecore/config/host.hpp"
#include "edgecore/config/kubelet.hpp"
#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// How this program was built; link-time facts that `--version` shows.
struct BuildInfo {
  std::string git_version;  ///< such as "v1.17.4"
  std::string git_commit;
  std::string build_date;
  std::string compiler;
  std::string platform;  ///< such as "linux/arm64"
};

/// The command line starts the agent.
struct RunOptions {
  std::filesystem::path config_path = kDefaultConfigPath;
  int verbosity = 0;                                       ///< klog's -v
  std::string vmodule;                                     ///< accepted; has no effect
  Duration log_flush_frequency = std::chrono::seconds(5);  ///< accepted; has no effect
};

/// The command line requests a text: print it and end with `exit_code`.
struct PrintAndExit {
  std::string text;
  bool to_stderr = false;
  int exit_code = 0;
};

using CommandLine = std::variant<RunOptions, PrintAndExit>;

/// Reads the arguments (without the program's name) with the rules of protocol/06-config-cli-tasks.md §2.1:
/// `--x v` and `--x=v`, switches only as `--x` or `--x=true`, the last of several wins, positional arguments
/// are ignored. Prints nothing and never ends the process. Uses `host` only for --defaultconfig and
/// --minconfig.
CommandLine parse_command_line(const std::vector<std::string>& arguments, const BuildInfo& build,
                               const Host& host);

}  // namespace edgecore::config
