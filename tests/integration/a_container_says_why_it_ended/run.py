# SPDX-License-Identifier: Apache-2.0
"""A container's termination message, from its file or its log, is in the pod's status, also after a restart of edgecore."""
from node import Node, pod, wait


def ended(node, name, state="state"):
    return node.container_status(name).get(state, {}).get("terminated", {})


with Node() as node:
    node.start()
    node.apply(
        pod("file", command="echo -n no license > /dev/termination-log; exit 3", restartPolicy="Never"),
        pod("log", command="(echo starting; echo disk is full) >&2; exit 1", restartPolicy="Never",
            container={"terminationMessagePolicy": "FallbackToLogsOnError"}),
        pod("quiet", command="echo all is well; exit 0", restartPolicy="Never",
            container={"terminationMessagePolicy": "FallbackToLogsOnError"}),
        pod("again", command="if [ -e /keep/once ]; then sleep 1000; fi; touch /keep/once; echo -n first life > /dev/termination-log; exit 1",
            container={"volumeMounts": [{"name": "keep", "mountPath": "/keep"}]}, volumes=[{"name": "keep", "emptyDir": {}}]))
    node.wait_pod("file", phase="Failed")
    node.wait_pod("log", phase="Failed")
    node.wait_pod("quiet", phase="Succeeded")
    node.wait_pod_ready("again")
    assert ended(node, "file")["message"] == "no license", ended(node, "file")
    assert ended(node, "log")["message"] == "starting\ndisk is full\n", ended(node, "log")
    assert "message" not in ended(node, "quiet"), ended(node, "quiet")
    assert ended(node, "again", "lastState")["message"] == "first life", ended(node, "again", "lastState")

    node.restart_edgecore()
    node.wait_ready()
    node.apply(pod("later"))
    node.wait_pod_ready("later")
    assert ended(node, "file")["message"] == "no license", ended(node, "file")
    assert ended(node, "again", "lastState")["message"] == "first life", ended(node, "again", "lastState")
