# SPDX-License-Identifier: Apache-2.0
"""A pod that fills the node's disk is evicted with a reason, and the other runs on. No pod is admitted under pressure, which then ends."""
from node import Node, pod, wait

VOLUME = [{"name": "v", "emptyDir": {}}]
MOUNT = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}

with Node() as node:
    (node.dir / "edged").mkdir()
    node.run("mount", "-t", "tmpfs", "-o", "size=40m", "edgecore-it", node.dir / "edged")
    node.start_runtime()
    node.start_cloud()
    config = node.config()
    kubelet = config["modules"]["edged"]["tailoredKubeletConfig"]
    kubelet["evictionHard"]["nodefs.available"] = "30%"
    kubelet["evictionPressureTransitionPeriod"] = "20s"
    node.start_edgecore(config=config)
    node.wait_ready()

    def pressure():
        conditions = node.node_object()["status"]["conditions"]
        return {c["type"]: c["status"] for c in conditions}["DiskPressure"]

    assert pressure() == "False"
    node.apply(pod("modest", volumes=VOLUME, container=MOUNT))
    node.wait_pod_ready("modest")
    node.apply(pod("greedy", volumes=VOLUME, container=MOUNT, command="dd if=/dev/zero of=/v/file bs=1048576 count=32; sleep 3600"))
    node.wait_pod("greedy", "Failed", 60)
    status = node.get("greedy")["status"]
    assert status["reason"] == "Evicted", status
    assert status["message"].startswith("The node was low on resource: ephemeral-storage. Threshold quantity: "), status
    assert status["containerStatuses"][0]["state"].get("terminated"), status
    wait("the cloud knows of the pressure", lambda: pressure() == "True", 15)
    node.apply(pod("late"))
    node.wait_pod("late", "Failed", 20)
    assert node.get("late")["status"]["reason"] == "Evicted", node.get("late")["status"]

    wait("the pressure is over", lambda: pressure() == "False", 60)
    assert not (node.volume("greedy", "empty-dir", "v") / "file").exists()
    node.apply(pod("later"))
    node.wait_pod_ready("later")
    assert node.pod_ready("modest")
    assert node.container_status("modest")["restartCount"] == 0
