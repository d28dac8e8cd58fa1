// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::beehive {
struct ModuleContext;
}
namespace edgecore::cri {
class Runtime;
}

/// What pod workers work with, in four sides; a function takes the sides it needs. References only, made by
/// PodStack: all that they name outlives the workers. Used on the module's thread. This header includes
/// nothing on purpose: include what you call.
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
class Turnstile;
class VolumeHost;
struct EdgedOptions;
struct NodePolicy;

/// What sandboxes and containers are made, watched, stopped and removed with.
struct RuntimeServices {
  beehive::ModuleContext& context;
  cri::Runtime& client;
  const RuntimeState& state;
  PodCache& cache;
  Hooks& hooks;
  ContainerGc& container_gc;
  PodCgroups& cgroups;
  Backoff& crash_backoff;  ///< of containers, by container_backoff_key
  Turnstile& creations;    ///< limits how many sandboxes and containers are made at the same time
};

/// What goes into a container: objects of the API, image, volumes.
struct ContentServices {
  MetaClient& meta;
  ImagePuller& images;
  VolumeHost& volumes;
};

/// What a pod's status is made from, and its way to the cloud.
struct StatusServices {
  StatusWriter& writer;
  ProbeManager& probes;
};

/// The node that the pods run on. Nothing here changes it.
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
