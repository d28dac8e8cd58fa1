// SPDX-License-Identifier: Apache-2.0
#include "metaserver/schema/schema_table.hpp"

namespace edgecore::metaserver {

const std::string_view kGroupFields = R"(
io.k8s.api.admissionregistration.v1
 type MatchCondition
  expression! string
  name! string
 type MutatingWebhook
  admissionReviewVersions! []string
  clientConfig! WebhookClientConfig
  failurePolicy string
  matchConditions [name]MatchCondition
  matchPolicy string
  name! string
  namespaceSelector meta.v1.LabelSelector
  objectSelector meta.v1.LabelSelector
  reinvocationPolicy string
  rules []RuleWithOperations
  sideEffects! string
  timeoutSeconds int32
 kind MutatingWebhookConfiguration: Webhooks that may change objects.
  webhooks [name]MutatingWebhook: The webhooks, and for which operations they are called.
 type RuleWithOperations
  apiGroups []string
  apiVersions []string
  operations []string
  resources []string
  scope string
 type ServiceReference
  name! string
  namespace! string
  path string
  port int32
 type ValidatingWebhook
  admissionReviewVersions! []string
  clientConfig! WebhookClientConfig
  failurePolicy string
  matchConditions [name]MatchCondition
  matchPolicy string
  name! string
  namespaceSelector meta.v1.LabelSelector
  objectSelector meta.v1.LabelSelector
  rules []RuleWithOperations
  sideEffects! string
  timeoutSeconds int32
 kind ValidatingWebhookConfiguration: Webhooks that may refuse objects.
  webhooks [name]ValidatingWebhook: The webhooks, and for which operations they are called.
 type WebhookClientConfig
  caBundle bytes
  service ServiceReference
  url string
io.k8s.api.admissionregistration.v1beta1
 type AuditAnnotation
  key! string
  valueExpression! string
 type ExpressionWarning
  fieldRef! string
  warning! string
 type MatchCondition
  expression! string
  name! string
 type MatchResources
  excludeResourceRules []NamedRuleWithOperations
  matchPolicy string
  namespaceSelector meta.v1.LabelSelector
  objectSelector meta.v1.LabelSelector
  resourceRules []NamedRuleWithOperations
 type NamedRuleWithOperations
  apiGroups []string
  apiVersions []string
  operations []string
  resourceNames []string
  resources []string
  scope string
 type ParamKind
  apiVersion string
  kind string
 type ParamRef
  name string
  namespace string
  parameterNotFoundAction string
  selector meta.v1.LabelSelector
 type TypeChecking
  expressionWarnings []ExpressionWarning
 kind ValidatingAdmissionPolicy
  spec ValidatingAdmissionPolicySpec: What is wanted.
  status ValidatingAdmissionPolicyStatus: What was last observed; written by the system.
 kind ValidatingAdmissionPolicyBinding
  spec ValidatingAdmissionPolicyBindingSpec: What is wanted.
 type ValidatingAdmissionPolicyBindingSpec
  matchResources MatchResources
  paramRef ParamRef
  policyName string
  validationActions []string
 type ValidatingAdmissionPolicySpec
  auditAnnotations []AuditAnnotation
  failurePolicy string
  matchConditions [name]MatchCondition
  matchConstraints MatchResources
  paramKind ParamKind
  validations []Validation
  variables [name]Variable
 type ValidatingAdmissionPolicyStatus
  conditions []meta.v1.Condition
  observedGeneration int64: The generation of the object that this is about.
  typeChecking TypeChecking
 type Validation
  expression! string
  message string: What happened, for people.
  messageExpression string
  reason string: Why, in a word for programs.
 type Variable
  expression! string
  name! string
io.k8s.api.apiserverinternal.v1alpha1
 type ServerStorageVersion
  apiServerID string
  decodableVersions []string
  encodingVersion string
  servedVersions []string
 kind StorageVersion
  spec object: What is wanted.
  status StorageVersionStatus: What was last observed; written by the system.
 type StorageVersionCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  observedGeneration int64: The generation of the object that this is about.
  reason! string: Why, in a word for programs.
  status! string
  type! string
 type StorageVersionStatus
  commonEncodingVersion string
  conditions []StorageVersionCondition
  storageVersions []ServerStorageVersion
io.k8s.api.apps.v1
 kind ControllerRevision: A former state of a controller's pods.
  data object: The state.
  revision! int64: The number of the state.
 kind DaemonSet: Keeps a pod running on each of a set of nodes.
  spec DaemonSetSpec: What is wanted.
  status DaemonSetStatus: What was last observed; written by the system.
 type DaemonSetCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type DaemonSetSpec
  minReadySeconds int32
  revisionHistoryLimit int32
  selector! meta.v1.LabelSelector
  template! core.v1.PodTemplateSpec
  updateStrategy DaemonSetUpdateStrategy
 type DaemonSetStatus
  collisionCount int32
  conditions [type]DaemonSetCondition
  currentNumberScheduled! int32
  desiredNumberScheduled! int32
  numberAvailable int32
  numberMisscheduled! int32
  numberReady! int32
  numberUnavailable int32
  observedGeneration int64: The generation of the object that this is about.
  updatedNumberScheduled int32
 type DaemonSetUpdateStrategy
  rollingUpdate RollingUpdateDaemonSet
  type string
 kind Deployment: Keeps pods running and replaces them step by step.
  spec DeploymentSpec: What is wanted.
  status DeploymentStatus: What was last observed; written by the system.
 type DeploymentCondition
  lastTransitionTime time: When the status last changed.
  lastUpdateTime time
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type DeploymentSpec
  minReadySeconds int32
  paused bool
  progressDeadlineSeconds int32
  replicas int32
  revisionHistoryLimit int32
  selector! meta.v1.LabelSelector
  strategy &DeploymentStrategy
  template! core.v1.PodTemplateSpec
 type DeploymentStatus
  availableReplicas int32
  collisionCount int32
  conditions [type]DeploymentCondition
  observedGeneration int64: The generation of the object that this is about.
  readyReplicas int32
  replicas int32
  terminatingReplicas int32
  unavailableReplicas int32
  updatedReplicas int32
 type DeploymentStrategy
  rollingUpdate RollingUpdateDeployment
  type string
 kind ReplicaSet: Keeps a number of equal pods running.
  spec ReplicaSetSpec: What is wanted.
  status ReplicaSetStatus: What was last observed; written by the system.
 type ReplicaSetCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type ReplicaSetSpec
  minReadySeconds int32
  replicas int32
  selector! meta.v1.LabelSelector
  template core.v1.PodTemplateSpec
 type ReplicaSetStatus
  availableReplicas int32
  conditions [type]ReplicaSetCondition
  fullyLabeledReplicas int32
  observedGeneration int64: The generation of the object that this is about.
  readyReplicas int32
  replicas! int32
  terminatingReplicas int32
 type RollingUpdateDaemonSet
  maxSurge intstr
  maxUnavailable intstr
 type RollingUpdateDeployment
  maxSurge intstr
  maxUnavailable intstr
 type RollingUpdateStatefulSetStrategy
  maxUnavailable intstr
  partition int32
 kind StatefulSet: Keeps pods with identities of their own running.
  spec StatefulSetSpec: What is wanted.
  status StatefulSetStatus: What was last observed; written by the system.
 type StatefulSetCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type StatefulSetOrdinals
  start int32
 type StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string
  whenScaled string
 type StatefulSetSpec
  minReadySeconds int32
  ordinals StatefulSetOrdinals
  persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy
  podManagementPolicy string
  replicas int32
  revisionHistoryLimit int32
  selector! meta.v1.LabelSelector
  serviceName string
  template! core.v1.PodTemplateSpec
  updateStrategy StatefulSetUpdateStrategy
  volumeClaimTemplates []core.v1.PersistentVolumeClaim
 type StatefulSetStatus
  availableReplicas int32
  collisionCount int32
  conditions [type]StatefulSetCondition
  currentReplicas int32
  currentRevision string
  observedGeneration int64: The generation of the object that this is about.
  readyReplicas int32
  replicas! int32
  updateRevision string
  updatedReplicas int32
 type StatefulSetUpdateStrategy
  rollingUpdate RollingUpdateStatefulSetStrategy
  type string
io.k8s.api.authentication.v1
 kind SelfSubjectReview
  status SelfSubjectReviewStatus: What was last observed; written by the system.
 type SelfSubjectReviewStatus
  userInfo UserInfo
 kind TokenReview: Asks whom a token belongs to.
  spec! TokenReviewSpec: What is wanted.
  status TokenReviewStatus: What was last observed; written by the system.
 type TokenReviewSpec
  audiences []string
  token string
 type TokenReviewStatus
  audiences []string
  authenticated bool
  error string
  user UserInfo
 type UserInfo
  extra {}[]string
  groups []string
  uid string
  username string
io.k8s.api.authorization.v1
 type FieldSelectorAttributes
  rawSelector string
  requirements []meta.v1.FieldSelectorRequirement
 type LabelSelectorAttributes
  rawSelector string
  requirements []meta.v1.LabelSelectorRequirement
 kind LocalSubjectAccessReview
  spec! SubjectAccessReviewSpec: What is wanted.
  status SubjectAccessReviewStatus: What was last observed; written by the system.
 type NonResourceAttributes
  path string
  verb string
 type NonResourceRule
  nonResourceURLs []string
  verbs! []string
 type ResourceAttributes
  fieldSelector FieldSelectorAttributes
  group string
  labelSelector LabelSelectorAttributes
  name string
  namespace string
  resource string
  subresource string
  verb string
  version string
 type ResourceRule
  apiGroups []string
  resourceNames []string
  resources []string
  verbs! []string
 kind SelfSubjectAccessReview: Asks whether one may do something.
  spec! SelfSubjectAccessReviewSpec: What is wanted.
  status SubjectAccessReviewStatus: What was last observed; written by the system.
 type SelfSubjectAccessReviewSpec
  nonResourceAttributes NonResourceAttributes
  resourceAttributes ResourceAttributes
 kind SelfSubjectRulesReview: Asks what one may do in a namespace.
  spec! SelfSubjectRulesReviewSpec: What is wanted.
  status SubjectRulesReviewStatus: What was last observed; written by the system.
 type SelfSubjectRulesReviewSpec
  namespace string
 kind SubjectAccessReview
  spec! SubjectAccessReviewSpec: What is wanted.
  status SubjectAccessReviewStatus: What was last observed; written by the system.
 type SubjectAccessReviewSpec
  extra {}[]string
  groups []string
  nonResourceAttributes NonResourceAttributes
  resourceAttributes ResourceAttributes
  uid string
  user string
 type SubjectAccessReviewStatus
  allowed! bool
  denied bool
  evaluationError string
  reason string: Why, in a word for programs.
 type SubjectRulesReviewStatus
  evaluationError string
  incomplete! bool
  nonResourceRules! []NonResourceRule
  resourceRules! []ResourceRule
io.k8s.api.autoscaling.v1
 type CrossVersionObjectReference
  apiVersion string
  kind! string
  name! string
 kind HorizontalPodAutoscaler: Sets the number of pods by metrics.
  spec HorizontalPodAutoscalerSpec: What is wanted.
  status HorizontalPodAutoscalerStatus: What was last observed; written by the system.
 type HorizontalPodAutoscalerSpec
  maxReplicas! int32
  minReplicas int32
  scaleTargetRef! CrossVersionObjectReference
  targetCPUUtilizationPercentage int32
 type HorizontalPodAutoscalerStatus
  currentCPUUtilizationPercentage int32
  currentReplicas! int32
  desiredReplicas! int32
  lastScaleTime time
  observedGeneration int64: The generation of the object that this is about.
io.k8s.api.autoscaling.v2
 type ContainerResourceMetricSource
  container! string
  name! string
  target! MetricTarget
 type ContainerResourceMetricStatus
  container! string
  current! MetricValueStatus
  name! string
 type CrossVersionObjectReference
  apiVersion string
  kind! string
  name! string
 type ExternalMetricSource
  metric! MetricIdentifier
  target! MetricTarget
 type ExternalMetricStatus
  current! MetricValueStatus
  metric! MetricIdentifier
 type HPAScalingPolicy
  periodSeconds! int32
  type! string
  value! int32
 type HPAScalingRules
  policies []HPAScalingPolicy
  selectPolicy string
  stabilizationWindowSeconds int32
  tolerance quantity
 kind HorizontalPodAutoscaler: Sets the number of pods by metrics.
  spec HorizontalPodAutoscalerSpec: What is wanted.
  status HorizontalPodAutoscalerStatus: What was last observed; written by the system.
 type HorizontalPodAutoscalerBehavior
  scaleDown HPAScalingRules
  scaleUp HPAScalingRules
 type HorizontalPodAutoscalerCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type HorizontalPodAutoscalerSpec
  behavior HorizontalPodAutoscalerBehavior
  maxReplicas! int32
  metrics []MetricSpec
  minReplicas int32
  scaleTargetRef! CrossVersionObjectReference
 type HorizontalPodAutoscalerStatus
  conditions [type]HorizontalPodAutoscalerCondition
  currentMetrics []MetricStatus
  currentReplicas int32
  desiredReplicas! int32
  lastScaleTime time
  observedGeneration int64: The generation of the object that this is about.
 type MetricIdentifier
  name! string
  selector meta.v1.LabelSelector
 type MetricSpec
  containerResource ContainerResourceMetricSource
  external ExternalMetricSource
  object ObjectMetricSource
  pods PodsMetricSource
  resource ResourceMetricSource
  type! string
 type MetricStatus
  containerResource ContainerResourceMetricStatus
  external ExternalMetricStatus
  object ObjectMetricStatus
  pods PodsMetricStatus
  resource ResourceMetricStatus
  type! string
 type MetricTarget
  averageUtilization int32
  averageValue quantity
  type! string
  value quantity
 type MetricValueStatus
  averageUtilization int32
  averageValue quantity
  value quantity
 type ObjectMetricSource
  describedObject! CrossVersionObjectReference
  metric! MetricIdentifier
  target! MetricTarget
 type ObjectMetricStatus
  current! MetricValueStatus
  describedObject! CrossVersionObjectReference
  metric! MetricIdentifier
 type PodsMetricSource
  metric! MetricIdentifier
  target! MetricTarget
 type PodsMetricStatus
  current! MetricValueStatus
  metric! MetricIdentifier
 type ResourceMetricSource
  name! string
  target! MetricTarget
 type ResourceMetricStatus
  current! MetricValueStatus
  name! string
io.k8s.api.batch.v1
 kind CronJob: Runs jobs at set times.
  spec CronJobSpec: What is wanted.
  status CronJobStatus: What was last observed; written by the system.
 type CronJobSpec
  concurrencyPolicy string
  failedJobsHistoryLimit int32
  jobTemplate! JobTemplateSpec
  schedule! string
  startingDeadlineSeconds int64
  successfulJobsHistoryLimit int32
  suspend bool
  timeZone string
 type CronJobStatus
  active []core.v1.ObjectReference
  lastScheduleTime time
  lastSuccessfulTime time
 kind Job: Runs pods until they succeed.
  spec JobSpec: What is wanted.
  status JobStatus: What was last observed; written by the system.
 type JobCondition
  lastProbeTime time: When it was last checked.
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type JobSpec
  activeDeadlineSeconds int64
  backoffLimit int32
  backoffLimitPerIndex int32
  completionMode string
  completions int32
  managedBy string
  manualSelector bool
  maxFailedIndexes int32
  parallelism int32
  podFailurePolicy PodFailurePolicy
  podReplacementPolicy string
  selector meta.v1.LabelSelector
  successPolicy SuccessPolicy
  suspend bool
  template! core.v1.PodTemplateSpec
  ttlSecondsAfterFinished int32
 type JobStatus
  active int32
  completedIndexes string
  completionTime time
  conditions [type]JobCondition
  failed int32
  failedIndexes string
  ready int32
  startTime time
  succeeded int32
  terminating int32
  uncountedTerminatedPods UncountedTerminatedPods
 type JobTemplateSpec
  metadata meta.v1.ObjectMeta
  spec JobSpec
 type PodFailurePolicy
  rules! []PodFailurePolicyRule
 type PodFailurePolicyOnExitCodesRequirement
  containerName string
  operator! string: How key and values are compared.
  values! []int32
 type PodFailurePolicyOnPodConditionsPattern
  status string
  type! string
 type PodFailurePolicyRule
  action! string
  onExitCodes PodFailurePolicyOnExitCodesRequirement
  onPodConditions []PodFailurePolicyOnPodConditionsPattern
 type SuccessPolicy
  rules! []SuccessPolicyRule
 type SuccessPolicyRule
  succeededCount int32
  succeededIndexes string
 type UncountedTerminatedPods
  failed []string
  succeeded []string
io.k8s.api.certificates.v1
 kind CertificateSigningRequest: Asks for a certificate.
  spec! CertificateSigningRequestSpec: What is wanted.
  status CertificateSigningRequestStatus: What was last observed; written by the system.
 type CertificateSigningRequestCondition
  lastTransitionTime time: When the status last changed.
  lastUpdateTime time
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type CertificateSigningRequestSpec
  expirationSeconds int32
  extra {}[]string
  groups []string
  request! bytes
  signerName! string
  uid string
  usages []string
  username string
 type CertificateSigningRequestStatus
  certificate bytes
  conditions []CertificateSigningRequestCondition
io.k8s.api.certificates.v1alpha1
 kind ClusterTrustBundle
  spec! ClusterTrustBundleSpec: What is wanted.
 type ClusterTrustBundleSpec
  signerName string
  trustBundle! string
io.k8s.api.coordination.v1
 kind Lease: Says who holds something, and for how long.
  spec LeaseSpec: What is wanted.
 type LeaseSpec: Who holds the lease, and for how long.
  acquireTime microtime: When it was taken.
  holderIdentity string: Who holds it.
  leaseDurationSeconds int32: How long it is held without being renewed.
  leaseTransitions int32: How often the holder changed.
  preferredHolder string: Who should hold it next.
  renewTime microtime: When it was last renewed.
  strategy string: How the holder is chosen.
io.k8s.api.discovery.v1
 type Endpoint
  addresses! []string
  conditions EndpointConditions
  deprecatedTopology {}string
  hints EndpointHints
  hostname string
  nodeName string
  targetRef core.v1.ObjectReference
  zone string
 type EndpointConditions
  ready bool
  serving bool
  terminating bool
 type EndpointHints
  forNodes []ForNode
  forZones []ForZone
 type EndpointPort
  appProtocol string
  name string
  port int32
  protocol string
 kind EndpointSlice: Part of the addresses at which a service is found.
  addressType! string: IPv4, IPv6 or FQDN.
  endpoints []Endpoint: The endpoints, at most 1000.
  ports []EndpointPort: The ports that each endpoint offers, at most 100.
 type ForNode
  name! string
 type ForZone
  name! string
io.k8s.api.events.v1
 kind Event: Reports something that happened to an object.
  action string: What was done or failed.
  deprecatedCount int32: As in events of v1.
  deprecatedFirstTimestamp time: As in events of v1.
  deprecatedLastTimestamp time: As in events of v1.
  deprecatedSource core.v1.EventSource: As in events of v1.
  eventTime! microtime: When it was first seen, exactly.
  note string: What happened, for people.
  reason string: Why it happened, in a word for programs.
  regarding core.v1.ObjectReference: The object this event is about.
  related core.v1.ObjectReference: Another object that has part in it.
  reportingController string: The controller that reports.
  reportingInstance string: Which instance of it.
  series EventSeries: Of a repeated event: how often and when last.
  type string: Normal or Warning.
 type EventSeries
  count! int32
  lastObservedTime! microtime
io.k8s.api.flowcontrol.v1beta2
 type ExemptPriorityLevelConfiguration
  lendablePercent int32
  nominalConcurrencyShares int32
 type FlowDistinguisherMethod
  type! string
 kind FlowSchema: Which requests belong to a priority level.
  spec FlowSchemaSpec: What is wanted.
  status FlowSchemaStatus: What was last observed; written by the system.
 type FlowSchemaCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status string
  type string
 type FlowSchemaSpec
  distinguisherMethod FlowDistinguisherMethod
  matchingPrecedence int32
  priorityLevelConfiguration! PriorityLevelConfigurationReference
  rules []PolicyRulesWithSubjects
 type FlowSchemaStatus
  conditions []FlowSchemaCondition
 type GroupSubject
  name! string
 type LimitResponse
  queuing QueuingConfiguration
  type! string
 type LimitedPriorityLevelConfiguration
  assuredConcurrencyShares int32
  borrowingLimitPercent int32
  lendablePercent int32
  limitResponse LimitResponse
 type NonResourcePolicyRule
  nonResourceURLs! []string
  verbs! []string
 type PolicyRulesWithSubjects
  nonResourceRules []NonResourcePolicyRule
  resourceRules []ResourcePolicyRule
  subjects! []Subject
 kind PriorityLevelConfiguration: How requests of a priority level are served.
  spec PriorityLevelConfigurationSpec: What is wanted.
  status PriorityLevelConfigurationStatus: What was last observed; written by the system.
 type PriorityLevelConfigurationCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status string
  type string
 type PriorityLevelConfigurationReference
  name! string
 type PriorityLevelConfigurationSpec
  exempt ExemptPriorityLevelConfiguration
  limited LimitedPriorityLevelConfiguration
  type! string
 type PriorityLevelConfigurationStatus
  conditions []PriorityLevelConfigurationCondition
 type QueuingConfiguration
  handSize int32
  queueLengthLimit int32
  queues int32
 type ResourcePolicyRule
  apiGroups! []string
  clusterScope bool
  namespaces []string
  resources! []string
  verbs! []string
 type ServiceAccountSubject
  name! string
  namespace! string
 type Subject
  group GroupSubject
  kind! string
  serviceAccount ServiceAccountSubject
  user UserSubject
 type UserSubject
  name! string
io.k8s.api.flowcontrol.v1beta3
 type ExemptPriorityLevelConfiguration
  lendablePercent int32
  nominalConcurrencyShares int32
 type FlowDistinguisherMethod
  type! string
 kind FlowSchema: Which requests belong to a priority level.
  spec FlowSchemaSpec: What is wanted.
  status FlowSchemaStatus: What was last observed; written by the system.
 type FlowSchemaCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status string
  type string
 type FlowSchemaSpec
  distinguisherMethod FlowDistinguisherMethod
  matchingPrecedence int32
  priorityLevelConfiguration! PriorityLevelConfigurationReference
  rules []PolicyRulesWithSubjects
 type FlowSchemaStatus
  conditions [type]FlowSchemaCondition
 type GroupSubject
  name! string
 type LimitResponse
  queuing QueuingConfiguration
  type! string
 type LimitedPriorityLevelConfiguration
  borrowingLimitPercent int32
  lendablePercent int32
  limitResponse LimitResponse
  nominalConcurrencyShares int32
 type NonResourcePolicyRule
  nonResourceURLs! []string
  verbs! []string
 type PolicyRulesWithSubjects
  nonResourceRules []NonResourcePolicyRule
  resourceRules []ResourcePolicyRule
  subjects! []Subject
 kind PriorityLevelConfiguration: How requests of a priority level are served.
  spec PriorityLevelConfigurationSpec: What is wanted.
  status PriorityLevelConfigurationStatus: What was last observed; written by the system.
 type PriorityLevelConfigurationCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status string
  type string
 type PriorityLevelConfigurationReference
  name! string
 type PriorityLevelConfigurationSpec
  exempt ExemptPriorityLevelConfiguration
  limited LimitedPriorityLevelConfiguration
  type! string
 type PriorityLevelConfigurationStatus
  conditions [type]PriorityLevelConfigurationCondition
 type QueuingConfiguration
  handSize int32
  queueLengthLimit int32
  queues int32
 type ResourcePolicyRule
  apiGroups! []string
  clusterScope bool
  namespaces []string
  resources! []string
  verbs! []string
 type ServiceAccountSubject
  name! string
  namespace! string
 type Subject
  group GroupSubject
  kind! string
  serviceAccount ServiceAccountSubject
  user UserSubject
 type UserSubject
  name! string
io.k8s.api.networking.v1
 type HTTPIngressPath
  backend! IngressBackend
  path string
  pathType! string
 type HTTPIngressRuleValue
  paths! []HTTPIngressPath
 type IPBlock
  cidr! string
  except []string
 kind Ingress: Rules by which requests from outside reach services.
  spec IngressSpec: What is wanted.
  status IngressStatus: What was last observed; written by the system.
 type IngressBackend
  resource core.v1.TypedLocalObjectReference
  service IngressServiceBackend
 kind IngressClass: Who serves a class of ingresses.
  spec IngressClassSpec: What is wanted.
 type IngressClassParametersReference
  apiGroup string
  kind! string
  name! string
  namespace string
  scope string
 type IngressClassSpec
  controller string
  parameters IngressClassParametersReference
 type IngressLoadBalancerIngress
  hostname string
  ip string
  ports []IngressPortStatus
 type IngressLoadBalancerStatus
  ingress []IngressLoadBalancerIngress
 type IngressPortStatus
  error string
  port! int32
  protocol! string
 type IngressRule
  host string
  http HTTPIngressRuleValue
 type IngressServiceBackend
  name! string
  port ServiceBackendPort
 type IngressSpec
  defaultBackend IngressBackend
  ingressClassName string
  rules []IngressRule
  tls []IngressTLS
 type IngressStatus
  loadBalancer IngressLoadBalancerStatus
 type IngressTLS
  hosts []string
  secretName string
 kind NetworkPolicy: Which traffic a set of pods may have.
  spec NetworkPolicySpec: What is wanted.
  status NetworkPolicyStatus: Up to Kubernetes 1.27.
 type NetworkPolicyEgressRule
  ports []NetworkPolicyPort
  to []NetworkPolicyPeer
 type NetworkPolicyIngressRule
  from []NetworkPolicyPeer
  ports []NetworkPolicyPort
 type NetworkPolicyPeer
  ipBlock IPBlock
  namespaceSelector meta.v1.LabelSelector
  podSelector meta.v1.LabelSelector
 type NetworkPolicyPort
  endPort int32
  port intstr
  protocol string
 type NetworkPolicySpec
  egress []NetworkPolicyEgressRule
  ingress []NetworkPolicyIngressRule
  podSelector meta.v1.LabelSelector
  policyTypes []string
 type NetworkPolicyStatus
  conditions [type]meta.v1.Condition
 type ServiceBackendPort
  name string
  number int32
io.k8s.api.networking.v1alpha1
 kind ClusterCIDR
  spec ClusterCIDRSpec: What is wanted.
 type ClusterCIDRSpec
  ipv4 string
  ipv6 string
  nodeSelector core.v1.NodeSelector
  perNodeHostBits! int32
 kind IPAddress
  spec IPAddressSpec: What is wanted.
 type IPAddressSpec
  parentRef ParentReference
 type ParentReference
  group string
  name string
  namespace string
  resource string
  uid string
io.k8s.api.node.v1
 type Overhead
  podFixed {}quantity
 kind RuntimeClass: A way to run containers.
  handler! string: The runtime handler of the node that runs these pods.
  overhead Overhead: What a pod costs beside its containers.
  scheduling Scheduling: Which nodes can run these pods.
 type Scheduling
  nodeSelector {}string
  tolerations []core.v1.Toleration
io.k8s.api.policy.v1
 kind PodDisruptionBudget: How many pods may be taken away at a time.
  spec PodDisruptionBudgetSpec: What is wanted.
  status PodDisruptionBudgetStatus: What was last observed; written by the system.
 type PodDisruptionBudgetSpec
  maxUnavailable intstr
  minAvailable intstr
  selector meta.v1.LabelSelector
  unhealthyPodEvictionPolicy string
 type PodDisruptionBudgetStatus
  conditions [type]meta.v1.Condition
  currentHealthy int32
  desiredHealthy int32
  disruptedPods {}time
  disruptionsAllowed int32
  expectedPods int32
  observedGeneration int64: The generation of the object that this is about.
io.k8s.api.rbac.v1
 type AggregationRule
  clusterRoleSelectors []meta.v1.LabelSelector
 kind ClusterRole: A set of permissions for the whole cluster.
  aggregationRule AggregationRule: Selects the cluster roles whose rules make up this one's.
  rules []PolicyRule: What is permitted.
 kind ClusterRoleBinding: Gives a cluster role to subjects.
  roleRef! RoleRef: The role; it cannot be changed.
  subjects []Subject: Users, groups and service accounts who are given the role.
 type PolicyRule
  apiGroups []string
  nonResourceURLs []string
  resourceNames []string
  resources []string
  verbs! []string
 kind Role: A set of permissions in a namespace.
  rules []PolicyRule: What is permitted.
 kind RoleBinding: Gives a role to subjects, in a namespace.
  roleRef! RoleRef: The role; it cannot be changed.
  subjects []Subject: Users, groups and service accounts who are given the role.
 type RoleRef
  apiGroup string
  kind! string
  name! string
 type Subject
  apiGroup string
  kind! string
  name! string
  namespace string
io.k8s.api.resource.v1alpha2
 type AllocationResult
  availableOnNodes core.v1.NodeSelector
  resourceHandles []ResourceHandle
  shareable bool
 type DriverAllocationResult
  namedResources NamedResourcesAllocationResult
  vendorRequestParameters object
 type NamedResourcesAllocationResult
  name! string
 kind PodSchedulingContext
  spec! PodSchedulingContextSpec: What is wanted.
  status PodSchedulingContextStatus: What was last observed; written by the system.
 type PodSchedulingContextSpec
  potentialNodes []string
  selectedNode string
 type PodSchedulingContextStatus
  resourceClaims []ResourceClaimSchedulingStatus
 kind ResourceClaim
  spec! ResourceClaimSpec: What is wanted.
  status ResourceClaimStatus: What was last observed; written by the system.
 type ResourceClaimConsumerReference
  apiGroup string
  name! string
  resource! string
  uid! string
 type ResourceClaimParametersReference
  apiGroup string
  kind! string
  name! string
 type ResourceClaimSchedulingStatus
  name string
  unsuitableNodes []string
 type ResourceClaimSpec
  allocationMode string
  parametersRef ResourceClaimParametersReference
  resourceClassName! string
 type ResourceClaimStatus
  allocation AllocationResult
  deallocationRequested bool
  driverName string
  reservedFor [uid]ResourceClaimConsumerReference
 kind ResourceClaimTemplate
  spec! ResourceClaimTemplateSpec: What is wanted.
 type ResourceClaimTemplateSpec
  metadata meta.v1.ObjectMeta
  spec! ResourceClaimSpec
 kind ResourceClass
  driverName! string
  parametersRef ResourceClassParametersReference
  structuredParameters bool
  suitableNodes core.v1.NodeSelector
 type ResourceClassParametersReference
  apiGroup string
  kind! string
  name! string
  namespace string
 type ResourceHandle
  data string
  driverName string
  structuredData StructuredResourceHandle
 type StructuredResourceHandle
  nodeName string
  results! []DriverAllocationResult
  vendorClaimParameters object
  vendorClassParameters object
io.k8s.api.scheduling.v1
 kind PriorityClass: A name for a priority of pods.
  description string: When to use this class.
  globalDefault bool: Whether pods without a class belong to this one.
  preemptionPolicy string: PreemptLowerPriority or Never.
  value int32: The priority that pods of this class get.
io.k8s.api.storage.v1
 kind CSIDriver: What a CSI volume driver can do.
  spec! CSIDriverSpec: What is wanted.
 type CSIDriverSpec
  attachRequired bool
  fsGroupPolicy string
  nodeAllocatableUpdatePeriodSeconds int64
  podInfoOnMount bool
  preventPodSchedulingIfMissing bool
  requiresRepublish bool
  seLinuxMount bool
  serviceAccountTokenInSecrets bool
  storageCapacity bool
  tokenRequests []TokenRequest
  volumeLifecycleModes []string
 kind CSINode: The CSI drivers of a node.
  spec! CSINodeSpec: What is wanted.
 type CSINodeDriver
  allocatable VolumeNodeResources
  name! string
  nodeID! string
  topologyKeys []string
 type CSINodeSpec
  drivers! [name]CSINodeDriver
 kind CSIStorageCapacity: How much storage there is for a class and place.
  capacity quantity: How much there is.
  maximumVolumeSize quantity: The largest volume that can be made.
  nodeTopology meta.v1.LabelSelector: The nodes it is about.
  storageClassName! string: The storage class it is about.
 kind StorageClass: A class of storage from which volumes are made.
  allowVolumeExpansion bool: Whether volumes can grow.
  allowedTopologies []core.v1.TopologySelectorTerm: Where volumes can be made.
  mountOptions []string: Mount options of the volumes.
  parameters {}string: What the provisioner is told.
  provisioner! string: Who makes the volumes.
  reclaimPolicy string: Delete or Retain: what becomes of a volume without its claim.
  volumeBindingMode string: Immediate or WaitForFirstConsumer.
 type TokenRequest
  audience! string
  expirationSeconds int64
 kind VolumeAttachment: Attaches a volume to a node.
  spec! VolumeAttachmentSpec: What is wanted.
  status VolumeAttachmentStatus: What was last observed; written by the system.
 type VolumeAttachmentSource
  inlineVolumeSpec core.v1.PersistentVolumeSpec
  persistentVolumeName string
 type VolumeAttachmentSpec
  attacher! string
  nodeName! string
  source! VolumeAttachmentSource
 type VolumeAttachmentStatus
  attachError VolumeError
  attached! bool
  attachmentMetadata {}string
  detachError VolumeError
 type VolumeError
  errorCode int32
  message string: What happened, for people.
  time time
 type VolumeNodeResources
  count int32
io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
 type CustomResourceColumnDefinition
  description string
  format string
  jsonPath! string
  name! string
  priority int32
  type! string
 type CustomResourceConversion
  strategy! string
  webhook WebhookConversion
 kind CustomResourceDefinition: Adds a resource to the API.
  spec! CustomResourceDefinitionSpec: What is wanted.
  status CustomResourceDefinitionStatus: What was last observed; written by the system.
 type CustomResourceDefinitionCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  observedGeneration int64: The generation of the object that this is about.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type CustomResourceDefinitionNames
  categories []string
  kind! string
  listKind string
  plural! string
  shortNames []string
  singular string
 type CustomResourceDefinitionSpec: The resource that is added.
  conversion CustomResourceConversion: How versions are converted.
  group! string: Group of the resource.
  names! CustomResourceDefinitionNames: Its names.
  preserveUnknownFields bool: Must be false.
  scope! string: Namespaced or Cluster.
  versions! []CustomResourceDefinitionVersion: Its versions.
 type CustomResourceDefinitionStatus
  acceptedNames CustomResourceDefinitionNames
  conditions []CustomResourceDefinitionCondition
  observedGeneration int64: The generation of the object that this is about.
  storedVersions []string
 type CustomResourceDefinitionVersion
  additionalPrinterColumns []CustomResourceColumnDefinition: Columns of tables.
  deprecated bool
  deprecationWarning string
  name! string: Name of the version, such as v1.
  schema CustomResourceValidation: Fields of the objects.
  selectableFields []SelectableField
  served! bool: Whether the API has it.
  storage! bool: Whether objects are stored in it.
  subresources CustomResourceSubresources: Whether status and scale have paths of their own.
 type CustomResourceSubresourceScale
  labelSelectorPath string
  specReplicasPath! string
  statusReplicasPath! string
 type CustomResourceSubresources
  scale CustomResourceSubresourceScale
  status object
 type CustomResourceValidation
  openAPIV3Schema JSONSchemaProps
 type ExternalDocumentation
  description string
  url string
 type JSONSchemaProps
  $ref string
  $schema string
  additionalItems any
  additionalProperties any
  allOf []JSONSchemaProps
  anyOf []JSONSchemaProps
  default any
  definitions {}JSONSchemaProps
  dependencies {}any
  description string
  enum []any
  example any
  exclusiveMaximum bool
  exclusiveMinimum bool
  externalDocs ExternalDocumentation
  format string
  id string
  items any
  maxItems int64
  maxLength int64
  maxProperties int64
  maximum double
  minItems int64
  minLength int64
  minProperties int64
  minimum double
  multipleOf double
  not JSONSchemaProps
  nullable bool
  oneOf []JSONSchemaProps
  pattern string
  patternProperties {}JSONSchemaProps
  properties {}JSONSchemaProps
  required []string
  title string
  type string
  uniqueItems bool
  x-kubernetes-embedded-resource bool
  x-kubernetes-int-or-string bool
  x-kubernetes-list-map-keys []string
  x-kubernetes-list-type string
  x-kubernetes-map-type string
  x-kubernetes-preserve-unknown-fields bool
  x-kubernetes-validations [rule]ValidationRule
 type SelectableField
  jsonPath! string
 type ServiceReference
  name! string
  namespace! string
  path string
  port int32
 type ValidationRule
  fieldPath string
  message string: What happened, for people.
  messageExpression string
  optionalOldSelf bool
  reason string: Why, in a word for programs.
  rule! string
 type WebhookClientConfig
  caBundle bytes
  service ServiceReference
  url string
 type WebhookConversion
  clientConfig WebhookClientConfig
  conversionReviewVersions! []string
io.k8s.kube-aggregator.pkg.apis.apiregistration.v1
 kind APIService: The server of a group and version of the API.
  spec APIServiceSpec: What is wanted.
  status APIServiceStatus: What was last observed; written by the system.
 type APIServiceCondition
  lastTransitionTime time: When the status last changed.
  message string: What happened, for people.
  reason string: Why, in a word for programs.
  status! string
  type! string
 type APIServiceSpec
  caBundle bytes
  group string
  groupPriorityMinimum! int32
  insecureSkipTLSVerify bool
  service ServiceReference
  version string
  versionPriority! int32
 type APIServiceStatus
  conditions [type]APIServiceCondition
 type ServiceReference
  name string
  namespace string
  port int32
)";

}  // namespace edgecore::metaserver
