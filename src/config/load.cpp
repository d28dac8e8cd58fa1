// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/load.hpp"

#include "config/reader.hpp"
#include "config/yaml_tree.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::config {
namespace {

/// CloudCore's ports in the default addresses (protocol/06-config-cli-tasks.md §1.7).
constexpr int kWebsocketPort = 10000, kQuicPort = 10001, kHttpsPort = 10002;

EdgeCoreConfig defaults_without_addresses(const Host& host) {
  EdgeCoreConfig config;
  config.modules.edged.hostname_override = default_node_name(host);
  return config;
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += (text.empty() ? "" : "\n") + sentence;
  return text;
}

/// Each sentence on a line of its own after an error, so that all faults of a file are seen at once.
std::string joined_after(const std::vector<std::string>& sentences) {
  return sentences.empty() ? "" : "\n" + joined(sentences);
}

/// An image endpoint that the file does not set is the runtime's, as in kubelet 1.27 and later; the Go agent
/// keeps containerd's.
void let_image_service_follow(const Reader& reader, Edged& edged) {
  TailoredKubeletConfig& kubelet = edged.kubelet;
  if (!reader.assigned("modules.edged.tailoredKubeletConfig.imageServiceEndpoint"))
    kubelet.image_service_endpoint = kubelet.container_runtime_endpoint;
  if (kubelet.container_runtime_endpoint.empty() && !reader.assigned("modules.edged.remoteImageEndpoint"))
    edged.remote_image_endpoint = edged.remote_runtime_endpoint;
}

}  // namespace

EdgeCoreConfig defaults(const Host& host) {
  EdgeCoreConfig config = defaults_without_addresses(host);
  const std::string ip = local_ip(host);
  EdgeHub& hub = config.modules.edge_hub;
  hub.websocket.server = join_host_port(ip, kWebsocketPort);
  hub.quic.server = join_host_port(ip, kQuicPort);
  hub.http_server = "https://" + join_host_port(ip, kHttpsPort);
  return config;
}

LoadedConfig load(std::string_view text, const Host& host) {
  LoadedConfig loaded{.config = defaults_without_addresses(host), .warnings = {}};
  Reader reader;
  const YamlValue tree = parse_yaml(text);
  reader.read(tree, loaded.config);
  if (!reader.mistakes().empty()) throw BadInput(joined(reader.mistakes()) + joined_after(reader.warnings()));
  loaded.warnings = reader.warnings();
  let_image_service_follow(reader, loaded.config.modules.edged);

  // Look up the local address only if needed, because the resolver is slow without a network.
  EdgeHub& hub = loaded.config.modules.edge_hub;
  const bool websocket = reader.assigned("modules.edgeHub.websocket.server");
  const bool quic = reader.assigned("modules.edgeHub.quic.server");
  const bool http = reader.assigned("modules.edgeHub.httpServer");
  if (websocket && quic && http) return loaded;
  const std::string ip = local_ip(host);
  if (!websocket) hub.websocket.server = join_host_port(ip, kWebsocketPort);
  if (!quic) hub.quic.server = join_host_port(ip, kQuicPort);
  if (!http) hub.http_server = "https://" + join_host_port(ip, kHttpsPort);
  return loaded;
}

}  // namespace edgecore::config
