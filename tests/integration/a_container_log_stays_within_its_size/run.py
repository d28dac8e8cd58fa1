# SPDX-License-Identifier: Apache-2.0
"""A chatty container's log is rotated at containerLogMaxSize, the container writes on, and only containerLogMaxFiles are kept."""
import re

from node import Node, pod, wait

with Node() as node:
    node.start_runtime()
    node.start_cloud()
    config = node.config()
    config["modules"]["edged"]["tailoredKubeletConfig"].update({"containerLogMaxSize": "50Ki", "containerLogMaxFiles": 2})
    node.start_edgecore(config=config)
    node.wait_ready()
    node.apply(pod("chatty", command="i=0; while true; do i=$((i+1)); echo line $i of a program that talks a lot; usleep 2000; done"))
    node.wait_pod_ready("chatty")
    container = node.container_status("chatty")["containerID"]

    def files():
        return sorted(path.name for path in (node.dir / "pods").glob("default_chatty_*/c/*"))

    def rotated():
        return [name for name in files() if re.fullmatch(r"0\.log\.\d{8}-\d{6}(\.gz)?", name)]

    wait("the log is rotated", rotated, 40)
    first = rotated()
    wait("it is rotated again, and the first is gone", lambda: rotated() and not set(first) & set(n.removesuffix(".gz") for n in rotated()), 40)
    wait("there are two files", lambda: len(files()) == 2, 20)
    size = node.log_of("chatty")
    wait("the container writes on", lambda: node.log_of("chatty") != size)
    status = node.container_status("chatty")
    assert status["containerID"] == container and status["restartCount"] == 0, status
