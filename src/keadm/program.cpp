// SPDX-License-Identifier: Apache-2.0
#include "edgecore/keadm/program.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <type_traits>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/config/load.hpp"
#include "keadm/command_line.hpp"
#include "keadm/commands.hpp"
#include "keadm/server.hpp"

namespace edgecore::keadm {
namespace {

/// The CA of MetaServer's serving certificate, with requireAuthorization; tests change the path.
constexpr const char* kMetaServerPki = "/etc/kubeedge/pki/metaserver";
constexpr const char* kMetaServerPkiVariable = "EDGECORE_METASERVER_PKI";

std::string cluster_ca() {
  const char* const moved = std::getenv(kMetaServerPkiVariable);
  return std::string(moved != nullptr && *moved != '\0' ? moved : kMetaServerPki) + "/ca.crt";
}

/// Loads the configuration without validation: edgecore reports mistakes in other sections.
config::LoadedConfig configuration(const std::filesystem::path& path) {
  const auto text = read_file(path, config::kMaxConfigBytes);
  if (!text)
    throw Error("The configuration file " + path.string() +
                " does not exist; name another one with --config");
  try {
    return config::load(*text, config::SystemHost());
  } catch (const BadInput& error) {
    throw Error("The configuration file " + path.string() + " is invalid: " + error.what());
  }
}

int run(const Invocation& invocation, const std::string& version) {
  const Endpoint endpoint = find_server(configuration(invocation.config_path).config, cluster_ca());
  // KubeEdge's server answers a client named "keadm" differently.
  const Surroundings in{ask_server(endpoint, "edgecore-keadm/" + version), endpoint.node,
                        SystemClock::instance().wall(), std::cout, std::cerr};
  return std::visit(
      [&](const auto& command) {
        using Command = std::decay_t<decltype(command)>;
        if constexpr (std::is_same_v<Command, GetCommand>) return get(command, in);
        if constexpr (std::is_same_v<Command, DescribeCommand>) return describe(command, in);
        if constexpr (std::is_same_v<Command, RestartCommand>) return restart(command, in);
        if constexpr (std::is_same_v<Command, LogsCommand>) return logs(command, in);
      },
      invocation.command);
}

}  // namespace

int run_program(int argc, char** argv, const std::string& version) {
  try {
    const auto line = parse_command_line({argv + 1, argv + argc}, version);
    if (const auto* text = std::get_if<Text>(&line)) {
      std::fputs(text->text.c_str(), text->to_stderr ? stderr : stdout);
      return text->exit_code;
    }
    return run(std::get<Invocation>(line), version);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace edgecore::keadm
