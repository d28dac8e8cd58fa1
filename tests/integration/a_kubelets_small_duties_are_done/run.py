# SPDX-License-Identifier: Apache-2.0
"""A refused pod has a reason and no containers, a missing image is waited for with a back-off, an ending pod's readiness is reported, the
burstable class's shares follow its pods at once, and no cgroup of a pod that is gone is left in any hierarchy."""
from node import Node, pod, wait
from teardown import hierarchies

ENDS_SLOWLY = "touch /ready; trap 'rm /ready; sleep 8; exit' TERM; while true; do sleep 1 & wait; done"
PROBE = {"exec": {"command": ["test", "-e", "/ready"]}, "periodSeconds": 1, "failureThreshold": 1}


def waiting_reasons(node, name, seconds, until):
    """The reasons for which a pod's container has waited, in order, until this one is among them."""
    seen = []

    def look():
        reason = node.container_status(name).get("state", {}).get("waiting", {}).get("reason")
        if reason and seen[-1:] != [reason]:
            seen.append(reason)
        return until in seen

    wait(f"{name} waits with {until}", look, seconds, 0.05)
    return seen


def shares(node):
    """Shares (v1) or weight (v2) of the burstable class."""
    for root in hierarchies():
        for file in ("cpu.shares", "cpu.weight"):
            path = root / node.cgroup.strip("/") / "kubepods/burstable" / file
            if path.exists():
                return int(path.read_text())
    return None


def cgroups_of(node, uid):
    return [path for root in hierarchies() for path in (root / node.cgroup.strip("/")).rglob(f"*{uid}*")]


with Node() as node:
    node.start()
    node.apply(pod("refused", nodeName=node.name, nodeSelector={"disk": "none"}))
    node.apply(pod("no-image", container={"image": "localhost/not-there:1"}))
    slow = pod("slow", ENDS_SLOWLY, container={"readinessProbe": PROBE})
    slow["spec"]["terminationGracePeriodSeconds"] = 20
    node.apply(slow)

    node.wait_pod("refused", "Failed", 20)
    status = node.get("refused")["status"]
    assert status.get("reason") and status.get("message") and not status.get("containerStatuses"), status
    seen = waiting_reasons(node, "no-image", 30, "ImagePullBackOff")
    print("a missing image:", seen)

    node.wait_pod_ready("slow")
    before = shares(node)
    busy = pod("busy", container={"resources": {"requests": {"cpu": "700m"}}})
    node.apply(busy)
    node.wait_pod_ready("busy")
    took = wait("the class has the shares of its pod", lambda: shares(node) != before, 5)
    print(f"the shares of the burstable class: {before} -> {shares(node)}, {took:.1f} s after the pod was ready")

    uids = [node.get(name)["metadata"]["uid"] for name in ("slow", "busy")]
    assert all(cgroups_of(node, uid) for uid in uids)
    node.delete("slow")
    took = wait("the ending pod is reported unready", lambda: node.get("slow") and not node.pod_ready("slow"), 7)
    assert node.get("slow")["metadata"].get("deletionTimestamp"), "it was still ending"
    print(f"an ending pod was unready after {took:.1f} s")
    node.delete("busy")
    for name in ("slow", "busy"):
        node.wait_gone(name)
    wait("their cgroups are gone in all hierarchies", lambda: not any(cgroups_of(node, uid) for uid in uids), 15)
    for name in ("refused", "no-image"):
        node.delete(name)
        node.wait_gone(name, 15)
