# SPDX-License-Identifier: Apache-2.0
"""kill -9 of edgecore at random moments while objects are created, changed and deleted: acknowledged objects are in the database,
pods converge, containers of unchanged pods stay the same, and containerd holds nothing that belongs to no pod. The test checks
the database after each kill, as edgecore left it, and at the end.

run.py [KILLS [SEED]]: 8 kills by default (about half a minute), 200 for a long run.
"""
import json
import random
import signal
import sys
import threading
import time

from node import Node, pod, wait

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
UNTOUCHED = ["calm0", "calm1"]
CONFIGS = [f"config{i}" for i in range(6)]
PODS = [f"churn{i}" for i in range(3)]


def config(name, text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"text": text}}


def reader(name):
    """A pod that uses all ConfigMaps, so that the cloud delivers them; a missing one does not stop it."""
    sources = [{"configMap": {"name": c, "optional": True, "items": [{"key": "text", "path": c}]}} for c in CONFIGS]
    return pod(name, volumes=[{"name": "all", "projected": {"sources": sources}}],
               container={"volumeMounts": [{"name": "all", "mountPath": "/all"}]}, terminationGracePeriodSeconds=1)


class Churn(threading.Thread):
    """Changes the cloud's objects without a pause; at the end it knows which ones should exist."""

    def __init__(self, node, dice):
        super().__init__(daemon=True)
        self.node, self.dice, self.go_on, self.done, self.problem = node, dice, True, 0, None

    def run(self):
        try:
            while self.go_on:
                self.one()
                self.done += 1
                time.sleep(self.dice.uniform(0.005, 0.12))
        except Exception as problem:  # reported by the main thread
            self.problem = problem

    def one(self):
        dice, node = self.dice, self.node
        if dice.random() < 0.75:
            name = dice.choice(CONFIGS)
            there = node.get(name, "configmaps") is not None
            if there and dice.random() < 0.2:
                node.delete(name, "configmaps")
            else:
                node.apply(config(name, f"{self.done}"))
            return
        name = dice.choice(PODS)
        there = node.get(name)
        if there is None:
            node.apply(reader(name))
        elif "deletionTimestamp" not in there["metadata"]:
            if dice.random() < 0.5:
                node.delete(name)
            else:
                node.api("PATCH", node.path_of(reader(name)), {"metadata": {"labels": {"turn": str(self.done)}}},
                         "application/merge-patch+json")


def check_what_was_left(node):
    """edgecore is dead, the cloud runs: what it counts as acknowledged is in the database, unless it was or will be deleted."""
    acknowledged = node.acknowledged()
    stored = {key: json.loads(value) for key, value in node.dead_rows("SELECT key, value FROM meta")}
    number = 0
    for kind, namespace, name, uid, version in acknowledged:
        if version == 0:
            continue
        there = stored.get(f"{namespace}/{kind.lower()}/{name}")
        if there and there["metadata"]["uid"] == uid and int(there["metadata"]["resourceVersion"]) >= version:
            number += 1
            continue
        now = node.get(name, node.PLURALS[kind], namespace)
        going = not now or now["metadata"]["uid"] != uid or "deletionTimestamp" in now["metadata"]
        assert going, f"{kind} {name} {uid} version {version} was acknowledged; the database has {there and there['metadata']}"
    return number


def check_database(node):
    """Nothing writes any more: every acknowledged version is in the database, and no object that the cloud has deleted."""
    stored = {}
    for key, value in node.rows("SELECT key, value FROM meta WHERE type IN ('pod', 'configmap', 'secret')"):
        stored[key] = json.loads(value)
    acknowledged = [row for row in node.acknowledged() if row[4] > 0]
    assert acknowledged, "the cloud counts nothing as acknowledged"
    for kind, namespace, name, uid, version in acknowledged:
        assert f"{namespace}/{kind.lower()}/{name}" in stored, f"{kind} {name} version {version} was acknowledged and is not there"
        meta = stored[f"{namespace}/{kind.lower()}/{name}"]["metadata"]
        assert meta["uid"] == uid, f"{kind} {name}: acknowledged {uid}, stored {meta['uid']}"
        if kind == "ConfigMap":
            text, shown = stored[f"{namespace}/configmap/{name}"]["data"], node.get(name, "configmaps")
            assert not shown or text == shown["data"], f"{name}: {shown['data']} is stored as {text}"
        assert int(meta["resourceVersion"]) >= version, f"{kind} {name}: acknowledged {version}, stored {meta['resourceVersion']}"
    for key in stored:
        namespace, kind, name = key.split("/")
        assert kind != "pod" or node.get(name), f"{key} is in the database and no longer in the cloud"
    return len(acknowledged)


print(f"{KILLS} kills, seed {SEED}")
dice = random.Random(SEED)
with Node() as node:
    node.start()
    for name in CONFIGS:
        node.apply(config(name, "first"))
    for name in UNTOUCHED:
        node.apply(reader(name))
    for name in UNTOUCHED:
        node.wait_pod_ready(name)
    ids = {name: node.container_status(name)["containerID"] for name in UNTOUCHED}
    pids = node.containers()

    churn = Churn(node, random.Random(dice.random()))
    churn.start()
    checked = 0
    for kill in range(KILLS):
        # Short lives end during the start, long ones during normal work.
        time.sleep(dice.choice([dice.uniform(0.01, 0.3), dice.uniform(0.3, 1.5), dice.uniform(1, 3)]))
        assert node.edgecore.poll() is None, f"edgecore ended by itself with {node.edgecore.returncode} before kill {kill}"
        node.stop("edgecore", signal.SIGKILL)
        checked += check_what_was_left(node)
        node.start_edgecore()
        running = node.containers()
        for name, container in ids.items():
            container = container.split("//")[1]
            assert running.get(container) == pids[container], f"{name} is not what it was before kill {kill}"
    assert checked > KILLS, f"only {checked} acknowledged objects were checked after {KILLS} kills"
    time.sleep(1)
    churn.go_on = False
    churn.join(30)
    assert not churn.problem, churn.problem
    begin = time.monotonic()
    node.wait_ready()

    def unsettled():
        found = [node.get(name) for name in PODS + UNTOUCHED]
        return [there for there in found if there and
                ("deletionTimestamp" in there["metadata"] or not node.pod_ready(there["metadata"]["name"]))]

    try:
        wait("every pod has converged", lambda: not unsettled(), 45, 0.2)
    except AssertionError:
        print(json.dumps(unsettled(), indent=1))
        raise
    print(f"{checked} objects checked between the kills; {churn.done} changes; all converged {time.monotonic() - begin:.1f} s after the last kill and change")

    alive = [name for name in PODS + UNTOUCHED if node.get(name)]
    wait("containerd runs two containers a pod and no other", lambda: len(node.containers()) == 2 * len(alive), 20, 0.2)
    for name in UNTOUCHED:
        status = node.container_status(name)
        assert status["restartCount"] == 0 and status["containerID"] == ids[name], (name, status)
        container = ids[name].split("//")[1]
        assert node.containers()[container] == pids[container], f"{name} is another process"

    def shown(name, config_name):
        path = node.volume(name, "projected", "all") / config_name
        return path.read_text() if path.exists() else None

    def current():
        for config_name in CONFIGS:
            there = node.get(config_name, "configmaps")
            if any(shown(name, config_name) != (there and there["data"]["text"]) for name in alive):
                return False
        return True

    took = wait("every volume shows the present ConfigMaps", current, 30, 0.2)
    print(f"volumes were current {took:.1f} s later")

    def nothing_pending():
        versions = {(kind, name): version for kind, _, name, _, version in node.acknowledged()}
        for kind, plural, names in (("Pod", "pods", alive), ("ConfigMap", "configmaps", CONFIGS)):
            for name in names:
                there = node.get(name, plural)
                if there and versions.get((kind, name)) not in (None, int(there["metadata"]["resourceVersion"])):
                    return False
        return True

    took = wait("the cloud has an acknowledgement of the last version of everything", nothing_pending, 30, 0.2)
    status = node.stop("edgecore")
    assert status == 0, f"edgecore ended with {status}"
    number = check_database(node)
    print(f"all acknowledged {took:.1f} s later: {number} objects, all in the database")
    violations = node.sim_state().get("violations")
    assert not violations, violations

    # Running containers were counted above. Ended ones are garbage collected within about a minute of a start.
    if KILLS > 8:
        node.start_edgecore()
        node.wait_ready()
        uids = [node.get(name)["metadata"]["uid"] for name in alive]
        took = wait("containerd lists only containers of the pods that exist",
                    lambda: not node.made_containers().difference(*map(node.containers_of, uids)), 120, 0.3)
        print(f"nothing left over {took:.1f} s after the last start")
