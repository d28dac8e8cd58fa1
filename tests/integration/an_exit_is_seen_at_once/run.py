# SPDX-License-Identifier: Apache-2.0
"""The main process of a container is killed: the cloud learns of it before containerd shows it in CRI, without a list, also if
edgecore was restarted in between; and what CRI shows afterwards changes nothing."""
import os
import signal
import statistics
import time

from node import Node, pod, wait

CONTAINERS = 12  # each but the last is killed once, so that there is no back-off
LIMIT = 0.1  # from the kill to the cloud, at the median


def many(name):
    body = pod(name, restartPolicy="Never")
    one = body["spec"]["containers"][0]
    body["spec"]["containers"] = [{**one, "name": f"c{i:02}", "command": ["sleep", "1000"]} for i in range(CONTAINERS)]
    return body


def states(body):
    statuses = body["status"].get("containerStatuses") or []
    return {one["name"]: (one.get("containerID", "").rpartition("/")[2], one["state"]) for one in statuses}


def kill(node, name, container, pids):
    """Seconds from the kill to its report."""
    identifier, _ = states(node.get(name))[container]
    begin = time.time()
    os.kill(pids[identifier], signal.SIGKILL)
    wait(f"the end of {container} is in the cloud", lambda: "terminated" in states(node.get(name))[container][1], 30, every=0.002)
    end = time.time()
    reported = node.get(name)
    ended = states(reported)[container][1]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "Error"), ended
    time.sleep(0.7)  # until CRI shows the end, too
    now = node.get(name)
    assert now["metadata"]["resourceVersion"] == reported["metadata"]["resourceVersion"], (reported["status"], now["status"])
    return end - begin


def kill_all(node, name):
    pids = node.containers()
    took = [kill(node, name, f"c{i:02}", pids) for i in range(CONTAINERS - 1)]
    print(f"pod {name}: p50 {1000 * statistics.median(took):.0f} ms, max {1000 * max(took):.0f} ms, {len(took)} kills, "
          f"load {os.getloadavg()[0]:.1f}")
    return took


with Node() as node:
    node.start()
    node.apply(many("a"), many("b"))
    for name in ("a", "b"):
        node.wait_pod_ready(name, 90)
    took = kill_all(node, "a")

    node.restart_edgecore()
    node.wait_ready()
    wait("the restarted edgecore has found the runtime", lambda: node.log().count("container runtime containerd") == 2, 20)
    time.sleep(2)
    took += kill_all(node, "b")

    print(f"from the kill to the cloud: p50 {1000 * statistics.median(took):.0f} ms, max {1000 * max(took):.0f} ms, {len(took)} kills")
    assert statistics.median(took) <= LIMIT, sorted(took)
