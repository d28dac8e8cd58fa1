# SPDX-License-Identifier: Apache-2.0
"""Without the cloud the deletion of a pod of this node is accepted, survives kill -9 and reaches the cloud when it is back. Other writes
are refused with 503 and Retry-After, not with 500, and are not carried out later."""
import signal
import time

from metaserver import MetaNode
from node import pod, wait

PODS = "/api/v1/namespaces/default/pods"
CONFIGS = "/api/v1/namespaces/default/configmaps"


def unavailable(answer):
    assert answer.code == 503, answer
    assert answer.headers["Retry-After"] and int(answer.headers["Retry-After"]) > 0, dict(answer.headers)
    status = answer.json
    assert status["kind"] == "Status" and status["reason"] == "ServiceUnavailable", status
    assert status["details"]["retryAfterSeconds"] > 0, status


with MetaNode() as node:
    node.start_meta()
    for name in ("gone", "again", "kept"):
        node.apply(pod(name))
    node.create(CONFIGS, {"metadata": {"name": "c"}, "data": {"k": "v"}})
    for name in ("gone", "again", "kept"):
        node.wait_pod_ready(name, 60)
    assert node.meta("GET", f"{CONFIGS}/c").code == 200
    uid = node.get("again")["metadata"]["uid"]
    kept = node.container_status("kept")["containerID"]

    node.stop("cloudsim")
    wait("MetaServer knows that the cloud is away", lambda: node.meta("POST", CONFIGS, {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "never"}}).code == 503, 30, 0.5)
    unavailable(node.meta("POST", CONFIGS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "never"}}))
    unavailable(node.meta("PATCH", f"{CONFIGS}/c", {"data": {"k": "w"}}, kind="application/merge-patch+json"))
    unavailable(node.meta("DELETE", f"{CONFIGS}/c"))
    unavailable(node.meta("POST", PODS, pod("new")))
    assert node.meta("GET", f"{CONFIGS}/c").json["data"] == {"k": "v"}

    begin = time.monotonic()
    answer = node.meta("DELETE", f"{PODS}/gone", {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 1})
    assert answer.code in (200, 202), answer
    print(f"accepted after {time.monotonic() - begin:.3f} s")
    stranger = node.meta("DELETE", f"{PODS}/again", {"preconditions": {"uid": "another"}})
    assert stranger.code == 409, stranger
    unavailable(node.meta("DELETE", f"{PODS}/none"))  # it may run on another node
    answer = node.meta("DELETE", f"{PODS}/again", {"preconditions": {"uid": uid}})
    assert answer.code in (200, 202), answer
    node.restart_edgecore(signal.SIGKILL)
    node.wait_meta()
    wait("the containers have ended", lambda: len(node.containers()) == 2, 40)
    assert not [item for item in node.meta("GET", PODS).json["items"]
                if item["metadata"]["name"] in ("gone", "again") and "deletionTimestamp" not in item["metadata"]]

    node.start_cloud()
    node.wait_gone("gone", 60)
    node.wait_gone("again", 60)
    node.wait_ready(30)
    assert node.container_status("kept")["containerID"] == kept
    assert node.get("never", "configmaps") is None and node.get("new") is None
    assert node.get("c", "configmaps")["data"] == {"k": "v"}
    wait("writing works again", lambda: node.meta("POST", CONFIGS, {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "later"}}).code == 201, 30, 0.5)

    # A pod that was made again meanwhile is another one: the deletion does not apply to it.
    node.apply(pod("twin"))
    node.wait_pod_ready("twin", 60)
    node.stop("edgecore")
    node.delete("twin")
    node.api("DELETE", f"{PODS}/twin", {"gracePeriodSeconds": 0})
    wait("the first twin is gone", lambda: node.get("twin") is None, 20)
    node.stop("cloudsim")
    node.start_edgecore()
    node.wait_meta()
    answer = node.meta("DELETE", f"{PODS}/twin")
    assert answer.code in (200, 202), answer
    node.start_cloud()
    node.apply(pod("twin"))
    second = node.get("twin")["metadata"]["uid"]
    node.wait_pod_ready("twin", 60)
    time.sleep(3)
    assert node.get("twin")["metadata"]["uid"] == second and "deletionTimestamp" not in node.get("twin")["metadata"]
