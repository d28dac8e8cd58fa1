// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/startup.hpp"

#include "config/effects.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/config/load.hpp"
#include "edgecore/config/token.hpp"

namespace edgecore::config {

Startup read_configuration(const std::filesystem::path& config_path,
                           const std::filesystem::path& bootstrap_path, const Host& host) {
  const auto text = read_file(config_path, kMaxConfigBytes);
  if (!text) {
    throw Error(
        "The configuration file " + config_path.string() +
        " does not exist; name another one with --config, or write one with edgecore --defaultconfig.");
  }
  LoadedConfig loaded;
  try {
    loaded = load(*text, host);
  } catch (const BadInput& e) {
    throw BadInput("The configuration file " + config_path.string() + " cannot be used:\n" + e.what());
  }
  Startup startup{.config = std::move(loaded.config), .gates = {}, .warnings = std::move(loaded.warnings)};
  std::string& token = startup.config.modules.edge_hub.token;
  startup.token_to_clean_up = !token.empty();
  if (auto bootstrap = read_bootstrap_token(bootstrap_path)) {
    token = std::move(*bootstrap);
    startup.token_to_clean_up = true;
  }

  Findings findings = validate(startup.config);
  startup.gates = resolve_feature_gates(startup.config.feature_gates, findings);
  const auto more = keys_without_authorization(startup.config.modules.meta_manager, startup.gates);
  findings.warnings.insert(findings.warnings.end(), more.begin(), more.end());
  for (const Violation& warning : findings.warnings) {
    startup.warnings.push_back(warning.field + ": " + warning.text + ".");
  }
  if (!findings.errors.empty()) {
    std::string refusal = "The configuration file " + config_path.string() + " cannot be used:\n" +
                          format_errors(findings.errors);
    for (const std::string& warning : startup.warnings) refusal += "\n" + warning;
    throw BadInput(refusal);
  }
  Edged& edged = startup.config.modules.edged;
  if (edged.enable && !edged.custom_interface_name.empty()) {
    edged.node_ip = interface_ip(host, edged.custom_interface_name);
  }
  return startup;
}

}  // namespace edgecore::config
