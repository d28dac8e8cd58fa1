// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/go_pod_text.hpp"

#include <gtest/gtest.h>

#include "edgecore/kube/defaults.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "edged/sources/static_pod.hpp"

// The UIDs were computed by the libraries of a Go agent v1.17.4 for a node "n" and a file "/f".

namespace edgecore::edged {
namespace {

Json defaulted(std::string_view yaml) {
  Json pod = kube::yaml_to_json(yaml);
  kube::apply_pod_defaults(pod);
  return pod;
}

constexpr const char* kSmall = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: c, image: nginx}]}
)";

constexpr const char* kUsual = R"(apiVersion: v1
kind: Pod
metadata: {name: web, labels: {b: "1", a: x}}
spec:
  hostNetwork: true
  serviceAccount: sa
  securityContext: {runAsUser: 5}
  containers:
  - name: c
    image: nginx
    ports: [{containerPort: 80}]
    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}},{name: B, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]
    resources: {limits: {cpu: 100m, memory: 64Mi, example.com/x: "1.5"}, requests: {cpu: "0.5", memory: 1e3}}
    livenessProbe: {httpGet: {port: http}}
    readinessProbe: {tcpSocket: {port: 80}}
  volumes:
  - name: v
    configMap: {name: m}
  - name: h
    hostPath: {path: /tmp}
  - name: e
    emptyDir: {sizeLimit: 1Gi}
)";

constexpr const char* kEverything = R"(apiVersion: v1
kind: Pod
metadata:
  name: full
  namespace: kube-system
  creationTimestamp: null
  labels: {tier: edge, app: x}
  annotations: {note: "a b", other: ""}
spec:
  priorityClassName: system-node-critical
  hostPID: true
  shareProcessNamespace: false
  automountServiceAccountToken: false
  activeDeadlineSeconds: 600
  terminationGracePeriodSeconds: 5
  nodeSelector: {disk: ssd}
  hostAliases: [{ip: 10.0.0.1, hostnames: [a, b]}]
  dnsPolicy: None
  dnsConfig: {nameservers: [1.1.1.1], options: [{name: ndots, value: "2"}, {name: edns0}]}
  securityContext: {runAsNonRoot: true, fsGroup: 10, supplementalGroups: [1, 2], sysctls: [{name: net.x, value: "1"}], seccompProfile: {type: RuntimeDefault}}
  tolerations: [{operator: Exists}, {key: k, value: v, effect: NoSchedule, tolerationSeconds: 3}]
  imagePullSecrets: [{name: pull}]
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: [x]}]}]
  initContainers:
  - {name: i, image: "busybox:1.36", command: [sh, -c, "echo hi"], resources: {limits: {memory: 100Mi}}}
  containers:
  - name: c
    image: reg.example.com:5000/team/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    imagePullPolicy: Never
    args: []
    workingDir: /w
    stdin: true
    tty: true
    envFrom: [{prefix: P_, configMapRef: {name: m, optional: true}}, {secretRef: {name: s}}]
    env: [{name: E}, {name: K, valueFrom: {configMapKeyRef: {name: m, key: k}}}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k, optional: false}}}, {name: D, valueFrom: {resourceFieldRef: {containerName: c, resource: limits.memory, divisor: 1Mi}}}]
    resources: {limits: {cpu: 2, memory: 1Gi, ephemeral-storage: 1000000}, requests: {cpu: 0.25, memory: 2e6}}
    ports: [{name: http, containerPort: 8080, hostPort: 80, hostIP: 127.0.0.1}, {containerPort: 53, protocol: UDP}]
    volumeMounts: [{name: a, mountPath: /a, readOnly: true, subPath: x, mountPropagation: HostToContainer}]
    livenessProbe: {exec: {command: [cat, /x]}, initialDelaySeconds: 3, timeoutSeconds: 7}
    readinessProbe: {grpc: {port: 5}, terminationGracePeriodSeconds: 4}
    startupProbe: {httpGet: {port: 80, path: /z, host: h, scheme: HTTPS, httpHeaders: [{name: A, value: b}]}, failureThreshold: 30}
    lifecycle: {postStart: {exec: {command: [x]}}, preStop: {httpGet: {port: http}}}
    securityContext: {privileged: true, capabilities: {add: [NET_ADMIN], drop: [ALL]}, runAsUser: 0, allowPrivilegeEscalation: true, seLinuxOptions: {level: s0}}
  - {name: d, image: localhost/x:latest, terminationMessagePolicy: FallbackToLogsOnError}
  volumes:
  - {name: a, emptyDir: {medium: Memory}}
  - {name: b, hostPath: {path: /dev, type: Directory}}
  - {name: s, secret: {secretName: s, items: [{key: k, path: p, mode: 0400}], optional: true}}
  - {name: nf, nfs: {server: s, path: /p}}
  - {name: p, persistentVolumeClaim: {claimName: c}}
  - {name: w, downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.labels}}]}}
  - name: j
    projected:
      defaultMode: 0600
      sources: [{serviceAccountToken: {path: token}}, {configMap: {name: m}}, {secret: {name: s}}, {downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.name}}]}}]
  - {name: none}
status: {}
)";

TEST(GoPodText, GivesTheUidsOfTheGoAgent) {
  EXPECT_EQ(go_static_pod_uid(defaulted(kSmall), "/f", "n"), "94c6ee8d19a3564c019905178f3c28da");
  EXPECT_EQ(go_static_pod_uid(defaulted(kUsual), "/f", "n"), "346b4acf96405570b6fc20454014bd24");
  EXPECT_EQ(go_static_pod_uid(defaulted(kEverything), "/f", "n"), "5590c4ccaab910d914ce1c37b5411f33");
  EXPECT_EQ(go_static_pod_uid(defaulted(kSmall), "/x/../f", "n"), "94c6ee8d19a3564c019905178f3c28da")
      << "paths are clean there";
}

TEST(GoPodText, IsTheUidOfStaticPods) {
  EXPECT_EQ(parse_static_pod(kSmall, "/f", "n")->uid, "94c6ee8d19a3564c019905178f3c28da");
  EXPECT_EQ(parse_static_pod(kEverything, "/f", "n")->uid, "5590c4ccaab910d914ce1c37b5411f33");
}

TEST(GoPodText, SaysWhatIsNotReproduced) {
  for (const char* spec : {"volumes: [{name: v, cephfs: {monitors: [a]}}]", "overhead: {cpu: 100u}",
                           "volumes: [{name: v, emptyDir: {sizeLimit: 1.5Gi}}]", "hostname: 5"}) {
    const Json pod = defaulted("metadata: {name: a}\nspec: {" + std::string(spec) + "}");
    EXPECT_EQ(go_pod_text(pod), std::nullopt) << spec;
  }
  EXPECT_EQ(
      go_pod_text(defaulted("metadata: {name: a, creationTimestamp: \"2024-01-01T00:00:00Z\"}\nspec: {}")),
      std::nullopt);
  const std::string with_status = std::string(kSmall) + "status: {phase: Running}\n";
  EXPECT_NE(parse_static_pod(with_status, "/f", "n")->uid, "94c6ee8d19a3564c019905178f3c28da");
  EXPECT_EQ(parse_static_pod(with_status, "/f", "n")->uid.size(), 32U);
}

}  // namespace
}  // namespace edgecore::edged
