// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::async {
class Semaphore;
}
namespace edgecore::beehive {
struct ModuleContext;
}
namespace edgecore::cri {
class Runtime;
}

/// The services of pod workers, in four groups; a function takes the groups it needs. Only references, made
/// by PodStack, whose targets outlive the workers. Used on the module's thread. This header includes nothing
/// on purpose: include what you call.
namespace edgecore::edged {

class Backoff;
class ContainerGc;
class Hooks;
class ImagePuller;
class MetaClient;
class NodeAddresses;
class PodCache;
class PodCgroups;
class ProbeManager;
class RuntimeState;
class StatusWriter;
class VolumeHost;
struct EdgedOptions;
struct NodePolicy;

/// To make, watch, stop and remove sandboxes and containers.
struct RuntimeServices {
  beehive::ModuleContext& context;
  cri::Runtime& client;
  const RuntimeState& state;
  PodCache& cache;
  Hooks& hooks;
  ContainerGc& container_gc;
  PodCgroups& cgroups;
  Backoff& crash_backoff;       ///< of containers, by container_backoff_key
  async::Semaphore& creations;  ///< limits how many sandboxes and containers are made at the same time
};

/// The content of a container: objects of the API, image, volumes.
struct ContentServices {
  MetaClient& meta;
  ImagePuller& images;
  VolumeHost& volumes;
};

/// To make a pod's status and send it to the cloud.
struct StatusServices {
  StatusWriter& writer;
  ProbeManager& probes;
};

/// The node that the pods run on. Read only.
struct NodeServices {
  const EdgedOptions& options;
  const NodePolicy& policy;
  const NodeAddresses& addresses;
};

struct PodServices {
  beehive::ModuleContext& context;
  RuntimeServices runtime;
  ContentServices content;
  StatusServices status;
  NodeServices node;
};

}  // namespace edgecore::edged
