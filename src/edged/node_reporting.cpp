// SPDX-License-Identifier: Apache-2.0
#include "edged/node_reporting.hpp"

#include <chrono>
#include <utility>

#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/clock.hpp"

namespace edgecore::edged {
namespace {

/// The node is not ready if the last list of the runtime is older than this (protocol/05-edged.md §1.12).
constexpr std::chrono::minutes kListOverdue{3};

}  // namespace

NodeReporting::NodeReporting(beehive::ModuleContext& context, const EdgedOptions& options,
                             const EdgedDeps& deps, RuntimeView& runtime, PodEvents& pods, NodeEvents& node)
    : context_(context),
      options_(options),
      pool_(deps.pool),
      runtime_(runtime),
      machine_(read_machine_info()),
      addresses_({options.config, context.executor, context.log,
                  deps.network ? deps.network : read_local_network, deps.watch,
                  [&pods, &node] {
                    node.node_facts_changed();
                    pods.all_pods_changed();
                  }}),
      heartbeat_({context, options.config, [this] { return facts(); }, [&node] { node.node_known(); },
                  [&runtime] { return runtime.client().list_images({}); }}) {}

boost::asio::awaitable<void> NodeReporting::prepare() {
  addresses_.look();
  auto measure = [root = options_.config.root_directory] { return filesystem_capacity(root); };
  storage_bytes_ = co_await async::on_pool(pool_, std::move(measure));
  own_node_ = initial_node(facts(), options_.config, context_.clock.wall());
  policy_ = make_node_policy(options_.config, machine_, own_node_);
  const std::vector<std::string>& own = addresses_.current();
  policy_.dns.node_is_ipv6 = !own.empty() && own.front().find(':') != std::string::npos;
}

void NodeReporting::start(async::TaskGroup& tasks) {
  tasks.spawn("node heartbeat", heartbeat_.run());
  tasks.spawn("node addresses", addresses_.run());
}

void NodeReporting::set_pressures(const Pressures& pressures) {
  pressures_ = pressures;
  facts_changed();
}

NodeFacts NodeReporting::facts() const {
  NodeFacts facts;
  facts.node_name = options_.config.hostname_override;
  facts.addresses = addresses_.current();
  facts.agent_version = options_.agent_version;
  facts.ephemeral_storage_bytes = storage_bytes_;
  facts.machine = machine_;
  facts.runtime_name = runtime_.state().name();
  facts.runtime_version = runtime_.state().version();
  facts.not_ready = runtime_.state().troubles();
  facts.memory_pressure = pressures_.memory;
  facts.disk_pressure = pressures_.disk;
  facts.pid_pressure = pressures_.pids;
  const PodCache& cache = runtime_.cache();
  if (cache.listed() && steady_now() - cache.last_list() > kListOverdue)
    facts.not_ready.emplace_back("PLEG is not healthy: the container runtime was not listed for 3 minutes");
  return facts;
}

AdmissionNode NodeReporting::admission_view() const {
  AdmissionNode view;
  view.node = heartbeat_.node().is_object() ? heartbeat_.node() : own_node_;
  view.name = options_.config.hostname_override;
  const auto& sysctls = options_.config.kubelet.allowed_unsafe_sysctls;
  view.allowed_unsafe_sysctls = {sysctls.begin(), sysctls.end()};
  view.pressures = pressures_.conditions();
  return view;
}

std::string NodeReporting::uid() const {
  return kube::string_or(heartbeat_.node(), "metadata.uid");
}

}  // namespace edgecore::edged
