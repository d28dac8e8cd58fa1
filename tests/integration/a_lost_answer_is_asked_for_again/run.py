# SPDX-License-Identifier: Apache-2.0
"""The cloud takes a pod's status and its answer is lost (CloudCore loses the answers of a connection that ends, or that has no
session yet). Later changes of the pod reach the cloud within seconds, not after the request's time-out.
"""
import os
import signal
import time

from node import Node, pod, wait

with Node() as node:
    node.start()
    node.apply(pod("p"))
    node.wait_pod_ready("p")
    container = node.container_status("p")["containerID"].split("//")[1]
    time.sleep(1.5)  # no request is under way any more
    node.faults(dropAnswers=1.0)
    os.kill(node.containers()[container], signal.SIGKILL)
    wait("the cloud hears of the end of the container", lambda: not node.pod_ready("p"), 20)
    node.faults(dropAnswers=0)
    took = wait("the cloud hears of its restart",
                lambda: node.pod_ready("p") and node.container_status("p")["restartCount"] == 1, 30)
    print(f"known after {took:.1f} s")
