# SPDX-License-Identifier: Apache-2.0
"""An operator without a connection to the cloud lists the node's pods, reads their logs and restarts them with keadm, with
requireAuthorization off and on."""
import json
import time

from metaserver import MetaNode
from node import BUILD, pod, wait


def keadm(node, *argv, status=0):
    done = node.run(BUILD / "bin/keadm", "ctl", *argv, "--config", node.dir / "edgecore.yaml", check=False, timeout=30,
                    env={"EDGECORE_METASERVER_PKI": str(node.dir / "pki"), "PATH": "/usr/bin:/bin"})
    assert done.returncode == status, (argv, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def look(node, unknown):
    table = keadm(node, "get", "pod")
    assert table.splitlines()[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"], table
    row = next(line for line in table.splitlines() if line.startswith("web "))
    assert row.split()[:4] == ["web", "1/1", "Running", "0"], table
    assert "edge1" in keadm(node, "get", "pod", "-o", "wide")
    assert "NAMESPACE" in keadm(node, "get", "pods", "-A")
    assert json.loads(keadm(node, "get", "pod", "web", "-o", "json"))["metadata"]["name"] == "web"
    assert keadm(node, "get", "pod", "web", "-o", "yaml").startswith("apiVersion: v1")
    assert keadm(node, "get", "pod", "-l", "app=nothing") == "No resources found in default namespace.\n"
    assert "edge1" in keadm(node, "get", "node")
    assert "settings" in keadm(node, "get", "cm")
    assert unknown in keadm(node, "get", "pod", "none", status=1)
    text = keadm(node, "describe", "pod", "web")
    assert "Container ID" in text and "Conditions" in text, text
    assert "hello" in keadm(node, "logs", "pod", "web", "--tail", "1")


for gate in (False, True):
    with MetaNode(gate=gate) as node:
        node.start_meta()
        node.create("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "settings"}, "data": {"k": "v"}})
        node.apply(pod("web", "trap exit TERM; while true; do echo hello; sleep 1 & wait; done"))
        node.wait_pod_ready("web", 60)
        look(node, "not found")
        node.stop("cloudsim")
        time.sleep(1)
        look(node, "is not known on this node")
        begin = time.monotonic()
        assert "restart successful" in keadm(node, "restart", "pod", "web")
        took = wait("the pod runs again", lambda: json.loads(keadm(node, "get", "pod", "web", "-o", "json"))["status"][
            "containerStatuses"][0]["restartCount"] == 1, 20, 0.2)
        print(f"gate {gate}: restarted without the cloud, shown {time.monotonic() - begin:.1f} s after the command ({took:.1f} s after its end)")
        assert "not found" in keadm(node, "restart", "pod", "none", status=1)
