// SPDX-License-Identifier: Apache-2.0
// edgecore.yaml, on a machine that says nothing about itself.
#include "edgecore/base/error.hpp"
#include "edgecore/config/feature_gates.hpp"
#include "edgecore/config/load.hpp"
#include "edgecore/config/print.hpp"
#include "edgecore/config/token.hpp"
#include "input.hpp"

namespace {

class SilentHost final : public edgecore::config::Host {
 public:
  [[nodiscard]] std::string hostname() const override { return "edge1"; }
  [[nodiscard]] std::vector<std::string> resolve(const std::string&) const override { return {}; }
  [[nodiscard]] std::vector<edgecore::config::InterfaceAddress> interfaces() const override { return {}; }
  [[nodiscard]] std::string default_route_source() const override { return "10.0.0.1"; }
};

}  // namespace

// yaml-cpp holds 260 bytes for a bracket, and the tree is made beside it. Fixed: what aliases may make of a
// small text (yaml_budget), and a whole configuration with its text, twice.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 512, .fixed = 8 * kMiB};

void edgecore::fuzz::take(std::string_view text) {
  const SilentHost host;

  fuzz::accepted([&] {
    const auto loaded = config::load(text, host);
    config::Findings findings;
    config::resolve_feature_gates(loaded.config.feature_gates, findings);
    config::validate_kubelet(loaded.config.modules.edged);
    // Reading a printed configuration changes nothing.
    const std::string printed = config::to_yaml(loaded.config);
    fuzz::hold(config::to_yaml(config::load(printed, host).config) == printed);
  });
  try {
    if (const auto rest = config::without_token(text)) fuzz::hold(!config::without_token(*rest));
  } catch (const Error&) {  // a token that cannot be cut out: said, and nothing is written
  }
}
