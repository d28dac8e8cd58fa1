# SPDX-License-Identifier: Apache-2.0
"""Pods that this node cannot run or read have a reason in their status and end within seconds of their deletion, also one whose
sandbox cannot be made; the readable containers of such a pod run. A mount inside a ConfigMap finds its mount point."""
from node import Node, pod, wait

GRACE = {"terminationGracePeriodSeconds": 1}


def told(node, name):
    """Reason and message of the first container that waits, or of the pod."""
    status = (node.get(name) or {}).get("status", {})
    for one in status.get("containerStatuses") or []:
        waiting = one["state"].get("waiting") or {}
        if waiting.get("message"):
            return waiting["reason"] + ": " + waiting["message"]
    return status.get("message", "")


with Node() as node:
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore()
    node.wait_ready()

    newer = {"env": [{"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "env", "key": "A"}}}]}
    path = pod("path", volumes=[{"name": "v", "hostPath": {"path": "srv/data"}}],
               container={"volumeMounts": [{"name": "v", "mountPath": "/data"}]}, **GRACE)
    half = pod("half", volumes=[{"name": "v", "emptyDir": {}}], container=newer, **GRACE)
    half["spec"]["containers"].append({**pod("x")["spec"]["containers"][0], "name": "good"})
    host = pod("host-name", subdomain="s" * 60, setHostnameAsFQDN=True, **GRACE)
    alias = pod("alias", hostAliases=[{"ip": "192.0.2.300", "hostnames": ["x"]}], **GRACE)
    group = pod("group", securityContext={"runAsGroup": 1000}, **GRACE)
    expected = {"path": "absolute path", "half": "valueFrom", "host-name": "longer than", "alias": "hostAliases[0].ip",
                "group": "user"}
    node.apply(path, half, host, alias, group)
    for name, part in expected.items():
        wait(f"pod {name} says {part}", lambda: part in told(node, name), 20)
        print(f"{name}: {told(node, name)}")
    wait("the readable container of half runs", lambda: any(
        one["name"] == "good" and "running" in one["state"] for one in node.get("half")["status"]["containerStatuses"]), 20)
    for name in expected:
        node.delete(name)
    for name in expected:
        node.wait_gone(name, 8)

    node.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default"}, "data": {"key": "value"}})
    node.apply(pod("nested", command="cat /app/key; echo x > /app/cache/files/f && sleep 3600",
                   volumes=[{"name": "m", "configMap": {"name": "m"}}, {"name": "v", "emptyDir": {}}],
                   container={"volumeMounts": [{"name": "m", "mountPath": "/app"}, {"name": "v", "mountPath": "/app/cache/files"}]}))
    node.wait_pod_ready("nested")
    wait("the file is in the inner volume", lambda: (node.volume("nested", "empty-dir", "v") / "f").exists(), 10)
