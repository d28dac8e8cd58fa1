# SPDX-License-Identifier: Apache-2.0
"""A gateway without a clock of its own starts in 1970, or is an hour behind: it enrols, connects and runs a pod all the same."""
import glob
import shutil
import time

from node import Node, pod, skip, wait

libraries = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
if not shutil.which("faketime") or not libraries:
    skip("the package faketime is not installed")

for name, setting, year in (("1970", "@1970-01-01 00:02:00", "1970-01-01T"), ("an hour behind", "-3600s", None)):
    with Node() as node:
        node.start_runtime()
        node.start_cloud()
        begin = time.monotonic()
        # Only the wall clock is wrong on such a machine, so the monotonic clock is not faked.
        node.start_edgecore(env={"LD_PRELOAD": libraries[0], "FAKETIME": setting, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                                 "TZ": "UTC"})
        node.wait_ready(20)
        ready = time.monotonic() - begin
        if year:
            assert year in node.log(), "the clock of edgecore was not wrong at all"
        node.apply(pod("p"))
        took = node.wait_pod_ready("p", 30)
        lease = node.lease()
        wait("the lease is renewed", lambda: node.lease() != lease, 25)
        conditions = node.node_object()["status"]["conditions"]
        assert node.ready(), f"the node does not count as Ready: {conditions}"
        assert node.pod_ready("p"), f"the pod does not count as Ready: {node.get('p')['status']}"
        print(f"{name}: Ready after {ready:.1f} s, a pod after {took:.1f} s")
        container = node.container_status("p")["containerID"]

        # The clock is right at the next start: certificate and pod stay valid.
        assert node.stop("edgecore") == 0
        node.start_edgecore()
        before = node.lease()
        wait("the lease is renewed with the right time", lambda: node.lease() != before, 20)
        time.sleep(0.5)
        status = node.container_status("p")
        assert status["containerID"] == container and status["restartCount"] == 0, status
        assert node.log().count("enrolled at") == 1, "it enrolled again"
        node.delete("p")
        node.wait_gone("p")
        assert node.stop("edgecore") == 0
