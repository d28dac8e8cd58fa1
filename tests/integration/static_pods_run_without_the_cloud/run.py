# SPDX-License-Identifier: Apache-2.0
"""A file in staticPodPath is a pod, with or without a cloud; the cloud shows it as a mirror pod, which is made again if deleted."""
import json
import os
import signal

from node import Node, pod, wait

NAME = "web-edge1"


def manifest(name, **more):
    return {**pod(name, **more), "metadata": {"name": name}}  # JSON is YAML


def main(node):
    manifests = node.dir / "manifests"

    def write(file, content):
        """Writes like an editor or a deployment tool: under another name first."""
        new = manifests / f".{file}.new"
        new.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        new.rename(manifests / file)

    def mirror_uid(name=NAME):
        found = node.get(name)
        return found and found["metadata"]["uid"]

    def container_of(name=NAME):
        return node.container_status(name).get("containerID", "//").split("//")[1]

    node.start_runtime()
    node.start_cloud()
    node.stop("cloudsim")  # its ports are known, but nobody listens
    manifests.mkdir()
    write("web.yaml", "# a remark\n" + json.dumps(manifest("web")))
    write("broken.yaml", "{ half a fi")
    write("twin.yaml", manifest("web", command="sleep 1"))
    write("nameless.yaml", {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "image": "x"}]}})
    (manifests / "loop.yaml").symlink_to("loop.yaml")
    (manifests / "huge.yaml").write_bytes(b"#" * (11 << 20))
    node.start_edgecore()
    # The twin is first by name, so it defines the pod until it is removed.
    took = wait("the static pod runs before there was ever a connection", lambda: len(node.containers()) == 2, 30)
    print(f"running {took:.2f} s after the start, without a cloud")
    for word in ("broken.yaml", "web.yaml", "nameless.yaml", "loop.yaml", "huge.yaml"):
        assert word in node.log(), f"the log says nothing of {word}"
    before = set(node.containers())
    (manifests / "twin.yaml").unlink()

    def others_run():
        now = set(node.containers())
        return len(now) == 2 and not before & now

    wait("the other file of that name takes over", others_run, 20)
    before = node.containers()

    node.start_cloud()
    node.wait_ready(30)
    node.wait_pod_ready(NAME, 15)
    mirror = node.get(NAME)
    notes = mirror["metadata"]["annotations"]
    assert notes["kubernetes.io/config.mirror"] == notes["kubernetes.io/config.hash"], notes
    assert notes["kubernetes.io/config.source"] == "file", notes
    owner = mirror["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("Node", node.node_object()["metadata"]["uid"]), owner
    assert mirror["status"]["phase"] == "Running" and container_of() in before, mirror["status"]
    assert node.containers() == before, "the mirror was run"

    old = mirror_uid()
    node.delete(NAME)
    took = wait("the deleted mirror is back", lambda: mirror_uid() not in (None, old), 20)
    node.wait_pod_ready(NAME, 10)
    print(f"a deleted mirror was back after {took:.2f} s")
    assert node.containers() == before, "deleting the mirror touched the containers"

    mirror = node.get(NAME)
    node.restart_edgecore(signal.SIGKILL)
    node.wait_ready()
    node.apply(pod("p"))
    node.wait_pod_ready("p")  # edgecore has finished its start by now
    assert before.items() <= node.containers().items(), "the static pod did not survive a kill -9"
    after = node.get(NAME)
    assert (after["metadata"]["uid"], after["status"]) == (mirror["metadata"]["uid"], mirror["status"]), (mirror, after)

    victim = container_of()
    os.kill(before[victim], signal.SIGKILL)
    wait("the cloud hears that a container was restarted", lambda: node.container_status(NAME).get("restartCount") == 1, 30)

    node.stop("cloudsim")
    (manifests / "web.yaml").unlink()
    write("late.json", manifest("late"))
    wait("one static pod ends and another begins, offline", lambda: container_of_runs(node, "late") and not container_of_runs(node, "web"), 30)
    node.restart_edgecore()
    node.start_cloud()
    node.wait_gone(NAME, 40)
    node.wait_pod_ready("late-edge1", 15)
    (manifests / "late.json").unlink()
    node.wait_gone("late-edge1", 30)
    assert not container_of_runs(node, "late")
    assert node.pod_ready("p"), "a pod of the API suffered"


def container_of_runs(node, name):
    """Whether a container of the static pod runs; by the link to its log, because there is no cloud to ask."""
    running = node.containers()
    links = (node.dir / "containers").glob(f"{name}-edge1_default_c-*.log")
    return any(link.stem.rpartition("-")[2] in running for link in links)


with Node() as node:
    main(node)
