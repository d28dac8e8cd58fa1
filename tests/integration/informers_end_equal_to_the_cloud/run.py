# SPDX-License-Identifier: Apache-2.0
"""A client that lists and watches at the node ends with exactly the cloud's objects, whatever was cut, restarted or killed meanwhile.
No object's version goes back or comes twice, and each object's last version arrives. EDGECORE_CHANGES is the number of changes,
1,000 by default.
"""
import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time

from informer import Informer
from metaserver import MetaNode
from node import wait

CHANGES = int(os.environ.get("EDGECORE_CHANGES", "1000"))
RATE = float(os.environ.get("EDGECORE_CHANGES_PER_SECOND", "40"))
NAMES = 60
PATH = "/api/v1/namespaces/default/configmaps"
PLANS = {  # what a client watches: path, query
    "one namespace": (PATH, {}),
    "all namespaces": ("/api/v1/configmaps", {}),
    "selected": (PATH, {"labelSelector": "color=red"}),
    "defined kind": ("/apis/mesh.example/v1/gateways", {}),
}
DEFINITION = {"metadata": {"name": "gateways.mesh.example"}, "spec": {
    "group": "mesh.example", "scope": "Namespaced", "names": {"kind": "Gateway", "plural": "gateways"},
    "versions": [{"name": "v1", "served": True, "storage": True,
                  "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}

PYTHON_CLIENT = r"""
import json, sys, time
from kubernetes import client, watch
from kubernetes.client.rest import ApiException
configuration = client.Configuration()
configuration.host = sys.argv[1]
api = client.CoreV1Api(client.ApiClient(configuration))
cache, version = {}, None
def write():
    print(json.dumps(cache), flush=True)
while True:
    try:
        if version is None:
            answer = api.list_namespaced_config_map("default")
            version = answer.metadata.resource_version
            cache = {item.metadata.name: item.metadata.resource_version for item in answer.items}
            write()
        for event in watch.Watch().stream(api.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=20):
            item = event["object"]
            version = item.metadata.resource_version
            if event["type"] == "DELETED":
                cache.pop(item.metadata.name, None)
            else:
                cache[item.metadata.name] = version
            write()
    except ApiException as error:
        if error.status == 410:
            version = None
        time.sleep(0.2)
    except Exception:
        time.sleep(0.2)
"""


def cloud_versions(node, path, query):
    suffix = "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
    code, answer = node.api("GET", path + suffix)
    assert code == 200, answer
    return {(item["metadata"].get("namespace", ""), item["metadata"]["name"]): (item["metadata"]["uid"],
                                                                             item["metadata"]["resourceVersion"])
            for item in answer["items"]}


class Changes(threading.Thread):
    """Creates, changes, relabels and deletes at a steady rate; waits while the cloud is away."""

    def __init__(self, node, count):
        super().__init__(daemon=True)
        self.node, self.count, self.done = node, count, 0
        self.random = random.Random(7)
        self.there = set()

    def run(self):
        begin = time.monotonic()
        while self.done < self.count:
            time.sleep(max(0, begin + self.done / RATE - time.monotonic()))
            try:
                self.change(self.random.randrange(NAMES))
                self.done += 1
            except OSError:
                time.sleep(0.1)
                begin += 0.1

    def change(self, index):
        defined = index % 4 == 0
        path = "/apis/mesh.example/v1/namespaces/default/gateways" if defined else PATH
        name = f"c{index}"
        body = {"metadata": {"name": name, "labels": {"color": self.random.choice(["red", "blue"])}},
                ("spec" if defined else "data"): {"n": str(self.done)}}
        if defined:
            body.update({"apiVersion": "mesh.example/v1", "kind": "Gateway"})
        if name not in self.there:
            code, answer = self.node.api("POST", path, body)
            assert code in (201, 409), answer
            self.there.add(name)
        elif self.random.random() < 0.2:
            code, answer = self.node.api("DELETE", f"{path}/{name}")
            assert code in (200, 404), answer
            self.there.discard(name)
        else:
            code, answer = self.node.api("PATCH", f"{path}/{name}", body, "application/merge-patch+json")
            if code == 404:
                self.there.discard(name)
            else:
                assert code == 200, answer


def troubles(node, changes):
    """Causes one fault after the other until the changes are made; waits for the recovery from each."""
    def cut():
        node.action("cut")

    def cut_mid_message():
        node.action("cut-mid-message")

    def cloud_restart():
        node.stop("cloudsim")
        node.start_cloud()

    def cloud_away():
        node.stop("cloudsim")
        time.sleep(3)
        node.start_cloud()

    def restart():
        node.restart_edgecore()
        node.wait_meta()

    def kill():
        node.restart_edgecore(signal.SIGKILL)
        node.wait_meta()

    count = 0
    while changes.is_alive():
        for trouble in (cut, kill, cloud_restart, cut_mid_message, restart, cloud_away):
            deadline = time.monotonic() + 3
            while changes.is_alive() and time.monotonic() < deadline:
                time.sleep(0.1)
            if not changes.is_alive():
                break
            trouble()
            count += 1
    return count


def python_client(node):
    """The Python client library as a process that prints its cache, or None."""
    if subprocess.run(["/usr/bin/python3", "-c", "import kubernetes"], check=False, capture_output=True).returncode != 0:
        print("the Python client is left out: python3-kubernetes is not installed")
        return None
    return node.spawn("python-client", ["/usr/bin/python3", "-u", "-c", PYTHON_CLIENT, node.server()])


with MetaNode() as node:
    node.start_meta()
    node.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)
    informers = {}
    for title, (path, query) in PLANS.items():
        informers[title] = Informer(lambda: node.connection(timeout=60), path, query)
        informers[title].start()
    library = python_client(node)
    for title, informer in informers.items():
        assert informer.synced.wait(60), f"{title}: no list within 60 s"

    changes = Changes(node, CHANGES)
    changes.start()
    survived = troubles(node, changes)
    changes.join()
    node.wait_ready(60)

    def difference(title):
        path, query = PLANS[title]
        want, have = cloud_versions(node, path, query), informers[title].versions()
        return {key: (want.get(key), have.get(key)) for key in want.keys() | have.keys() if want.get(key) != have.get(key)}

    for title, informer in informers.items():
        with contextlib.suppress(AssertionError):
            took = wait(f"{title} is equal to the cloud", lambda: not difference(title), 60, 0.5)
            print(f"{title}: equal {took:.1f} s after the last change; {informer.lists} lists, {informer.watches} watches, "
                  f"{informer.events} events, {informer.bookmarks} bookmarks, {informer.expired} times 410")
    if library:
        want = {name: version for (_, name), (_, version) in cloud_versions(node, PATH, {}).items()}
        log = node.dir / "python-client.log"

        def same():
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
            return bool(lines) and json.loads(lines[-1]) == want

        wait("the Python client is equal to the cloud", same, 60, 0.5)
        node.stop("python-client")
    problems = []
    for title, informer in informers.items():
        left = difference(title)
        informer.stop()
        if left:
            problems.append(f"{title}: {len(left)} objects differ (cloud, node): {dict(list(left.items())[:5])}")
        problems += [f"{title}: {sentence}" for sentence in informer.wrong[:10]]
    print(f"{CHANGES} changes, {survived} troubles")
    assert not problems, "\n".join(problems)
    harm = node.sim_state()
    assert harm.get("fatalWatches", 0) == 0 and harm.get("hangingWatches", 0) == 0, harm["violations"]
