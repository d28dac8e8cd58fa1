# SPDX-License-Identifier: Apache-2.0
"""The database is damaged when edgecore starts (garbage in its middle, then cut off): it is set aside and pods run on, even
before the cloud can be asked. Then the cloud sends its objects again: containers are adopted, not restarted, a pod that was deleted
meanwhile is removed, and a changed ConfigMap arrives.
"""
import random

from node import Node, pod, wait

PODS = ["kept", "reader", "leaving"]


def config(text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words", "namespace": "default"}, "data": {"text": text}}


def garbage(path):
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(size // 4)
        file.write(random.Random(7).randbytes(size // 2))


def cut_off(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2 - 100)


with Node() as node:
    node.start()
    node.apply(config("first"),
               pod("kept", volumes=[{"name": "data", "emptyDir": {}}],
                   container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]}),
               pod("reader", volumes=[{"name": "v", "configMap": {"name": "words"}}],
                                                 container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    for damage in (garbage, cut_off):
        node.apply(pod("leaving"))
        for name in PODS:
            node.wait_pod_ready(name)
        before = {name: node.container_status(name)["containerID"] for name in PODS}
        running = node.containers()
        database = node.dir / "db/edgecore.db"
        wait("the pods are in the database", lambda: node.rows("SELECT count(*) FROM meta WHERE type = 'pod'")[0][0] == 3, 10)
        data = node.volume("kept", "empty-dir", "data")
        assert data.is_dir()
        (data / "mark").write_text(damage.__name__)
        aside = set(database.parent.glob("*.corrupt-*"))

        assert node.stop("edgecore") == 0
        damage(database)
        damaged = database.read_bytes()
        node.delete("leaving")
        node.apply(config(damage.__name__))

        # Without a cloud to ask, everything runs on.
        node.faults(refuseConnections=True)
        begin = len(node.log())
        node.start_edgecore()
        wait("the running pods are noticed and kept", lambda: node.log()[begin:].count("edged keeps it until the cloud") == 3, 20)
        new = set(database.parent.glob("*.corrupt-*")) - aside
        assert len(new) == 1, new
        assert new.pop().read_bytes() == damaged, "what was set aside is not what was found"
        assert "set aside as" in node.log()[begin:]
        assert node.containers() == running, "a container was stopped or restarted while the cloud was away"

        assert (data / "mark").read_text() == damage.__name__, "the pod's data were taken away"

        node.faults(refuseConnections=False)
        node.wait_ready(60)
        node.wait_gone("leaving", 30)
        wait("the cloud's pods are in the new database",
             lambda: node.rows("SELECT key FROM meta WHERE type = 'pod' ORDER BY key") == [("default/pod/kept",), ("default/pod/reader",)], 30)
        shown = node.volume("reader", "configmap", "v") / "text"
        wait("the ConfigMap's present text is there", lambda: shown.exists() and shown.read_text() == damage.__name__, 30)
        for name in ("kept", "reader"):
            status = node.container_status(name)
            assert (status["containerID"], status["restartCount"]) == (before[name], 0), (name, status)
            assert before[name].split("//")[1] in node.containers()
        assert (data / "mark").read_text() == damage.__name__, "the pod's data were taken away"
        wait("nothing of the deleted pod runs", lambda: len(node.containers()) == 4, 20)
        assert node.edgecore.poll() is None
        print(f"{damage.__name__}: as before")
