# SPDX-License-Identifier: Apache-2.0
"""A pod is deleted in the cloud and made again under its name while the node is offline: the old one runs on until the cloud
is back, then it is stopped and the new one runs. Once with edgecore running all the time, once with it killed meanwhile.
"""
import signal

from node import Node, pod, wait

with Node() as node:
    node.start()
    node.apply(pod("p"), pod("other"))
    for name in ("p", "other"):
        node.wait_pod_ready(name)
    untouched = node.container_status("other")["containerID"]
    for killed in (False, True):
        old = node.get("p")["metadata"]["uid"]
        old_container = node.container_status("p")["containerID"].split("//")[1]
        node.faults(refuseConnections=True)
        node.action("cut")
        code, answer = node.api("DELETE", "/api/v1/namespaces/default/pods/p", {"gracePeriodSeconds": 0})
        assert code == 200 and node.get("p") is None, (code, answer)
        node.apply(pod("p"))
        new = node.get("p")["metadata"]["uid"]
        assert new != old
        if killed:
            node.restart_edgecore(signal.SIGKILL)
            wait("the pods of the database are read", lambda: node.log().count("2 pods are assigned to this node") == 1, 20)
        assert old_container in node.containers(), "the old pod was stopped without a deletion"
        node.faults(refuseConnections=False)
        took = node.wait_pod_ready("p", 60)
        assert node.get("p")["metadata"]["uid"] == new
        wait("nothing of the old pod is left", lambda: not node.containers_of(old), 40)
        assert len(node.containers_of(new)) == 2
        assert node.container_status("p")["restartCount"] == 0
        status = node.container_status("other")
        assert (status["containerID"], status["restartCount"]) == (untouched, 0), status
        stored = node.rows("SELECT value FROM meta WHERE key = 'default/pod/p'")
        assert len(stored) == 1 and new in stored[0][0] and old not in stored[0][0], stored
        print(f"{'killed' if killed else 'running'}: the new pod was ready {took:.1f} s after the cloud was back")
