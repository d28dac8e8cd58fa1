// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/schema_table.hpp"

namespace edgecore::metaserver {

const std::string_view kCoreFields = R"(
io.k8s.api.core.v1
 type AWSElasticBlockStoreVolumeSource
  fsType string: File system of the volume, such as ext4.
  partition int32
  readOnly bool: Whether it is mounted for reading only.
  volumeID! string
 type Affinity: Which nodes and neighbours a pod wants.
  nodeAffinity NodeAffinity: Which nodes the pod wants.
  podAffinity PodAffinity: Which pods it wants to be near.
  podAntiAffinity PodAntiAffinity: Which pods it wants to be away from.
 type AppArmorProfile: The AppArmor profile of a container.
  localhostProfile string: Name of a profile loaded on the node, for Localhost.
  type! string: RuntimeDefault, Localhost or Unconfined.
 type AttachedVolume: A volume attached to the node.
  devicePath! string
  name! string
 type AzureDiskVolumeSource
  cachingMode string
  diskName! string
  diskURI! string
  fsType string: File system of the volume, such as ext4.
  kind string
  readOnly bool: Whether it is mounted for reading only.
 type AzureFilePersistentVolumeSource
  readOnly bool: Whether it is mounted for reading only.
  secretName! string
  secretNamespace string
  shareName! string
 type AzureFileVolumeSource
  readOnly bool: Whether it is mounted for reading only.
  secretName! string
  shareName! string
 kind Binding: Binds an object to another, such as a pod to a node.
  target! ObjectReference: The node to bind to.
 type CSIPersistentVolumeSource
  controllerExpandSecretRef SecretReference
  controllerPublishSecretRef SecretReference
  driver! string
  fsType string: File system of the volume, such as ext4.
  nodeExpandSecretRef SecretReference
  nodePublishSecretRef SecretReference
  nodeStageSecretRef SecretReference
  readOnly bool: Whether it is mounted for reading only.
  volumeAttributes {}string
  volumeHandle! string
 type CSIVolumeSource: A volume that a CSI driver makes for the pod.
  driver! string: Name of the CSI driver.
  fsType string: File system of the volume, such as ext4.
  nodePublishSecretRef LocalObjectReference
  readOnly bool: Whether it is mounted for reading only.
  volumeAttributes {}string: What the driver is told.
 type Capabilities: Linux capabilities given to and taken from a container.
  add []string: Capabilities it gets beside the runtime's default.
  drop []string: Capabilities it loses; ALL means each.
 type CephFSPersistentVolumeSource
  monitors! []string
  path string
  readOnly bool: Whether it is mounted for reading only.
  secretFile string
  secretRef SecretReference
  user string
 type CephFSVolumeSource
  monitors! []string
  path string
  readOnly bool: Whether it is mounted for reading only.
  secretFile string
  secretRef LocalObjectReference
  user string
 type CinderPersistentVolumeSource
  fsType string: File system of the volume, such as ext4.
  readOnly bool: Whether it is mounted for reading only.
  secretRef SecretReference
  volumeID! string
 type CinderVolumeSource
  fsType string: File system of the volume, such as ext4.
  readOnly bool: Whether it is mounted for reading only.
  secretRef LocalObjectReference
  volumeID! string
 type ClaimSource
  resourceClaimName string
  resourceClaimTemplateName string
 type ClientIPConfig
  timeoutSeconds int32
 type ClusterTrustBundleProjection: Certificates of a ClusterTrustBundle as a file.
  labelSelector meta.v1.LabelSelector
  name string
  optional bool: Whether the pod starts without it.
  path! string
  signerName string
 type ComponentCondition
  error string
  message string: What happened, for people.
  status! string
  type! string
 kind ComponentStatus: Says how a component of the control plane is.
  conditions [type]ComponentCondition: How the component is.
 kind ConfigMap: Holds configuration for pods to use.
  binaryData {}bytes: The same for values that are no UTF-8, in base64. No key may be in both.
  data {}string: The configuration as text by key. Keys consist of letters, digits, '-', '_' and '.'.
  immutable bool: If true, data and binaryData cannot be changed any more.
 type ConfigMapEnvSource: A ConfigMap whose keys become variables.
  name string
  optional bool: Whether the pod starts without it.
 type ConfigMapKeySelector: A key of a ConfigMap.
  key! string: The key.
  name string: Name of the ConfigMap.
  optional bool: Whether the pod starts without it.
 type ConfigMapNodeConfigSource
  kubeletConfigKey! string
  name! string
  namespace! string
  resourceVersion string
  uid string
 type ConfigMapProjection: Keys of a ConfigMap as files.
  items []KeyToPath
  name string
  optional bool: Whether the pod starts without it.
 type ConfigMapVolumeSource: A ConfigMap whose keys become files.
  defaultMode int32: Mode of the files, 0644 by default.
  items []KeyToPath: The keys that become files; all of them by default.
  name string: Name of the ConfigMap.
  optional bool: Whether the pod starts without it.
 type Container: A container of a pod, made from an image.
  args []string: Arguments of the entry point; $(NAME) is replaced by the variable. The image's by default.
  command []string: The entry point, run without a shell; $(NAME) is replaced. The image's by default.
  env [name]EnvVar: Environment variables.
  envFrom []EnvFromSource: ConfigMaps and Secrets whose keys become variables; a variable of env wins.
  image string: The image, by name and tag or digest.
  imagePullPolicy string: Always, Never or IfNotPresent. Always by default if the tag is latest.
  lifecycle Lifecycle: What is done after the start and before the end.
  livenessProbe Probe: Restarts the container when it fails.
  name! string: Name of the container, a DNS label unique in the pod.
  ports [containerPort]ContainerPort: Ports that the container listens on.
  readinessProbe Probe: Takes the pod out of its services while it fails.
  resizePolicy []ContainerResizePolicy: Which resources can change without a restart.
  resources ResourceRequirements: What the container needs and may use.
  restartPolicy string: Always, in an init container, makes it a sidecar.
  restartPolicyRules []ContainerRestartRule: Which exit codes restart the container.
  securityContext SecurityContext: Rights of the processes; wins over that of the pod.
  startupProbe Probe: Holds the other probes back until it succeeds; restarts the container when it fails.
  stdin bool: Whether standard input is kept open.
  stdinOnce bool: Whether standard input ends with the first client that was attached.
  terminationMessagePath string: File whose text says why the container ended.
  terminationMessagePolicy string: File, or FallbackToLogsOnError to take the end of the log.
  tty bool: Whether the container has a terminal; needs stdin.
  volumeDevices [devicePath]VolumeDevice: Block devices of the container.
  volumeMounts [mountPath]VolumeMount: Where volumes of the pod are mounted.
  workingDir string: Working directory; the image's by default.
 type ContainerExtendedResourceRequest
  containerName! string
  requestName! string
  resourceName! string
 type ContainerImage: An image on the node.
  names []string: Names of the image.
  sizeBytes int64: Size of the image.
 type ContainerPort: A port that a container listens on.
  containerPort! int32: The port, 1 to 65535.
  hostIP string: Address of the node that the host port is bound to.
  hostPort int32: The port on the node.
  name string: Name by which services refer to it.
  protocol string: TCP, UDP or SCTP; TCP by default.
 type ContainerResizePolicy: What a change of a resource does.
  resourceName! string: cpu or memory.
  restartPolicy! string: NotRequired or RestartContainer.
 type ContainerRestartRule: When a container is started again.
  action! string
  exitCodes ContainerRestartRuleOnExitCodes
 type ContainerRestartRuleOnExitCodes
  operator! string: How key and values are compared.
  values []int32
 type ContainerState: State of a container: one of these.
  running ContainerStateRunning: It runs.
  terminated ContainerStateTerminated: It has ended.
  waiting ContainerStateWaiting: It does not run yet.
 type ContainerStateRunning
  startedAt time: When it was started.
 type ContainerStateTerminated
  containerID string: Its id in the runtime.
  exitCode! int32: Its exit status.
  finishedAt time: When it ended.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  signal int32: The signal that ended it.
  startedAt time: When it was started.
 type ContainerStateWaiting
  message string: What happened, for people.
  reason string: Why, in a word for programs.
 type ContainerStatus: What was last observed of a container.
  allocatedResources {}quantity: What the node has set aside for it.
  allocatedResourcesStatus [name]ResourceStatus
  containerID string: Its id in the runtime, as runtime://id.
  image! string: The image it runs.
  imageID! string: Digest of the image.
  lastState ContainerState: How its previous run ended.
  name! string: Name of the container.
  ready! bool: Whether its readiness probe succeeds.
  resources ResourceRequirements: What it needs and may use now.
  restartCount! int32: How often it was started again.
  started bool: Whether its startup probe has succeeded.
  state ContainerState: Its state now.
  stopSignal string
  user ContainerUser
  volumeMounts [mountPath]VolumeMountStatus: What is mounted in it.
 type ContainerUser
  linux LinuxContainerUser
 type DaemonEndpoint
  Port! int32: The port.
 type DownwardAPIProjection: Fields of the pod as files.
  items []DownwardAPIVolumeFile
 type DownwardAPIVolumeFile: A field of the pod as a file.
  fieldRef ObjectFieldSelector: The field, such as metadata.labels.
  mode int32: Mode of the file.
  path! string: Path of the file in the volume.
  resourceFieldRef ResourceFieldSelector: A limit or request of a container.
 type DownwardAPIVolumeSource: Fields of the pod as files.
  defaultMode int32
  items []DownwardAPIVolumeFile
 type EmptyDirVolumeSource: An empty directory that ends with the pod.
  medium string: Memory for a tmpfs; the disk by default.
  sizeLimit quantity: The most it may hold; the pod is evicted above it.
 type EndpointAddress
  hostname string
  ip! string
  nodeName string
  targetRef ObjectReference
 type EndpointPort
  appProtocol string
  name string
  port! int32
  protocol string
 type EndpointSubset
  addresses []EndpointAddress
  notReadyAddresses []EndpointAddress
  ports []EndpointPort
 kind Endpoints: The addresses at which a service is found.
  subsets []EndpointSubset: Sets of addresses and the ports that each of them offers.
 type EnvFromSource: A ConfigMap or Secret whose keys become variables.
  configMapRef ConfigMapEnvSource: The ConfigMap.
  prefix string: What each name begins with.
  secretRef SecretEnvSource: The Secret.
 type EnvVar: An environment variable.
  name! string: Its name.
  value string: Its value; $(NAME) is replaced by the variable.
  valueFrom EnvVarSource: Where its value comes from, instead of value.
 type EnvVarSource: Where the value of a variable comes from: one of these.
  configMapKeyRef ConfigMapKeySelector: A key of a ConfigMap.
  fieldRef ObjectFieldSelector: A field of the pod, such as status.podIP.
  fileKeyRef FileKeySelector: A key of a file in a volume.
  resourceFieldRef ResourceFieldSelector: A limit or request of a container.
  secretKeyRef SecretKeySelector: A key of a Secret.
 type EphemeralContainer: A container put into a running pod, to look into it.
  args []string: Arguments of the entry point; $(NAME) is replaced by the variable. The image's by default.
  command []string: The entry point, run without a shell; $(NAME) is replaced. The image's by default.
  env [name]EnvVar: Environment variables.
  envFrom []EnvFromSource: ConfigMaps and Secrets whose keys become variables; a variable of env wins.
  image string: The image, by name and tag or digest.
  imagePullPolicy string: Always, Never or IfNotPresent. Always by default if the tag is latest.
  lifecycle Lifecycle: What is done after the start and before the end.
  livenessProbe Probe: Restarts the container when it fails.
  name! string: Name of the container, a DNS label unique in the pod.
  ports [containerPort]ContainerPort: Ports that the container listens on.
  readinessProbe Probe: Takes the pod out of its services while it fails.
  resizePolicy []ContainerResizePolicy: Which resources can change without a restart.
  resources ResourceRequirements: What the container needs and may use.
  restartPolicy string: Always, in an init container, makes it a sidecar.
  restartPolicyRules []ContainerRestartRule: Which exit codes restart the container.
  securityContext SecurityContext: Rights of the processes; wins over that of the pod.
  startupProbe Probe: Holds the other probes back until it succeeds; restarts the container when it fails.
  stdin bool: Whether standard input is kept open.
  stdinOnce bool: Whether standard input ends with the first client that was attached.
  targetContainerName string: The container whose processes it sees.
  terminationMessagePath string: File whose text says why the container ended.
  terminationMessagePolicy string: File, or FallbackToLogsOnError to take the end of the log.
  tty bool: Whether the container has a terminal; needs stdin.
  volumeDevices [devicePath]VolumeDevice: Block devices of the container.
  volumeMounts [mountPath]VolumeMount: Where volumes of the pod are mounted.
  workingDir string: Working directory; the image's by default.
 type EphemeralVolumeSource: A claim that is made and ends with the pod.
  volumeClaimTemplate PersistentVolumeClaimTemplate
 kind Event: Reports something that happened to an object.
  action string: What was done or failed.
  count int32: How often it was seen.
  eventTime microtime: When it was first seen, exactly.
  firstTimestamp time: When it was first seen.
  involvedObject! ObjectReference: The object this event is about.
  lastTimestamp time: When it was last seen.
  message string: What happened, for people.
  reason string: Why it happened, in a word for programs.
  related ObjectReference: Another object that has part in it.
  reportingComponent string: The controller that reports.
  reportingInstance string: Which instance of it.
  series EventSeries: Of a repeated event: how often and when last.
  source EventSource: The component that reports.
  type string: Normal or Warning.
 type EventSeries
  count int32
  lastObservedTime microtime
 type EventSource
  component string
  host string
 type ExecAction: Runs a command in the container.
  command []string: The command, run without a shell; exit status 0 is success.
 type FCVolumeSource
  fsType string: File system of the volume, such as ext4.
  lun int32
  readOnly bool: Whether it is mounted for reading only.
  targetWWNs []string
  wwids []string
 type FileKeySelector
  key! string
  optional bool: Whether the pod starts without it.
  path! string
  volumeName! string
 type FlexPersistentVolumeSource
  driver! string
  fsType string: File system of the volume, such as ext4.
  options {}string
  readOnly bool: Whether it is mounted for reading only.
  secretRef SecretReference
 type FlexVolumeSource
  driver! string
  fsType string: File system of the volume, such as ext4.
  options {}string
  readOnly bool: Whether it is mounted for reading only.
  secretRef LocalObjectReference
 type FlockerVolumeSource
  datasetName string
  datasetUUID string
 type GCEPersistentDiskVolumeSource
  fsType string: File system of the volume, such as ext4.
  partition int32
  pdName! string
  readOnly bool: Whether it is mounted for reading only.
 type GRPCAction: Asks the health service of gRPC.
  port! int32: Its port.
  service string: The service whose health is asked for.
 type GitRepoVolumeSource
  directory string
  repository! string
  revision string
 type GlusterfsPersistentVolumeSource
  endpoints! string
  endpointsNamespace string
  path! string
  readOnly bool: Whether it is mounted for reading only.
 type GlusterfsVolumeSource
  endpoints! string
  path! string
  readOnly bool: Whether it is mounted for reading only.
 type HTTPGetAction: A request with GET; a status from 200 to 399 is success.
  host string: Where to connect; the pod's address by default.
  httpHeaders []HTTPHeader: Headers of the request.
  path string: Its path.
  port! intstr: Its port, by number or name.
  scheme string: HTTP or HTTPS.
 type HTTPHeader: A header of a request.
  name! string
  value! string
 type HostAlias: A line of /etc/hosts.
  hostnames []string: Names of the address.
  ip string: The address.
 type HostIP
  ip string
 type HostPathVolumeSource: A file or directory of the node.
  path! string: Its path on the node.
  type string: What must be there, such as Directory; DirectoryOrCreate makes it.
 type ISCSIPersistentVolumeSource
  chapAuthDiscovery bool
  chapAuthSession bool
  fsType string: File system of the volume, such as ext4.
  initiatorName string
  iqn! string
  iscsiInterface string
  lun! int32
  portals []string
  readOnly bool: Whether it is mounted for reading only.
  secretRef SecretReference
  targetPortal! string
 type ISCSIVolumeSource
  chapAuthDiscovery bool
  chapAuthSession bool
  fsType string: File system of the volume, such as ext4.
  initiatorName string
  iqn! string
  iscsiInterface string
  lun! int32
  portals []string
  readOnly bool: Whether it is mounted for reading only.
  secretRef LocalObjectReference
  targetPortal! string
 type ImageVolumeSource: The files of an image.
  pullPolicy string
  reference string
 type ImageVolumeStatus
  imageRef! string
 type KeyToPath: A key and the file that it becomes.
  key! string: The key.
  mode int32: Mode of the file.
  path! string: Path of the file in the volume.
 type Lifecycle: What is done after a container's start and before its end.
  postStart LifecycleHandler: Done after the start; the container is ended if it fails.
  preStop LifecycleHandler: Done before the end, within the grace period.
  stopSignal string: The signal that asks the container to end.
 type LifecycleHandler: What is done: one of these.
  exec ExecAction: Runs a command in the container.
  httpGet HTTPGetAction: Sends a request.
  sleep SleepAction: Waits.
  tcpSocket TCPSocketAction: Not supported by Kubernetes.
 kind LimitRange: Limits and defaults of what pods of a namespace may use.
  spec LimitRangeSpec: What is wanted.
 type LimitRangeItem
  default {}quantity
  defaultRequest {}quantity
  max {}quantity
  maxLimitRequestRatio {}quantity
  min {}quantity
  type! string
 type LimitRangeSpec
  limits! []LimitRangeItem
 type LinuxContainerUser
  gid! int64
  supplementalGroups []int64
  uid! int64
 type LoadBalancerIngress
  hostname string
  ip string
  ipMode string
  ports []PortStatus
 type LoadBalancerStatus
  ingress []LoadBalancerIngress
 type LocalObjectReference
  name string: Name of the object.
 type LocalVolumeSource
  fsType string: File system of the volume, such as ext4.
  path! string
 type ModifyVolumeStatus
  status! string
  targetVolumeAttributesClassName string
 type NFSVolumeSource: A directory of an NFS server.
  path! string: The directory.
  readOnly bool: Whether it is mounted for reading only.
  server! string: The server.
 kind Namespace: Gives a scope to names.
  spec NamespaceSpec: What is wanted.
  status NamespaceStatus: What was last observed; written by the system.
 type NamespaceCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type NamespaceSpec
  finalizers []string
 type NamespaceStatus
  conditions [type]NamespaceCondition
  phase string
 kind Node: A machine on which pods run.
  spec NodeSpec: What is wanted.
  status NodeStatus: What was last observed; written by the system.
 type NodeAddress: An address of the node.
  address! string: The address.
  type! string: InternalIP, ExternalIP, Hostname or a DNS name.
 type NodeAffinity: Which nodes a pod wants.
  preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm: Nodes that are preferred.
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector: Nodes that are allowed.
 type NodeAllocatableResourceClaimStatus
  containers []string
  resourceClaimName! string
  resources! {}quantity
 type NodeCondition: A condition of the node, such as Ready.
  lastHeartbeatTime time: When the node last reported it.
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string: True, False or Unknown.
  type! string: Which condition.
 type NodeConfigSource
  configMap ConfigMapNodeConfigSource
 type NodeConfigStatus
  active NodeConfigSource
  assigned NodeConfigSource
  error string
  lastKnownGood NodeConfigSource
 type NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint
 type NodeFeatures
  supplementalGroupsPolicy bool
 type NodeRuntimeHandler
  features NodeRuntimeHandlerFeatures
  name string
 type NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts bool
  userNamespaces bool
 type NodeSelector: Nodes: those that one of the terms selects.
  nodeSelectorTerms! []NodeSelectorTerm
 type NodeSelectorRequirement
  key! string: The label.
  operator! string: In, NotIn, Exists, DoesNotExist, Gt or Lt.
  values []string: The values to compare with.
 type NodeSelectorTerm: Requirements that a node has to meet, all of them.
  matchExpressions []NodeSelectorRequirement: Requirements on labels; all have to be met.
  matchFields []NodeSelectorRequirement: Requirements on fields, such as metadata.name.
 type NodeSpec: What is wanted of a node.
  configSource NodeConfigSource
  externalID string
  podCIDR string: Addresses for the pods of the node.
  podCIDRs [*]string: Addresses for the pods of the node, by family.
  providerID string: The node's id at the cloud provider.
  taints []Taint: Pods come only if they tolerate them.
  unschedulable bool: Whether no new pods come.
 type NodeStatus: What was last observed of a node.
  addresses [type]NodeAddress: Its addresses.
  allocatable {}quantity: What pods may use.
  capacity {}quantity: What the node has.
  conditions [type]NodeCondition: How the node is.
  config NodeConfigStatus
  daemonEndpoints NodeDaemonEndpoints: Ports of its daemons.
  declaredFeatures []string
  features NodeFeatures: What its runtime can do.
  images []ContainerImage: Images on the node.
  nodeInfo NodeSystemInfo: Its versions and ids.
  phase string
  runtimeHandlers []NodeRuntimeHandler: Handlers of its runtime.
  volumesAttached []AttachedVolume: Volumes attached to it.
  volumesInUse []string: Volumes that its pods use.
 type NodeSwapStatus
  capacity int64
 type NodeSystemInfo: Versions and ids of a node.
  architecture! string
  bootID! string
  containerRuntimeVersion! string
  kernelVersion! string
  kubeProxyVersion! string
  kubeletVersion! string
  machineID! string
  operatingSystem! string
  osImage! string
  swap NodeSwapStatus
  systemUUID! string
 type ObjectFieldSelector: A field of the pod.
  apiVersion string
  fieldPath! string: The field, such as metadata.name.
 type ObjectReference
  apiVersion string
  fieldPath string
  kind string
  name string
  namespace string
  resourceVersion string
  uid string
 kind PersistentVolume: Storage that the cluster has.
  spec PersistentVolumeSpec: What is wanted.
  status PersistentVolumeStatus: What was last observed; written by the system.
 kind PersistentVolumeClaim: A user's request for a persistent volume.
  spec PersistentVolumeClaimSpec: What is wanted.
  status PersistentVolumeClaimStatus: What was last observed; written by the system.
 type PersistentVolumeClaimCondition
  lastProbeTime time: When it was last checked.
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type PersistentVolumeClaimSpec
  accessModes []string
  dataSource TypedLocalObjectReference
  dataSourceRef TypedObjectReference
  resources ResourceRequirements
  selector meta.v1.LabelSelector
  storageClassName string
  volumeAttributesClassName string
  volumeMode string
  volumeName string
 type PersistentVolumeClaimStatus
  accessModes []string
  allocatedResourceStatuses {}string
  allocatedResources {}quantity
  capacity {}quantity
  conditions [type]PersistentVolumeClaimCondition
  currentVolumeAttributesClassName string
  modifyVolumeStatus ModifyVolumeStatus
  phase string
 type PersistentVolumeClaimTemplate
  metadata meta.v1.ObjectMeta
  spec! PersistentVolumeClaimSpec
 type PersistentVolumeClaimVolumeSource: The volume of a claim in the same namespace.
  claimName! string: Name of the claim.
  readOnly bool: Whether it is mounted for reading only.
 type PersistentVolumeSpec
  accessModes []string
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource
  azureDisk AzureDiskVolumeSource
  azureFile AzureFilePersistentVolumeSource
  capacity {}quantity
  cephfs CephFSPersistentVolumeSource
  cinder CinderPersistentVolumeSource
  claimRef ObjectReference
  csi CSIPersistentVolumeSource
  fc FCVolumeSource
  flexVolume FlexPersistentVolumeSource
  flocker FlockerVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource
  glusterfs GlusterfsPersistentVolumeSource
  hostPath HostPathVolumeSource
  iscsi ISCSIPersistentVolumeSource
  local LocalVolumeSource
  mountOptions []string
  nfs NFSVolumeSource
  nodeAffinity VolumeNodeAffinity
  persistentVolumeReclaimPolicy string
  photonPersistentDisk PhotonPersistentDiskVolumeSource
  portworxVolume PortworxVolumeSource
  quobyte QuobyteVolumeSource
  rbd RBDPersistentVolumeSource
  scaleIO ScaleIOPersistentVolumeSource
  storageClassName string
  storageos StorageOSPersistentVolumeSource
  volumeAttributesClassName string
  volumeMode string
  vsphereVolume VsphereVirtualDiskVolumeSource
 type PersistentVolumeStatus
  lastPhaseTransitionTime time
  message string: What happened, for people.
  phase string
  reason string: Why, in a word for programs.
 type PhotonPersistentDiskVolumeSource
  fsType string: File system of the volume, such as ext4.
  pdID! string
 kind Pod: A collection of containers that run together on a node.
  spec PodSpec: What is wanted.
  status PodStatus: What was last observed; written by the system.
 type PodAffinity: Pods to be near.
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm: Neighbours that are preferred.
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm: Neighbours that are needed.
 type PodAffinityTerm: Selects pods, and says what near means.
  labelSelector meta.v1.LabelSelector: The pods.
  matchLabelKeys []string
  mismatchLabelKeys []string
  namespaceSelector meta.v1.LabelSelector: Their namespaces, by labels.
  namespaces []string: Their namespaces; the pod's own by default.
  topologyKey! string: Nodes with the same value of this label are near.
 type PodAntiAffinity: Pods to be away from.
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm: Neighbours to avoid if possible.
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm: Neighbours that are not allowed.
 type PodCertificateProjection
  certificateChainPath string
  credentialBundlePath string
  keyPath string
  keyType! string
  maxExpirationSeconds int32
  signerName! string
  userAnnotations {}string
 type PodCondition: A condition of the pod, such as Ready.
  lastProbeTime time: When it was last checked.
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  observedGeneration int64: The generation of the object that this is about.
  reason string: Why, in a word for programs.
  status! string: True, False or Unknown.
  type! string: Which condition.
 type PodDNSConfig: What resolv.conf of the pod has beside that of its policy.
  nameservers []string: Addresses of name servers.
  options []PodDNSConfigOption: Options of the resolver.
  searches []string: Domains that names are searched in.
 type PodDNSConfigOption
  name string
  value string
 type PodExtendedResourceClaimStatus
  requestMappings! []ContainerExtendedResourceRequest
  resourceClaimName! string
 type PodIP
  ip string
 type PodOS
  name! string
 type PodReadinessGate: A condition that a ready pod needs.
  conditionType! string: Which condition.
 type PodResourceClaim
  name! string
  resourceClaimName string
  resourceClaimTemplateName string
  source ClaimSource
 type PodResourceClaimStatus
  name! string
  resourceClaimName string
 type PodSchedulingGate
  name! string
 type PodSchedulingGroup
  podGroupName string
 type PodSecurityContext: Rights of all containers of a pod, and of its volumes.
  appArmorProfile AppArmorProfile: AppArmor profile of the processes.
  fsGroup int64: Group that owns the pod's volumes.
  fsGroupChangePolicy string: Always or OnRootMismatch: when the owner of the files is set.
  runAsGroup int64: Group of the processes.
  runAsNonRoot bool: Whether the container is refused when it would run as root.
  runAsUser int64: User of the processes; the image's by default.
  seLinuxChangePolicy string
  seLinuxOptions SELinuxOptions: SELinux label of the processes.
  seccompProfile SeccompProfile: System calls that the processes may use.
  supplementalGroups []int64: Further groups of the processes.
  supplementalGroupsPolicy string: Merge with the image's groups, or Strict.
  sysctls []Sysctl: Kernel parameters of the pod.
  windowsOptions WindowsSecurityContextOptions: For Windows.
 type PodSpec: What is wanted of a pod.
  activeDeadlineSeconds int64: Seconds after which the pod fails.
  affinity Affinity: Which nodes and neighbours the pod wants.
  automountServiceAccountToken bool: Whether the containers get a token of the service account.
  containers! [name]Container: The containers.
  dnsConfig PodDNSConfig: What resolv.conf has beside that of the policy.
  dnsPolicy string: ClusterFirst, ClusterFirstWithHostNet, Default (the node's) or None.
  enableServiceLinks bool: Whether services become variables.
  ephemeralContainers [name]EphemeralContainer: Containers put into the running pod, to look into it.
  hostAliases [ip]HostAlias: Lines of /etc/hosts.
  hostIPC bool: Whether the pod shares the node's IPC.
  hostNetwork bool: Whether the pod shares the node's network.
  hostPID bool: Whether the pod sees the node's processes.
  hostUsers bool: Whether the pod shares the node's users; true by default.
  hostname string: Host name of the pod; its name by default.
  hostnameOverride string
  imagePullSecrets [name]LocalObjectReference: References to secrets with which images are pulled.
  initContainers [name]Container: Containers that run one after the other before the others start.
  nodeName string: The node of the pod.
  nodeSelector {}string: Labels that the node has to have.
  os PodOS: The system that the pod is for.
  overhead {}quantity: What the pod costs beside its containers.
  preemptionPolicy string: PreemptLowerPriority or Never.
  priority int32: The priority; higher ones go first.
  priorityClassName string: Where the priority comes from.
  readinessGates []PodReadinessGate: Conditions that a ready pod needs.
  resourceClaims [name&]PodResourceClaim: Devices that the pod claims.
  resources ResourceRequirements: What the pod needs and may use as a whole.
  restartPolicy string: Always, OnFailure or Never; Always by default.
  runtimeClassName string: The RuntimeClass that runs the pod.
  schedulerName string: Who finds a node for it.
  schedulingGates [name]PodSchedulingGate: What holds the scheduling of the pod back.
  schedulingGroup PodSchedulingGroup
  securityContext PodSecurityContext: Rights of all containers, and of the volumes.
  serviceAccount string: Old name of serviceAccountName.
  serviceAccountName string: The service account of the pod.
  setHostnameAsFQDN bool: Whether the host name is the full DNS name.
  shareProcessNamespace bool: Whether the containers see each other's processes.
  subdomain string: Domain of the host name.
  terminationGracePeriodSeconds int64: Seconds from the request to end until the kill; 30 by default.
  tolerations []Toleration: Taints that the pod tolerates.
  topologySpreadConstraints [topologyKey]TopologySpreadConstraint: How like pods are spread over nodes.
  volumes [name&]Volume: Volumes that containers mount.
  workloadRef WorkloadReference
 type PodStatus: What was last observed of a pod.
  allocatedResources {}quantity
  conditions [type]PodCondition: How the pod is.
  containerStatuses []ContainerStatus: How the containers are.
  ephemeralContainerStatuses []ContainerStatus: How the ephemeral containers are.
  extendedResourceClaimStatus PodExtendedResourceClaimStatus
  hostIP string: Address of the node.
  hostIPs [ip]HostIP: Addresses of the node.
  initContainerStatuses []ContainerStatus: How the init containers are.
  message string: What happened, for people.
  nodeAllocatableResourceClaimStatuses []NodeAllocatableResourceClaimStatus
  nominatedNodeName string: The node where pods are being pre-empted for it.
  observedGeneration int64: The generation of the object that this is about.
  phase string: Pending, Running, Succeeded, Failed or Unknown.
  podIP string: Address of the pod.
  podIPs [ip]PodIP: Addresses of the pod.
  qosClass string: Guaranteed, Burstable or BestEffort.
  reason string: Why, in a word for programs.
  resize string
  resourceClaimStatuses [name&]PodResourceClaimStatus
  resources ResourceRequirements
  startTime time: When the node took the pod.
 kind PodTemplate: What pods are made from.
  template PodTemplateSpec: The pods to be made from it.
 type PodTemplateSpec: What pods are made from.
  metadata meta.v1.ObjectMeta: Labels and annotations of the pods.
  spec PodSpec: What is wanted of the pods.
 type PortStatus
  error string
  port! int32
  protocol! string
 type PortworxVolumeSource
  fsType string: File system of the volume, such as ext4.
  readOnly bool: Whether it is mounted for reading only.
  volumeID! string
 type PreferredSchedulingTerm
  preference! NodeSelectorTerm
  weight! int32
 type Probe: How and how often a container is checked.
  exec ExecAction: Runs a command in the container.
  failureThreshold int32: Failures in a row after which the probe fails; 3 by default.
  grpc GRPCAction: Asks the health service of gRPC.
  httpGet HTTPGetAction: Sends a request.
  initialDelaySeconds int32: Seconds from the start to the first check.
  periodSeconds int32: Seconds between checks; 10 by default.
  successThreshold int32: Successes in a row after which the probe succeeds; 1 by default.
  tcpSocket TCPSocketAction: Connects to a port.
  terminationGracePeriodSeconds int64: Grace period when the probe ends the container.
  timeoutSeconds int32: Seconds after which a check has failed; 1 by default.
 type ProjectedVolumeSource: Files from several sources in one directory.
  defaultMode int32: Mode of the files, 0644 by default.
  sources []VolumeProjection: The sources.
 type QuobyteVolumeSource
  group string
  readOnly bool: Whether it is mounted for reading only.
  registry! string
  tenant string
  user string
  volume! string
 type RBDPersistentVolumeSource
  fsType string: File system of the volume, such as ext4.
  image! string
  keyring string
  monitors! []string
  pool string
  readOnly bool: Whether it is mounted for reading only.
  secretRef SecretReference
  user string
 type RBDVolumeSource
  fsType string: File system of the volume, such as ext4.
  image! string
  keyring string
  monitors! []string
  pool string
  readOnly bool: Whether it is mounted for reading only.
  secretRef LocalObjectReference
  user string
 kind ReplicationController: Keeps a number of equal pods running.
  spec ReplicationControllerSpec: What is wanted.
  status ReplicationControllerStatus: What was last observed; written by the system.
 type ReplicationControllerCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type ReplicationControllerSpec
  minReadySeconds int32
  replicas int32
  selector {}string
  template PodTemplateSpec
 type ReplicationControllerStatus
  availableReplicas int32
  conditions [type]ReplicationControllerCondition
  fullyLabeledReplicas int32
  observedGeneration int64: The generation of the object that this is about.
  readyReplicas int32
  replicas! int32
 type ResourceClaim
  name! string
  request string
 type ResourceFieldSelector: A limit or request of a container.
  containerName string: The container.
  divisor quantity: The unit of the number; 1 by default.
  resource! string: Which one, such as limits.cpu.
 type ResourceHealth
  health string
  message string: What happened, for people.
  resourceID! string
 kind ResourceQuota: What a namespace may use in all.
  spec ResourceQuotaSpec: What is wanted.
  status ResourceQuotaStatus: What was last observed; written by the system.
 type ResourceQuotaSpec
  hard {}quantity
  scopeSelector ScopeSelector
  scopes []string
 type ResourceQuotaStatus
  hard {}quantity
  used {}quantity
 type ResourceRequirements: What a container needs and may use.
  claims []ResourceClaim: Which claims of the pod it uses.
  limits {}quantity: The most it may use.
  requests {}quantity: What is set aside for it; the limits by default.
 type ResourceStatus
  name! string
  resources []ResourceHealth
 type SELinuxOptions: Label of a container's processes.
  level string
  role string
  type string
  user string
 type ScaleIOPersistentVolumeSource
  fsType string: File system of the volume, such as ext4.
  gateway! string
  protectionDomain string
  readOnly bool: Whether it is mounted for reading only.
  secretRef! SecretReference
  sslEnabled bool
  storageMode string
  storagePool string
  system! string
  volumeName string
 type ScaleIOVolumeSource
  fsType string: File system of the volume, such as ext4.
  gateway! string
  protectionDomain string
  readOnly bool: Whether it is mounted for reading only.
  secretRef! LocalObjectReference
  sslEnabled bool
  storageMode string
  storagePool string
  system! string
  volumeName string
 type ScopeSelector
  matchExpressions []ScopedResourceSelectorRequirement: Requirements on labels; all have to be met.
 type ScopedResourceSelectorRequirement
  operator! string: How key and values are compared.
  scopeName! string
  values []string
 type SeccompProfile: The system calls that a container may use.
  localhostProfile string: File of a profile below kubelet's folder, for Localhost.
  type! string: RuntimeDefault, Localhost or Unconfined.
 kind Secret: Holds secret data, such as passwords and keys.
  data {}bytes: The secret values by key, in base64.
  immutable bool: If true, data cannot be changed any more.
  stringData {}string: Values as plain text, to write with; they become data and are never read.
  type string: What kind of secret it is, for programs.
 type SecretEnvSource: A Secret whose keys become variables.
  name string
  optional bool: Whether the pod starts without it.
 type SecretKeySelector: A key of a Secret.
  key! string: The key.
  name string: Name of the Secret.
  optional bool: Whether the pod starts without it.
 type SecretProjection: Keys of a Secret as files.
  items []KeyToPath
  name string
  optional bool: Whether the pod starts without it.
 type SecretReference
  name string
  namespace string
 type SecretVolumeSource: A Secret whose keys become files.
  defaultMode int32: Mode of the files, 0644 by default.
  items []KeyToPath: The keys that become files; all of them by default.
  optional bool: Whether the pod starts without it.
  secretName string: Name of the Secret.
 type SecurityContext: Rights of a container's processes.
  allowPrivilegeEscalation bool: Whether a process may get more rights than its parent.
  appArmorProfile AppArmorProfile: AppArmor profile of the processes.
  capabilities Capabilities: Linux capabilities it gets and loses.
  privileged bool: Whether it has the rights of root on the node.
  procMount string: Default, or Unmasked to show all of /proc.
  readOnlyRootFilesystem bool: Whether its root file system is read-only.
  runAsGroup int64: Group of the processes.
  runAsNonRoot bool: Whether the container is refused when it would run as root.
  runAsUser int64: User of the processes; the image's by default.
  seLinuxOptions SELinuxOptions: SELinux label of the processes.
  seccompProfile SeccompProfile: System calls that the processes may use.
  windowsOptions WindowsSecurityContextOptions: For Windows.
 kind Service: A name and address for a set of pods.
  spec ServiceSpec: What is wanted.
  status ServiceStatus: What was last observed; written by the system.
 kind ServiceAccount: An identity for the processes in pods.
  automountServiceAccountToken bool: Whether pods get a token mounted unless they say otherwise.
  imagePullSecrets []LocalObjectReference: References to secrets with which images are pulled.
  secrets [name]ObjectReference: Secrets that pods of this account may use.
 type ServiceAccountTokenProjection: A token of the pod's service account as a file.
  audience string: Who the token is for; the API server by default.
  expirationSeconds int64: How long a token is good for; an hour by default.
  path! string: Path of the file in the volume.
 type ServicePort
  appProtocol string
  name string
  nodePort int32
  port! int32
  protocol string
  targetPort intstr
 type ServiceSpec
  allocateLoadBalancerNodePorts bool
  clusterIP string
  clusterIPs []string
  externalIPs []string
  externalName string
  externalTrafficPolicy string
  healthCheckNodePort int32
  internalTrafficPolicy string
  ipFamilies []string
  ipFamilyPolicy string
  loadBalancerClass string
  loadBalancerIP string
  loadBalancerSourceRanges []string
  ports [port]ServicePort
  publishNotReadyAddresses bool
  selector {}string
  sessionAffinity string
  sessionAffinityConfig SessionAffinityConfig
  trafficDistribution string
  type string
 type ServiceStatus
  conditions [type]meta.v1.Condition
  loadBalancer LoadBalancerStatus
 type SessionAffinityConfig
  clientIP ClientIPConfig
 type SleepAction
  seconds! int64: How long.
 type StorageOSPersistentVolumeSource
  fsType string: File system of the volume, such as ext4.
  readOnly bool: Whether it is mounted for reading only.
  secretRef ObjectReference
  volumeName string
  volumeNamespace string
 type StorageOSVolumeSource
  fsType string: File system of the volume, such as ext4.
  readOnly bool: Whether it is mounted for reading only.
  secretRef LocalObjectReference
  volumeName string
  volumeNamespace string
 type Sysctl: A kernel parameter.
  name! string
  value! string
 type TCPSocketAction: Connects to a port.
  host string: Where to connect; the pod's address by default.
  port! intstr: The port, by number or name.
 type Taint: Keeps pods away that do not tolerate it.
  effect! string: NoSchedule, PreferNoSchedule or NoExecute.
  key! string
  timeAdded time: When it was added.
  value string
 type Toleration: A taint that a pod tolerates.
  effect string: Which effect; all if it is empty.
  key string: Which key; all if it is empty.
  operator string: Exists or Equal.
  tolerationSeconds int64: How long NoExecute is tolerated; for ever by default.
  value string
 type TopologySelectorLabelRequirement
  key! string
  values! []string
 type TopologySelectorTerm
  matchLabelExpressions []TopologySelectorLabelRequirement
 type TopologySpreadConstraint: How like pods are spread over nodes.
  labelSelector meta.v1.LabelSelector
  matchLabelKeys []string
  maxSkew! int32
  minDomains int32
  nodeAffinityPolicy string
  nodeTaintsPolicy string
  topologyKey! string
  whenUnsatisfiable! string
 type TypedLocalObjectReference
  apiGroup string
  kind! string
  name! string
 type TypedObjectReference
  apiGroup string
  kind! string
  name! string
  namespace string
 type Volume: A directory or device for the containers of a pod.
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource
  azureDisk AzureDiskVolumeSource
  azureFile AzureFileVolumeSource
  cephfs CephFSVolumeSource
  cinder CinderVolumeSource
  configMap ConfigMapVolumeSource: Keys of a ConfigMap.
  csi CSIVolumeSource: A volume that a CSI driver makes for the pod.
  downwardAPI DownwardAPIVolumeSource: Fields of the pod.
  emptyDir EmptyDirVolumeSource: An empty directory that ends with the pod.
  ephemeral EphemeralVolumeSource: A claim that ends with the pod.
  fc FCVolumeSource
  flexVolume FlexVolumeSource
  flocker FlockerVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource
  gitRepo GitRepoVolumeSource
  glusterfs GlusterfsVolumeSource
  hostPath HostPathVolumeSource: A file or directory of the node.
  image ImageVolumeSource: The files of an image.
  iscsi ISCSIVolumeSource
  name! string: Name that containers mount it by.
  nfs NFSVolumeSource: A directory of an NFS server.
  persistentVolumeClaim PersistentVolumeClaimVolumeSource: The volume of a claim.
  photonPersistentDisk PhotonPersistentDiskVolumeSource
  portworxVolume PortworxVolumeSource
  projected ProjectedVolumeSource: Files from several sources.
  quobyte QuobyteVolumeSource
  rbd RBDVolumeSource
  scaleIO ScaleIOVolumeSource
  secret SecretVolumeSource: Keys of a Secret.
  storageos StorageOSVolumeSource
  vsphereVolume VsphereVirtualDiskVolumeSource
 type VolumeDevice: A volume that a container sees as a block device.
  devicePath! string
  name! string
 type VolumeMount: Where a container sees a volume.
  mountPath! string: Where.
  mountPropagation string: None, HostToContainer or Bidirectional: which mounts are seen.
  name! string: The volume.
  readOnly bool: Whether it is mounted for reading only.
  recursiveReadOnly string: Whether mounts inside are read-only as well.
  subPath string: Which path of the volume; its root by default.
  subPathExpr string: The same with $(NAME) replaced by the variable.
 type VolumeMountStatus
  mountPath! string
  name! string
  readOnly bool: Whether it is mounted for reading only.
  recursiveReadOnly string
  volumeStatus VolumeStatus
 type VolumeNodeAffinity
  required NodeSelector
 type VolumeProjection: One source: one of these.
  clusterTrustBundle ClusterTrustBundleProjection
  configMap ConfigMapProjection: Keys of a ConfigMap.
  downwardAPI DownwardAPIProjection: Fields of the pod.
  podCertificate PodCertificateProjection
  secret SecretProjection: Keys of a Secret.
  serviceAccountToken ServiceAccountTokenProjection: A token of the service account.
 type VolumeResourceRequirements
  limits {}quantity
  requests {}quantity
 type VolumeStatus
  image ImageVolumeStatus
 type VsphereVirtualDiskVolumeSource
  fsType string: File system of the volume, such as ext4.
  storagePolicyID string
  storagePolicyName string
  volumePath! string
 type WeightedPodAffinityTerm
  podAffinityTerm! PodAffinityTerm
  weight! int32
 type WindowsSecurityContextOptions
  gmsaCredentialSpec string
  gmsaCredentialSpecName string
  hostProcess bool
  runAsUserName string
 type WorkloadReference
  name! string
  podGroup! string
  podGroupReplicaKey string
io.k8s.apimachinery.pkg.apis.meta.v1
 type Condition
  lastTransitionTime! time: When the status last changed.
  message! string: What happened, for people.
  observedGeneration int64: The generation of the object that this is about.
  reason! string: Why, in a word for programs.
  status! string
  type! string
 type FieldSelectorRequirement
  key! string
  operator! string: How key and values are compared.
  values []string
 type LabelSelector: Selects objects by labels.
  matchExpressions []LabelSelectorRequirement: Requirements on labels; all have to be met.
  matchLabels {}string: Labels and their values; all have to be there.
 type LabelSelectorRequirement
  key! string
  operator! string: How key and values are compared.
  values []string
 type ManagedFieldsEntry
  apiVersion string
  fieldsType string
  fieldsV1 object
  manager string
  operation string
  subresource string
  time time
 type ObjectMeta
  annotations {}string: Notes of programs and people, by key.
  creationTimestamp time: When the object was created; set by the server.
  deletionGracePeriodSeconds int64: Seconds from the deletion to the end; set by the server.
  deletionTimestamp time: When the object will be gone; set by the server on a deletion.
  finalizers [*]string: What must be done before the object goes.
  generateName string: Beginning of a name that the server completes when there is no name.
  generation int64: Counts changes of what is wanted; set by the server.
  labels {}string: Names and values by which objects are selected.
  managedFields []ManagedFieldsEntry: Who set which fields; set by the server.
  name string: Name of the object, unique in its namespace; it cannot be changed.
  namespace string: The namespace of the object; it cannot be changed.
  ownerReferences [uid]OwnerReference: The objects without which this one goes too.
  resourceVersion string: The version of the object, to compare for equality; set by the server.
  selfLink string: No longer in use.
  uid string: Unique in time and space; set by the server.
 type OwnerReference: An object without which this one goes too.
  apiVersion! string
  blockOwnerDeletion bool
  controller bool
  kind! string
  name! string
  uid! string
)";

}  // namespace edgecore::metaserver
