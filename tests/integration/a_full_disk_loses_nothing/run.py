# SPDX-License-Identifier: Apache-2.0
"""The disk of the database is full: edgecore does not acknowledge what it cannot store, it and its pods live on, and when there is
room again everything arrives, also after kill -9 while it was full."""
import json
import signal
import time

from node import Node, pod, wait

CONFIGS = 6


def config(number, turn):
    data = {"text": turn, "bulk": "x" * 60_000}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}", "namespace": "default"}, "data": data}


with Node() as node:
    (node.dir / "db").mkdir()
    node.run("mount", "-t", "tmpfs", "-o", "size=6m", "edgecore-it", node.dir / "db")
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore()
    node.wait_ready()
    for number in range(CONFIGS):
        node.apply(config(number, "first"))
    sources = [{"configMap": {"name": f"c{number}", "items": [{"key": "text", "path": f"c{number}"}]}} for number in range(CONFIGS)]
    node.apply(pod("reader", volumes=[{"name": "all", "projected": {"sources": sources}}],
                   container={"volumeMounts": [{"name": "all", "mountPath": "/all"}]}))
    node.wait_pod_ready("reader")
    container = node.container_status("reader")["containerID"]
    process = node.edgecore

    def fill():
        with open(node.dir / "db/ballast", "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError:
                pass

    def stored(number):
        rows = node.rows("SELECT value FROM meta WHERE key = ?", f"default/configmap/c{number}")
        return json.loads(rows[0][0]) if rows else None

    def unacknowledged():
        """The number of waiting versions; each acknowledged one must be in the database."""
        versions = {name: version for kind, _, name, _, version in node.acknowledged() if kind == "ConfigMap"}
        waiting = 0
        for number in range(CONFIGS):
            has = int(stored(number)["metadata"]["resourceVersion"])
            wanted = int(node.get(f"c{number}", "configmaps")["metadata"]["resourceVersion"])
            acknowledged = versions[f"c{number}"]
            assert has >= acknowledged, f"c{number}: version {acknowledged} was acknowledged, {has} is in the database"
            waiting += acknowledged < wanted
        return waiting

    wait("everything is acknowledged", lambda: unacknowledged() == 0, 20)
    for turn, how in (("second", "it only waits"), ("third", "kill -9 while it is full")):
        fill()
        for round in range(8):  # the log may have room for a few
            for number in range(CONFIGS):
                node.apply(config(number, f"{turn} {round}"))
            time.sleep(0.15)
        time.sleep(1.5)
        waiting = unacknowledged()
        assert waiting > 0, "the disk was full and yet everything was stored"
        assert process.poll() is None, f"edgecore ended with {process.returncode}"
        assert container.split("//")[1] in node.containers()
        if how.startswith("kill"):
            node.stop("edgecore", signal.SIGKILL)
            node.start_edgecore()
            process = node.edgecore
            time.sleep(1.5)
            assert process.poll() is None, f"edgecore does not start with a full disk: it ended with {process.returncode}"
            unacknowledged()
        (node.dir / "db/ballast").unlink()
        took = wait("everything is acknowledged after room was made", lambda: unacknowledged() == 0, 60, 0.1)
        print(f"{how}: {waiting} of {CONFIGS} waited, all were there {took:.1f} s after room was made")

        def seen():
            folder = node.volume("reader", "projected", "all")
            return [(folder / f"c{number}").read_text() for number in range(CONFIGS)]

        try:
            wait("the pod sees all", lambda: set(seen()) == {f"{turn} 7"}, 20, 0.1)
        except AssertionError:
            print("the pod sees", seen(), "the database has", [stored(number)["data"]["text"] for number in range(CONFIGS)])
            raise

    status = node.container_status("reader")
    assert status["containerID"] == container and status["restartCount"] == 0, status
    node.wait_ready()
    assert node.stop("edgecore") == 0
