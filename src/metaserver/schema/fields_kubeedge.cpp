// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/schema_table.hpp"

namespace edgecore::metaserver {

const std::string_view kKubeEdgeFields = R"(
io.kubeedge.apps.v1alpha1
 type ArgsOverrider: Changes arguments of a container.
  containerName! string: The container.
  operator! string: add or remove.
  value []string: The arguments.
 kind EdgeApplication: An application for groups of edge nodes.
  spec EdgeApplicationSpec: What is wanted.
  status EdgeApplicationStatus: What was last observed; written by the system.
 type EdgeApplicationSpec: Manifests, and the groups of nodes they go to.
  workloadScope! WorkloadScope: The groups of nodes.
  workloadTemplate ResourceTemplate: The manifests.
 type EdgeApplicationStatus: What became of the manifests.
  workloadStatus []ManifestStatus
 type EnvOverrider: Changes environment variables of a container.
  containerName! string: The container.
  operator! string: add, remove or replace.
  value []core.v1.EnvVar: The variables.
 type ImageOverrider: Changes the images of containers.
  component! string: Registry, Repository or Tag.
  operator! string: add, remove or replace.
  predicate ImagePredicate: Where the image is in the manifest.
  value string: The new part.
 type ImagePredicate
  path! string: Path of the field.
 type ManifestStatus: What became of a manifest.
  conditions string
  identifier! ResourceIdentifier
 kind NodeGroup: A group of edge nodes.
  spec NodeGroupSpec: What is wanted.
  status NodeGroupStatus: What was last observed; written by the system.
 type NodeGroupSpec: Which nodes belong to the group.
  matchLabels {}string: Labels of its nodes.
  nodes []string: Names of its nodes.
  topologyEnabled bool
 type NodeGroupStatus: The nodes of the group.
  nodeStatuses []NodeStatus
 type NodeStatus: A node of the group.
  nodeName! string
  readyStatus! string
  selectionStatus! string
  selectionStatusReason string
 type Overriders: What is different in a group.
  argsOverriders []ArgsOverrider: Arguments of containers.
  commandOverriders []ArgsOverrider: Entry points of containers.
  envOverriders []EnvOverrider: Environment variables.
  imageOverriders []ImageOverrider: Images.
  replicas int64: Number of pods.
  resourcesOverriders []ResourcesOverrider: Resources of containers.
 type ResourceIdentifier: An object.
  group string
  kind string
  name string
  namespace string
  ordinal! int64
  resource string
  version string
 type ResourceTemplate
  manifests []object: Objects of any kind.
 type ResourcesOverrider: Changes the resources of a container.
  containerName! string: The container.
  value core.v1.ResourceRequirements: What it needs and may use.
 type TargetNodeGroup: A group of nodes.
  name! string: Its name.
  overriders Overriders: What is different in it.
 type TargetNodeLabels: Nodes by their labels.
  labelSelector meta.v1.LabelSelector: The nodes.
  overriders Overriders: What is different on them.
 type WorkloadScope
  targetNodeGroups []TargetNodeGroup: Groups of nodes.
  targetNodeLabels []TargetNodeLabels: Nodes by their labels.
io.kubeedge.devices.v1beta1
 type DBMethodConfig: The database that values are pushed to: one of these.
  TDEngine DBMethodTDEngine
  influxdb2 DBMethodInfluxdb2
  mysql DBMethodMySQL
  redis DBMethodRedis
 type DBMethodInfluxdb2
  influxdb2ClientConfig Influxdb2ClientConfig: Where it is.
  influxdb2DataConfig Influxdb2DataConfig: How values are written.
 type DBMethodMySQL
  mysqlClientConfig MySQLClientConfig: Where it is.
 type DBMethodRedis
  redisClientConfig RedisClientConfig: Where it is.
 type DBMethodTDEngine
  TDEngineClientConfig TDEngineClientConfig: Where it is.
 kind Device: A device at the edge and its twin.
  spec DeviceSpec: What is wanted.
  status DeviceStatus: What was last observed; written by the system.
 type DeviceMethod: A method that the device offers.
  description string
  name string: Its name, unique in the device.
  propertyNames []string: The properties that it writes.
 kind DeviceModel: What devices of a model have in common.
  spec DeviceModelSpec: What is wanted.
 type DeviceModelSpec: The properties of the devices of a model.
  properties []ModelProperty: The properties.
  protocol string: The protocol of the devices, such as modbus.
  protocolConfigData object: Configuration of the protocol.
 type DeviceProperty: A property of a device: how it is read and reported.
  collectCycle int64: Milliseconds between two readings.
  desired TwinProperty: The value that it should have.
  name string: Its name in the model.
  pushMethod PushMethod: Where the mapper pushes values to.
  reportCycle int64: Milliseconds between two reports.
  reportToCloud bool: Whether values are reported to the cloud.
  visitors VisitorConfig: How the mapper reads and writes it.
 type DeviceSpec: What a device is, and what is wanted of it.
  deviceModelRef core.v1.LocalObjectReference: The model, in the same namespace.
  methods []DeviceMethod: Methods that the device offers.
  nodeName string: The node of the device.
  properties []DeviceProperty: The properties.
  protocol ProtocolConfig: How the mapper reaches the device.
  stateReport DeviceStateReport: How the state of the device is reported.
 type DeviceStateReport: How the state of a device is reported.
  reportCycle int64: Milliseconds between two reports.
  reportToCloud bool: Whether it is reported to the cloud.
 type DeviceStatus: What was last observed of a device.
  lastOnlineTime string: When it was last online.
  reportCycle int64: Milliseconds between two reports of the state.
  reportToCloud bool: Whether the state is reported to the cloud.
  state string: Online, offline or what else the mapper says.
  twins []Twin: Desired and reported values of its properties.
 type Influxdb2ClientConfig
  bucket string
  org string
  url string
 type Influxdb2DataConfig
  fieldKey string
  measurement string
  tag {}string
 type ModelProperty: A property of the devices of a model.
  accessMode string: ReadWrite or ReadOnly.
  description string
  maximum string: The largest value.
  minimum string: The smallest value.
  name string: Its name, unique in the model.
  type string: INT, FLOAT, DOUBLE, STRING, BOOLEAN, BYTES or STREAM.
  unit string: Unit of the value.
  visitors VisitorConfig: How mappers read and write it.
 type MySQLClientConfig
  addr string
  database string
  userName string
 type ProtocolConfig: How the mapper reaches a device.
  configData object: Configuration of the protocol, as the mapper wants it.
  protocolName string: The protocol, which finds the mapper.
 type PushMethod: Where the mapper pushes values of a property to.
  anomalyDetection object
  dbMethod DBMethodConfig: A database.
  http PushMethodHTTP: An HTTP server.
  mqtt PushMethodMQTT: An MQTT broker.
  otel PushMethodOTEL: An OpenTelemetry collector.
 type PushMethodHTTP
  hostName string
  port int64
  requestPath string
  timeout int64
 type PushMethodMQTT
  address string
  qos int32
  retained bool
  topic string
 type PushMethodOTEL
  endpointURL string
 type RedisClientConfig
  addr string
  db int64
  minIdleConns int64
  poolsize int64
 type TDEngineClientConfig
  addr string
  dbName string
 type Twin: Desired and reported value of a property.
  observedDesired TwinProperty: The desired value that the device has seen.
  propertyName string: Name of the property.
  reported TwinProperty: The value that the device has.
 type TwinProperty: A value.
  metadata {}string: Notes to the value, such as its time.
  value! string: The value as text.
 type VisitorConfig: How a mapper reads and writes a property.
  configData object: Configuration, as the mapper wants it.
  protocolName string: The protocol.
io.kubeedge.operations.v1alpha1
 type ImageDigestGatter: Where the digest of an image comes from.
  registryAPI RegistryAPI
  value string
 kind ImagePrePullJob: Pulls images to edge nodes in advance.
  spec! ImagePrePullJobSpec: What is wanted.
  status ImagePrePullJobStatus: What was last observed; written by the system.
 type ImagePrePullJobSpec
  imagePrePullTemplate ImagePrePullTemplate: Images and nodes.
 type ImagePrePullJobStatus: How far the job is.
  action string
  event string
  reason string
  state string
  status []ImagePrePullStatus
  time string
 type ImagePrePullStatus: What became of the images on a node.
  imageStatus []ImageStatus
  nodeStatus TaskStatus
 type ImagePrePullTemplate: Images, and the nodes they are pulled to.
  checkItems []string: What is checked first: cpu, mem or disk.
  concurrency int32: How many nodes pull at a time.
  failureTolerate string: Share of the nodes that may fail.
  imageSecrets string: Secret for the registry, as namespace/name.
  images []string: The images.
  labelSelector meta.v1.LabelSelector: The nodes, by labels.
  nodeNames []string: The nodes, by name.
  retryTimes int32: How often a pull is tried.
  timeoutSeconds int32: Seconds that a node has.
 type ImageStatus: What became of an image.
  image string
  reason string
  state string
 kind NodeUpgradeJob: Upgrades edge nodes.
  spec NodeUpgradeJobSpec: What is wanted.
  status NodeUpgradeJobStatus: What was last observed; written by the system.
 type NodeUpgradeJobSpec: The version, and the nodes that get it.
  checkItems []string: What is checked first: cpu, mem or disk.
  concurrency int32: How many nodes are upgraded at a time.
  failureTolerate string: Share of the nodes that may fail.
  image string: Image that holds the new version.
  imageDigestGatter ImageDigestGatter: Where its digest comes from.
  labelSelector meta.v1.LabelSelector: The nodes, by labels.
  nodeNames []string: The nodes, by name.
  requireConfirmation bool: Whether each node waits until somebody confirms.
  timeoutSeconds int32: Seconds that a node has.
  version string: The new version.
 type NodeUpgradeJobStatus: How far the job is.
  action string
  currentVersion string
  event string
  historicVersion string
  nodeStatus []TaskStatus
  reason string
  state string
  time string
 type RegistryAPI
  host! string
  token! string
 type TaskStatus: How far a node is.
  action string
  event string
  nodeName string
  reason string
  state string
  time string
io.kubeedge.policy.v1alpha1
 type AccessClusterRoleBinding: A cluster role binding and its rules.
  clusterRoleBinding rbac.v1.ClusterRoleBinding
  rules []rbac.v1.PolicyRule
 type AccessRoleBinding: A role binding and its rules.
  roleBinding rbac.v1.RoleBinding
  rules []rbac.v1.PolicyRule
 type AccessSpec: A service account and its rights.
  accessClusterRoleBinding []AccessClusterRoleBinding: In the whole cluster.
  accessRoleBinding []AccessRoleBinding: In a namespace.
  serviceAccount core.v1.ServiceAccount: The service account.
  serviceAccountUid string: Its uid.
 type AccessStatus
  nodeList []string: Nodes that know it.
 kind ServiceAccountAccess: What a service account at the edge may do.
  spec AccessSpec: What is wanted.
  status AccessStatus: What was last observed; written by the system.
io.kubeedge.reliablesyncs.v1alpha1
 kind ClusterObjectSync: What a node has of a cluster's object.
  spec ObjectSyncSpec: What is wanted.
  status ObjectSyncStatus: What was last observed; written by the system.
 kind ObjectSync: What a node has of an object.
  spec ObjectSyncSpec: What is wanted.
  status ObjectSyncStatus: What was last observed; written by the system.
 type ObjectSyncSpec: The object.
  objectAPIVersion string
  objectKind string
  objectName string
 type ObjectSyncStatus
  objectResourceVersion string: The version that the node has.
io.kubeedge.rules.v1
 kind Rule: Where messages of a source are sent.
  spec RuleSpec: What is wanted.
  status RuleStatus: What was last observed; written by the system.
 kind RuleEndpoint: A source or target of messages.
  spec RuleEndpointSpec: What is wanted.
 type RuleEndpointSpec: What kind of endpoint it is.
  properties {}string: Where it is, such as service_port.
  ruleEndpointType! string: rest, eventbus or servicebus.
 type RuleSpec: Source and target of messages.
  source! string: The RuleEndpoint that messages come from.
  sourceResource! {}string: Which messages, such as topic or path.
  target! string: The RuleEndpoint that they go to.
  targetResource! {}string: Where they go, such as resource or topic.
 type RuleStatus: What was delivered.
  errors []string
  failMessages int64
  successMessages int64
)";

}  // namespace edgecore::metaserver
