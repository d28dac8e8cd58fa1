# SPDX-License-Identifier: Apache-2.0
"""Files behind a path longer than any name, in /etc/hosts and in the termination log count towards a pod's limits on storage; directories
inside one another go with their pod, and so do very many files, without memory for their names."""
from node import Node, pod, wait
from raw_http import costs_at_most

FILL = "dd if=/dev/zero of={} bs=1048576 count=30; sleep 3600"
DEEP = "cd /v; i=0; while [ $i -lt 3000 ]; do mkdir d && cd d || break; i=$((i+1)); done; "
MANY = "mkdir /v/many && cd /v/many && seq 100000 | sed 's/$/-a-name-that-is-not-short-at-all/' | xargs touch && touch /v/done; sleep 3600"
LIMIT = {"resources": {"limits": {"ephemeral-storage": "5Mi"}}}
MOUNT = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}

with Node() as node:
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore()
    node.wait_ready()

    small = [{"name": "v", "emptyDir": {"sizeLimit": "5Mi"}}]
    node.apply(pod("deep", DEEP + FILL.format("file"), volumes=small, container=MOUNT),
               pod("hosts", FILL.format("/etc/hosts"), container=LIMIT),
               pod("last-words", FILL.format("/dev/termination-log"), container=LIMIT),
               pod("many", MANY, volumes=[{"name": "v", "emptyDir": {}}], container=MOUNT),
               pod("honest", DEEP + "sleep 3600", volumes=[{"name": "v", "emptyDir": {}}], container=MOUNT))
    for name in ("deep", "hosts", "last-words"):
        node.wait_pod(name, "Failed", 120)
        assert node.get(name)["status"]["reason"] == "Evicted", node.get(name)["status"]
    node.wait_pod_ready("honest")
    wait("the many files are made", (node.volume("many", "empty-dir", "v") / "done").exists, 60)
    directories = {name: node.volume(name, "empty-dir", "v").parents[2] for name in ("deep", "many", "honest")}
    with costs_at_most(node, "removal of deep directories and of many files", 16, 90):
        for name in ("deep", "hosts", "last-words", "many", "honest"):
            node.delete(name)
        for name in ("deep", "hosts", "last-words", "many", "honest"):
            node.wait_gone(name, 60)
        wait("the directories of the pods are removed", lambda: not any(one.exists() for one in directories.values()), 60)
