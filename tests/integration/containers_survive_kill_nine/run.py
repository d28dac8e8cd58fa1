# SPDX-License-Identifier: Apache-2.0
"""kill -9 of edgecore: the same containers run on and are adopted; one that dies meanwhile is started again."""
import os
import signal

from node import Node, pod, wait

with Node() as node:
    node.start()
    for i in range(3):
        node.apply(pod(f"p{i}"))
    for i in range(3):
        node.wait_pod_ready(f"p{i}")
    before = node.containers()
    ids = {f"p{i}": node.container_status(f"p{i}")["containerID"] for i in range(3)}
    assert len(before) == 6, before

    node.stop("edgecore", signal.SIGKILL)
    assert node.containers() == before
    victim = ids["p2"].split("//")[1]
    os.kill(before[victim], signal.SIGKILL)
    node.start_edgecore()
    wait("the killed container is running again", lambda: node.container_status("p2").get("restartCount") == 1, 20)
    node.wait_pod_ready("p2")
    after = node.containers()
    for name in ("p0", "p1"):
        container = ids[name].split("//")[1]
        assert after[container] == before[container], f"{name} was restarted"
        status = node.container_status(name)
        assert status["restartCount"] == 0 and status["containerID"] == ids[name], status
    node.delete("p0")
    node.wait_gone("p0")
