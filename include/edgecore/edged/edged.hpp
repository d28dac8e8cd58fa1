// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/grpc_health.hpp"
#include "edgecore/cri/processes.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/net/interfaces_watch.hpp"

namespace edgecore::edged {

struct EdgedOptions {
  config::Edged config;
  std::string agent_version;  ///< "v1.17.4": the last part of the node's kubeletVersion
  /// Where pods reach the API: KUBERNETES_SERVICE_HOST and _PORT of every container that does not say it
  /// itself. MetaServer's dummy address, or what the unit's environment says; both empty otherwise.
  std::string service_host, service_port;
  std::filesystem::path pod_logs = "/var/log/pods";
  std::filesystem::path container_logs = "/var/log/containers";
};

/// The machine's network as the kernel sees it.
struct LocalNetwork {
  std::vector<net::LocalAddress> addresses;  ///< global ones, of interfaces that are up
  std::string route_v4, route_v6;            ///< source addresses of the default routes; "" without a route
};

/// What the module needs from outside besides the bus.
struct EdgedDeps {
  /// A client of the container runtime; made by each life of the module on its thread and destroyed before
  /// that life's io_context. `cri::make_grpc_runtime` in the program, `cri::FakeRuntime` in tests.
  std::function<std::unique_ptr<cri::Runtime>()> runtime;
  /// For calls that may block: mounts, big copies, cgroup removal. Outlives the module.
  BlockingPool& pool;
  /// Watches the network; made on the module's thread. Empty: the network is not watched.
  std::function<std::unique_ptr<net::InterfacesWatch>(boost::asio::any_io_executor)> watch;
  /// Health checks of gRPC probes; lives as long as the runtime client. `cri::make_grpc_health_checker` in
  /// the program. Empty: gRPC probes give no verdict.
  std::function<std::unique_ptr<cri::GrpcHealthChecker>()> health = {};
  /// Reads the network; called on the module's thread. Empty: the kernel's.
  std::function<LocalNetwork()> network = nullptr;
  /// Watches the processes of containers; made and used like the runtime client. `cri::make_kernel_processes`
  /// in the program. Empty: the runtime is listed every second to find containers that ended.
  std::function<std::unique_ptr<cri::Processes>()> processes = nullptr;
};

/// The factory of module `edged` (group `edged`): the kubelet of this node. Runs the pods of metamanager and
/// of the static pod directory in the container runtime, reports their status, registers the node and renews
/// its lease (protocol/05-edged.md, docs/messages.md). Containers run on when the module ends; its next life
/// adopts them.
beehive::ModuleFactory make_edged(EdgedOptions options, EdgedDeps deps);

}  // namespace edgecore::edged
