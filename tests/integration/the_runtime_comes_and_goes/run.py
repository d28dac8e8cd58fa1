# SPDX-License-Identifier: Apache-2.0
"""containerd is killed and comes back: containers and edgecore run on, and pods that were created, changed or died meanwhile
converge. run.py long: it stays away until the node is NotReady (30 s), which the cloud must show.
"""
import os
import signal
import sys
import time

from node import Node, alive, pod, wait

LONG = "long" in sys.argv[1:]

with Node() as node:
    node.start()
    node.apply(pod("stays"), pod("dies"), pod("goes"))
    for name in ("stays", "dies", "goes"):
        node.wait_pod_ready(name)
    ids = {name: node.container_status(name)["containerID"].split("//")[1] for name in ("stays", "dies", "goes")}
    pids = node.containers()
    process = node.edgecore

    for turn in range(2):
        node.kill_runtime()
        assert alive(pids[ids["stays"]]), "the container went with containerd"
        new = f"new{turn}"
        node.apply(pod(new))
        if turn == 0:
            os.kill(pids[ids["dies"]], signal.SIGKILL)
            node.delete("goes")
        if LONG and turn == 0:
            took = wait("the cloud hears that the node is NotReady", lambda: not node.ready(), 50)
            print(f"NotReady after {took:.1f} s")
            assert 20 < took < 45, took
        else:
            time.sleep(3)
        assert process.poll() is None, process.returncode
        node.restart_runtime()
        begin = time.monotonic()
        node.wait_pod_ready(new, 40)
        print(f"turn {turn}: the pod created meanwhile is Ready {time.monotonic() - begin:.1f} s after containerd's start")
        node.wait_ready(20)
        if turn == 0:
            wait("the dead container runs again", lambda: node.container_status("dies").get("restartCount") == 1, 40)
            node.wait_pod_ready("dies", 40)
            node.wait_gone("goes", 40)
            print(f"turn {turn}: dead started again, deleted gone {time.monotonic() - begin:.1f} s after containerd's start")

    running = node.containers()
    assert running[ids["stays"]] == pids[ids["stays"]], "the container was replaced"
    status = node.container_status("stays")
    assert status["restartCount"] == 0 and status["containerID"].endswith(ids["stays"]), status
    wait("two containers a pod and no other run", lambda: len(node.containers()) == 8, 20)
    assert node.edgecore is process and process.poll() is None
    assert node.stop("edgecore") == 0
