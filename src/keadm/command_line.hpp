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
  std::string resource;  ///< plural, singular, kind or short name, "<name>.<group>" too
  std::vector<std::string> names;
  std::string ns = "default";
  bool all_namespaces = false;
  bool all_nodes = false;  ///< pods of other nodes too
  std::string selector;    ///< of labels
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
  std::optional<std::int64_t> tail;  ///< lines; nullopt: all of the newest log
  std::optional<std::int64_t> since_seconds;
};

/// What is to be done.
struct Invocation {
  std::filesystem::path config_path = config::kDefaultConfigPath;
  std::variant<GetCommand, DescribeCommand, RestartCommand, LogsCommand> command;
};

/// The command line asks for a text only.
struct Text {
  std::string text;
  bool to_stderr = false;
  int exit_code = 0;
};

/// Reads the arguments (without the program's name). Prints nothing. A mistake is a sentence with exit
/// code 1.
std::variant<Invocation, Text> parse_command_line(const std::vector<std::string>& arguments,
                                                  const std::string& version);

}  // namespace edgecore::keadm
