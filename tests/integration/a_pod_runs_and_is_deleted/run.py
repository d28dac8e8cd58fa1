# SPDX-License-Identifier: Apache-2.0
"""A pod with a ConfigMap, a Secret, a token and probes becomes Ready, sees its files, and is gone after its deletion."""
from node import Node, pod, wait

with Node() as node:
    node.start()
    node.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cfg", "namespace": "default"}, "data": {"a": "one"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sec", "namespace": "default"}, "stringData": {"b": "two"}},
        pod("p1", command="echo started in $NODE; cat /cfg/a /sec/b; echo; trap exit TERM; while true; do sleep 1 & wait; done",
            container={"volumeMounts": [{"name": "cfg", "mountPath": "/cfg"}, {"name": "sec", "mountPath": "/sec"}],
                       "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
                       "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"memory": "32Mi"}},
                       "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1},
                       "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}},
            volumes=[{"name": "cfg", "configMap": {"name": "cfg"}}, {"name": "sec", "secret": {"secretName": "sec"}}]))
    took = node.wait_pod_ready("p1")
    print(f"create to Ready: {took:.2f} s")
    seen = node.get("p1")
    status = seen["status"]
    assert status["phase"] == "Running" and status["podIP"].count(".") == 3, status
    assert status["qosClass"] == "Burstable", status
    assert status["containerStatuses"][0]["containerID"].startswith("containerd://"), status
    wait("the output is in the log", lambda: f"started in {node.name}" in node.log_of("p1") and "onetwo" in node.log_of("p1"))

    uid = seen["metadata"]["uid"]
    node.delete("p1")
    took = node.wait_gone("p1")
    print(f"delete to gone: {took:.2f} s")
    assert node.containers() == {}, node.containers()
    wait("the pod's directory is gone", lambda: not (node.dir / "edged/pods" / uid).exists())
    assert "two" not in node.log(), "a secret's value in the log"
    assert node.cloud["token"] not in node.log(), "the token in the log"
    assert node.stop("edgecore") == 0
