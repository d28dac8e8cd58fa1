// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edgecore/config/host.hpp"

namespace edgecore::config::test {

/// A simulated machine; counts the calls of the resolver.
class FakeHost final : public Host {
 public:
  std::string name = "gateway-7";
  std::map<std::string, std::vector<std::string>> names{{"gateway-7", {"192.168.7.5"}}};
  std::vector<InterfaceAddress> addresses{{"lo", "127.0.0.1", true}, {"eth0", "192.168.7.5", true}};
  std::string route_source = "10.0.0.9";
  mutable int lookups = 0;

  [[nodiscard]] std::string hostname() const override { return name; }
  [[nodiscard]] std::vector<std::string> resolve(const std::string& asked) const override {
    ++lookups;
    const auto found = names.find(asked);
    return found == names.end() ? std::vector<std::string>{} : found->second;
  }
  [[nodiscard]] std::vector<InterfaceAddress> interfaces() const override { return addresses; }
  [[nodiscard]] std::string default_route_source() const override { return route_source; }
};

}  // namespace edgecore::config::test
