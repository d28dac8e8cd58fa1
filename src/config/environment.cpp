// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/environment.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::config {
namespace {

bool is_process_id(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_digit);
}

/// "host:port" taken apart; the brackets of an IPv6 address are dropped, as client libraries add their own.
ApiAddress split_host_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, ""};
  ApiAddress address{text.substr(0, colon), text.substr(colon + 1)};
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  return address;
}

/// The kernel's name of the process (at most 15 bytes, enough for the names searched); "" if it has ended.
std::string process_name(const std::filesystem::path& process) {
  try {
    std::string name = read_file(process / "comm", 256).value_or("");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
  } catch (const Error&) {
    return {};  // ended between the listing and the reading
  }
}

}  // namespace

std::optional<std::string> environment_conflict(const EdgeCoreConfig& config,
                                                const std::optional<std::string>& variable,
                                                const std::filesystem::path& proc) {
  if (variable == "false" || config.modules.meta_manager.meta_server.enable) return std::nullopt;
  std::error_code error;
  for (std::filesystem::directory_iterator at(proc, error), end; !error && at != end; at.increment(error)) {
    const std::string id = at->path().filename().string();
    if (!is_process_id(id)) continue;
    const std::string name = process_name(at->path());
    if (name != "kubelet" && name != "kube-proxy") continue;
    return name + " is running on this machine (process " + id +
           "): edgecore takes its place and cannot work beside it. Stop it, or set " +
           kCheckEnvironmentVariable + "=false if it serves another node.";
  }
  if (error)
    return "The processes of this machine cannot be listed in " + proc.string() + ": " + error.message() +
           ".";
  return std::nullopt;
}

ApiAddress api_address(const std::optional<std::string>& dummy_server, const ApiAddress& variables,
                       std::vector<std::string>& warnings) {
  const std::string names = std::string(kApiHostVariable) + " and " + kApiPortVariable;
  if (dummy_server) {
    const ApiAddress served = split_host_port(*dummy_server);
    if (variables != ApiAddress{} && variables != served)
      warnings.push_back(names + " have no effect: pods use modules.metaManager.metaServer.dummyServer.");
    return served;
  }
  if (variables.host.empty() != variables.port.empty())
    warnings.push_back("Only one of " + names + " is set: client libraries in pods need both.");
  return variables;
}

}  // namespace edgecore::config
