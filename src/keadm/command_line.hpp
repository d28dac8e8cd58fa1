// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "edgecore/config/model.hpp"

namespace edgecore::keadm {

enum class OutputFormat { kTable, kWide, kJson, kYaml, kName };

struct GetCommand {
  std::string resource;  ///< plural, singular, kind or short name, also "<name>.<group>"
  std::vector<std::string> names;
  std::string ns = "default";
  bool all_namespaces = false;
  bool all_nodes = false;  ///< include pods of other nodes
  std::string selector;    ///< label selector
  OutputFormat output = OutputFormat::kTable;
};

struct DescribeCommand {
  std::string resource, name;
  std::string ns = "default";
};

struct RestartCommand {
  std::vector<std::string> names;  ///< of pods
  std::string ns = "default";
};

struct LogsCommand {
  std::string pod, container;
  std::string ns = "default";
  bool follow = false, previous = false, timestamps = false;
  std::optional<std::int64_t> tail;  ///< lines; nullopt: the whole newest log
  std::optional<std::int64_t> since_seconds;
};

/// The command to carry out.
struct Invocation {
  std::filesystem::path config_path = config::kDefaultConfigPath;
  std::variant<GetCommand, DescribeCommand, RestartCommand, LogsCommand> command;
};

/// The command line only asks for a text, such as the help or an error.
struct Text {
  std::string text;
  bool to_stderr = false;
  int exit_code = 0;
};

/// Parses the arguments (without the program's name). Prints nothing. A mistake becomes a Text with a
/// sentence and exit code 1.
std::variant<Invocation, Text> parse_command_line(const std::vector<std::string>& arguments,
                                                  const std::string& version);

}  // namespace edgecore::keadm
