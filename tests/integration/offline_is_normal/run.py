# SPDX-License-Identifier: Apache-2.0
"""Without the cloud edgecore restarts, keeps its pods and restarts dead containers; the cloud hears of it afterwards."""
import os
import signal
import time

from node import Node, pod, wait

with Node() as node:
    node.start()
    node.apply(pod("p"))
    node.wait_pod_ready("p")
    container = node.container_status("p")["containerID"].split("//")[1]

    node.stop("cloudsim")
    node.restart_edgecore()
    time.sleep(2)
    assert container in node.containers(), "the container did not survive the restart"
    os.kill(node.containers()[container], signal.SIGKILL)

    def another_runs():
        now = node.containers()
        return len(now) == 2 and container not in now

    took = wait("a new container runs", another_runs, 15)
    print(f"restarted offline after {took:.2f} s")

    node.start_cloud()
    took = wait("the cloud knows of the restart", lambda: node.container_status("p").get("restartCount") == 1, 35)
    print(f"the cloud knew {took:.2f} s after it came back")
    node.wait_pod_ready("p", 10)
