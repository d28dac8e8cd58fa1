# SPDX-License-Identifier: Apache-2.0
"""A ConfigMap changed in the cloud is in the pod's volume within a second; symlinks swap at once, subPath stays."""
from node import Node, pod, wait

with Node() as node:
    node.start()
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cfg", "namespace": "default"}, "data": {"a": "one"}}
    node.apply(config, pod("p", container={"volumeMounts": [{"name": "cfg", "mountPath": "/cfg"}]},
                           volumes=[{"name": "cfg", "configMap": {"name": "cfg"}}]))
    node.wait_pod("p")
    file = node.volume("p", "configmap", "cfg") / "a"
    assert file.read_text() == "one"
    config["data"] = {"a": "two", "b": "new"}
    node.apply(config)
    took = wait("the change is in the volume", lambda: file.read_text() == "two" and (file.parent / "b").exists(), 5, every=0.01)
    print(f"visible after {took:.2f} s")
    assert took < 1.0
    assert node.container_status("p")["restartCount"] == 0
