// SPDX-License-Identifier: Apache-2.0
#include "edged/node/node_addresses.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <string_view>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::edged {
namespace {

/// Documentation addresses (RFC 5737, RFC 3849): routed by default, never sent to.
constexpr char kSomewhereV4[] = "192.0.2.1";
constexpr char kSomewhereV6[] = "2001:db8::1";

std::vector<std::string> split_addresses(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (!one.empty()) out.emplace_back(one);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

/// Interfaces that runtimes and network plugins make for containers and virtual machines. Their addresses
/// cannot be reached from outside.
bool is_inner(std::string_view interface) {
  constexpr std::string_view kPrefixes[] = {"cni",  "docker", "veth",    "br-", "virbr",
                                            "cali", "kube",   "flannel", "lxc", "edgemesh"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return interface.starts_with(prefix); });
}

/// The first address that satisfies `wanted`, IPv4 before IPv6.
template <typename Wanted>
std::vector<std::string> first_of(const LocalNetwork& network, Wanted wanted) {
  for (const bool v6 : {false, true}) {
    for (const net::LocalAddress& one : network.addresses) {
      if (one.ipv6 == v6 && wanted(one)) return {one.address};
    }
  }
  return {};
}

bool is_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

}  // namespace

LocalNetwork read_local_network() {
  LocalNetwork network;
  network.addresses = net::local_addresses();
  network.route_v4 = net::source_address(kSomewhereV4).value_or("");
  network.route_v6 = net::source_address(kSomewhereV6).value_or("");
  return network;
}

std::vector<std::string> choose_node_addresses(const config::Edged& config, const LocalNetwork& network,
                                               const std::vector<std::string>& present) {
  // If the configuration names an interface, nodeIP holds that interface's address at the start, so check the
  // interface first.
  if (const std::string& wanted = config.custom_interface_name; !wanted.empty())
    return first_of(network, [&](const net::LocalAddress& one) { return one.interface == wanted; });

  const bool any = config.node_ip.empty() || config.node_ip == "0.0.0.0" || config.node_ip == "::";
  if (!any) return split_addresses(config.node_ip);
  if (is_address(config.hostname_override)) return {config.hostname_override};

  const bool v6_first = config.node_ip == "::";
  for (const bool v6 : {v6_first, !v6_first}) {
    const std::string& source = v6 ? network.route_v6 : network.route_v4;
    if (!source.empty()) return {source};
  }
  const auto stays = [&](const net::LocalAddress& one) {
    return !present.empty() && one.address == present.front();
  };
  std::vector<std::string> found = first_of(network, stays);
  if (found.empty()) found = first_of(network, [](const auto& one) { return !is_inner(one.interface); });
  return found;
}

NodeAddresses::NodeAddresses(Deps deps) : deps_(std::move(deps)), wakeup_(deps_.executor) {}

void NodeAddresses::look() {
  std::vector<std::string> now;
  try {
    now = choose_node_addresses(deps_.config, deps_.read(), current_);
  } catch (const Error& error) {
    if (complaints_.now()) deps_.log->warn("cannot read the node's addresses: {}", error.what());
    return;
  }
  complaints_.reset();
  const bool lost = now.empty();
  if (std::exchange(lost_, lost) != lost)
    deps_.log->info("{}", lost ? "the node has no address" : "the node has an address again");
  if (lost || now == current_) return;
  current_ = std::move(now);
  deps_.log->info("node address: {}", current_.front());
  deps_.changed();
}

boost::asio::awaitable<void> NodeAddresses::run() {
  if (!deps_.watch) co_return;
  async::TaskGroup tasks(deps_.executor);
  tasks.spawn("network events", take_events());
  tasks.spawn("node addresses", look_after_bursts());
  co_await tasks.join();
}

boost::asio::awaitable<void> NodeAddresses::take_events() {
  const std::unique_ptr<net::InterfacesWatch> watch = deps_.watch(deps_.executor);
  look();  // changes before the watch existed
  for (;;) {
    const net::InterfaceEvent event = co_await watch->next();
    if (look_at_) continue;
    look_at_ = steady_now() + deps_.burst;
    wakeup_.notify();
  }
}

boost::asio::awaitable<void> NodeAddresses::look_after_bursts() {
  for (;;) {
    co_await wakeup_.sleep_until(look_at_.value_or(SteadyTime::max()));
    if (!look_at_ || steady_now() < *look_at_) continue;
    look_at_.reset();
    look();
  }
}

}  // namespace edgecore::edged
