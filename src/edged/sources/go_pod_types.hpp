// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore::edged {

/// The Go type of a Pod in agent v1.17, as far as a static pod's UID depends on it. One type a line
/// (continued by indentation), with its fields in order as `Name:type`. If the JSON member has another name
/// than the field with a small first letter: `Name=member:type`; member "." = the same object. Types that are
/// not listed are strings, or volume plugins that no edge node has. Do not change it: an added field would
/// give every static pod another UID.
inline constexpr std::string_view kGoPodTypes = R"(
core.Pod TypeMeta=.:v1.TypeMeta ObjectMeta=metadata:v1.ObjectMeta Spec:core.PodSpec Status:core.PodStatus
v1.TypeMeta Kind:string APIVersion=apiVersion:string
v1.ObjectMeta Name:string GenerateName:string Namespace:string SelfLink:string UID=uid:types.UID
  ResourceVersion:string Generation:int64 CreationTimestamp:v1.Time DeletionTimestamp:*v1.Time
  DeletionGracePeriodSeconds:*int64 Labels:map[string]string Annotations:map[string]string
  OwnerReferences:[]v1.OwnerReference Finalizers:[]string ManagedFields:[]v1.ManagedFieldsEntry
core.PodSpec Volumes:[]core.Volume InitContainers:[]core.Container Containers:[]core.Container
  EphemeralContainers:[]core.EphemeralContainer RestartPolicy:core.RestartPolicy
  TerminationGracePeriodSeconds:*int64 ActiveDeadlineSeconds:*int64 DNSPolicy=dnsPolicy:core.DNSPolicy
  NodeSelector:map[string]string ServiceAccountName:string AutomountServiceAccountToken:*bool
  NodeName:string SecurityContext:*core.PodSecurityContext ImagePullSecrets:[]core.LocalObjectReference
  Hostname:string Subdomain:string SetHostnameAsFQDN:*bool Affinity:*core.Affinity SchedulerName:string
  Tolerations:[]core.Toleration HostAliases:[]core.HostAlias PriorityClassName:string Priority:*int32
  PreemptionPolicy:*core.PreemptionPolicy DNSConfig=dnsConfig:*core.PodDNSConfig
  ReadinessGates:[]core.PodReadinessGate RuntimeClassName:*string Overhead:core.ResourceList
  EnableServiceLinks:*bool TopologySpreadConstraints:[]core.TopologySpreadConstraint OS=os:*core.PodOS
  SchedulingGates:[]core.PodSchedulingGate ResourceClaims:[]core.PodResourceClaim
core.Volume Name:string VolumeSource=.:core.VolumeSource
core.VolumeSource HostPath:*core.HostPathVolumeSource EmptyDir:*core.EmptyDirVolumeSource
  GCEPersistentDisk=gcePersistentDisk:*core.GCEPersistentDiskVolumeSource
  AWSElasticBlockStore=awsElasticBlockStore:*core.AWSElasticBlockStoreVolumeSource
  GitRepo:*core.GitRepoVolumeSource Secret:*core.SecretVolumeSource NFS=nfs:*core.NFSVolumeSource
  ISCSI=iscsi:*core.ISCSIVolumeSource Glusterfs:*core.GlusterfsVolumeSource
  PersistentVolumeClaim:*core.PersistentVolumeClaimVolumeSource RBD=rbd:*core.RBDVolumeSource
  Quobyte:*core.QuobyteVolumeSource FlexVolume:*core.FlexVolumeSource Cinder:*core.CinderVolumeSource
  CephFS=cephfs:*core.CephFSVolumeSource Flocker:*core.FlockerVolumeSource
  DownwardAPI:*core.DownwardAPIVolumeSource FC=fc:*core.FCVolumeSource AzureFile:*core.AzureFileVolumeSource
  ConfigMap:*core.ConfigMapVolumeSource VsphereVolume:*core.VsphereVirtualDiskVolumeSource
  AzureDisk:*core.AzureDiskVolumeSource PhotonPersistentDisk:*core.PhotonPersistentDiskVolumeSource
  Projected:*core.ProjectedVolumeSource PortworxVolume:*core.PortworxVolumeSource
  ScaleIO:*core.ScaleIOVolumeSource StorageOS=storageos:*core.StorageOSVolumeSource
  CSI=csi:*core.CSIVolumeSource Ephemeral:*core.EphemeralVolumeSource
core.HostPathVolumeSource Path:string Type:*core.HostPathType
core.EmptyDirVolumeSource Medium:core.StorageMedium SizeLimit:*resource.Quantity
core.SecretVolumeSource SecretName:string Items:[]core.KeyToPath DefaultMode:*int32 Optional:*bool
core.KeyToPath Key:string Path:string Mode:*int32
core.NFSVolumeSource Server:string Path:string ReadOnly:bool
core.PersistentVolumeClaimVolumeSource ClaimName:string ReadOnly:bool
core.DownwardAPIVolumeSource Items:[]core.DownwardAPIVolumeFile DefaultMode:*int32
core.DownwardAPIVolumeFile Path:string FieldRef:*core.ObjectFieldSelector
  ResourceFieldRef:*core.ResourceFieldSelector Mode:*int32
core.ObjectFieldSelector APIVersion=apiVersion:string FieldPath:string
core.ResourceFieldSelector ContainerName:string Resource:string Divisor:resource.Quantity
core.ConfigMapVolumeSource LocalObjectReference=.:core.LocalObjectReference Items:[]core.KeyToPath
  DefaultMode:*int32 Optional:*bool
core.LocalObjectReference Name:string
core.ProjectedVolumeSource Sources:[]core.VolumeProjection DefaultMode:*int32
core.VolumeProjection Secret:*core.SecretProjection DownwardAPI:*core.DownwardAPIProjection
  ConfigMap:*core.ConfigMapProjection ServiceAccountToken:*core.ServiceAccountTokenProjection
core.SecretProjection LocalObjectReference=.:core.LocalObjectReference Items:[]core.KeyToPath Optional:*bool
core.DownwardAPIProjection Items:[]core.DownwardAPIVolumeFile
core.ConfigMapProjection LocalObjectReference=.:core.LocalObjectReference Items:[]core.KeyToPath
  Optional:*bool
core.ServiceAccountTokenProjection Audience:string ExpirationSeconds:int64 Path:string
core.CSIVolumeSource Driver:string ReadOnly:*bool FSType=fsType:*string VolumeAttributes:map[string]string
  NodePublishSecretRef:*core.LocalObjectReference
core.Container Name:string Image:string Command:[]string Args:[]string WorkingDir:string
  Ports:[]core.ContainerPort EnvFrom:[]core.EnvFromSource Env:[]core.EnvVar
  Resources:core.ResourceRequirements ResizePolicy:[]core.ContainerResizePolicy
  RestartPolicy:*core.ContainerRestartPolicy VolumeMounts:[]core.VolumeMount
  VolumeDevices:[]core.VolumeDevice LivenessProbe:*core.Probe ReadinessProbe:*core.Probe
  StartupProbe:*core.Probe Lifecycle:*core.Lifecycle TerminationMessagePath:string
  TerminationMessagePolicy:core.TerminationMessagePolicy ImagePullPolicy:core.PullPolicy
  SecurityContext:*core.SecurityContext Stdin:bool StdinOnce:bool TTY=tty:bool
core.ContainerPort Name:string HostPort:int32 ContainerPort:int32 Protocol:core.Protocol HostIP:string
core.EnvFromSource Prefix:string ConfigMapRef:*core.ConfigMapEnvSource SecretRef:*core.SecretEnvSource
core.ConfigMapEnvSource LocalObjectReference=.:core.LocalObjectReference Optional:*bool
core.SecretEnvSource LocalObjectReference=.:core.LocalObjectReference Optional:*bool
core.EnvVar Name:string Value:string ValueFrom:*core.EnvVarSource
core.EnvVarSource FieldRef:*core.ObjectFieldSelector ResourceFieldRef:*core.ResourceFieldSelector
  ConfigMapKeyRef:*core.ConfigMapKeySelector SecretKeyRef:*core.SecretKeySelector
core.ConfigMapKeySelector LocalObjectReference=.:core.LocalObjectReference Key:string Optional:*bool
core.SecretKeySelector LocalObjectReference=.:core.LocalObjectReference Key:string Optional:*bool
core.ResourceRequirements Limits:core.ResourceList Requests:core.ResourceList Claims:[]core.ResourceClaim
core.ResourceClaim Name:string
core.ContainerResizePolicy ResourceName:core.ResourceName RestartPolicy:core.ResourceResizeRestartPolicy
core.VolumeMount Name:string ReadOnly:bool MountPath:string SubPath:string
  MountPropagation:*core.MountPropagationMode SubPathExpr:string
core.VolumeDevice Name:string DevicePath:string
core.Probe ProbeHandler=.:core.ProbeHandler InitialDelaySeconds:int32 TimeoutSeconds:int32
  PeriodSeconds:int32 SuccessThreshold:int32 FailureThreshold:int32 TerminationGracePeriodSeconds:*int64
core.ProbeHandler Exec:*core.ExecAction HTTPGet=httpGet:*core.HTTPGetAction
  TCPSocket=tcpSocket:*core.TCPSocketAction GRPC=grpc:*core.GRPCAction
core.ExecAction Command:[]string
core.HTTPGetAction Path:string Port:intstr.IntOrString Host:string Scheme:core.URIScheme
  HTTPHeaders=httpHeaders:[]core.HTTPHeader
core.HTTPHeader Name:string Value:string
core.TCPSocketAction Port:intstr.IntOrString Host:string
core.GRPCAction Port:int32 Service:*string
core.Lifecycle PostStart:*core.LifecycleHandler PreStop:*core.LifecycleHandler
core.LifecycleHandler Exec:*core.ExecAction HTTPGet=httpGet:*core.HTTPGetAction
  TCPSocket=tcpSocket:*core.TCPSocketAction
core.SecurityContext Capabilities:*core.Capabilities Privileged:*bool
  SELinuxOptions=seLinuxOptions:*core.SELinuxOptions WindowsOptions:*core.WindowsSecurityContextOptions
  RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool ReadOnlyRootFilesystem:*bool
  AllowPrivilegeEscalation:*bool ProcMount:*core.ProcMountType SeccompProfile:*core.SeccompProfile
core.Capabilities Add:[]core.Capability Drop:[]core.Capability
core.SELinuxOptions User:string Role:string Type:string Level:string
core.WindowsSecurityContextOptions GMSACredentialSpecName=gmsaCredentialSpecName:*string
  GMSACredentialSpec=gmsaCredentialSpec:*string RunAsUserName:*string HostProcess:*bool
core.SeccompProfile Type:core.SeccompProfileType LocalhostProfile:*string
core.PodSecurityContext HostNetwork:bool HostPID:bool HostIPC:bool ShareProcessNamespace:*bool
  HostUsers:*bool SELinuxOptions=seLinuxOptions:*core.SELinuxOptions
  WindowsOptions:*core.WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool
  SupplementalGroups:[]int64 FSGroup=fsGroup:*int64
  FSGroupChangePolicy=fsGroupChangePolicy:*core.PodFSGroupChangePolicy Sysctls:[]core.Sysctl
  SeccompProfile:*core.SeccompProfile
core.Sysctl Name:string Value:string
core.Affinity NodeAffinity:*core.NodeAffinity PodAffinity:*core.PodAffinity
  PodAntiAffinity:*core.PodAntiAffinity
core.NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*core.NodeSelector
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.PreferredSchedulingTerm
core.NodeSelector NodeSelectorTerms:[]core.NodeSelectorTerm
core.NodeSelectorTerm MatchExpressions:[]core.NodeSelectorRequirement
  MatchFields:[]core.NodeSelectorRequirement
core.NodeSelectorRequirement Key:string Operator:core.NodeSelectorOperator Values:[]string
core.PreferredSchedulingTerm Weight:int32 Preference:core.NodeSelectorTerm
core.PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm
core.PodAffinityTerm LabelSelector:*v1.LabelSelector Namespaces:[]string TopologyKey:string
  NamespaceSelector:*v1.LabelSelector
v1.LabelSelector MatchLabels:map[string]string MatchExpressions:[]v1.LabelSelectorRequirement
v1.LabelSelectorRequirement Key:string Operator:v1.LabelSelectorOperator Values:[]string
core.WeightedPodAffinityTerm Weight:int32 PodAffinityTerm:core.PodAffinityTerm
core.PodAntiAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm
core.Toleration Key:string Operator:core.TolerationOperator Value:string Effect:core.TaintEffect
  TolerationSeconds:*int64
core.HostAlias IP=ip:string Hostnames:[]string
core.PodDNSConfig Nameservers:[]string Searches:[]string Options:[]core.PodDNSConfigOption
core.PodDNSConfigOption Name:string Value:*string
core.PodReadinessGate ConditionType:core.PodConditionType
core.TopologySpreadConstraint MaxSkew:int32 TopologyKey:string
  WhenUnsatisfiable:core.UnsatisfiableConstraintAction LabelSelector:*v1.LabelSelector MinDomains:*int32
  NodeAffinityPolicy:*core.NodeInclusionPolicy NodeTaintsPolicy:*core.NodeInclusionPolicy
  MatchLabelKeys:[]string
core.PodOS Name:core.OSName
core.PodSchedulingGate Name:string
core.PodResourceClaim Name:string Source:core.ClaimSource
core.ClaimSource ResourceClaimName:*string ResourceClaimTemplateName:*string
core.PodStatus Phase:core.PodPhase Conditions:[]core.PodCondition Message:string Reason:string
  NominatedNodeName:string HostIP:string HostIPs:[]core.HostIP PodIPs:[]core.PodIP StartTime:*v1.Time
  QOSClass=qosClass:core.PodQOSClass InitContainerStatuses:[]core.ContainerStatus
  ContainerStatuses:[]core.ContainerStatus EphemeralContainerStatuses:[]core.ContainerStatus
  Resize:core.PodResizeStatus ResourceClaimStatuses:[]core.PodResourceClaimStatus
)";

}  // namespace edgecore::edged
