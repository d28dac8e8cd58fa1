// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/cri/fake_runtime.hpp"

namespace edgecore::edged {

/// Makes and starts a container of that name; returns its id.
inline boost::asio::awaitable<std::string> start_container(cri::FakeRuntime& runtime, std::string name) {
  runtime.add_image("localhost/busybox:1.35");
  cri::PodSandboxConfig sandbox_config;
  sandbox_config.metadata = {"web", "uid-" + name, "default",
                             static_cast<std::uint32_t>(runtime.sandboxes().size())};
  cri::ContainerConfig config;
  config.metadata = {name, 0};
  config.image.image = "localhost/busybox:1.35";
  const std::string sandbox = co_await runtime.run_pod_sandbox(sandbox_config, "");
  const std::string id = co_await runtime.create_container(sandbox, config, sandbox_config);
  co_await runtime.start_container(id);
  co_return id;
}

}  // namespace edgecore::edged
