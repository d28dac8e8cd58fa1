#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What two hundred hostile clients of all kinds do to a node with 10 pods and 50 devices, and to those who use it honestly.

    hostile_minutes.py [--seconds 600] [--quiet 60] [--period 1.0]

Root, the packages of scripts/packages.sh, and edgecore and cloudsim in $EDGECORE_BUILD/bin (default build/release). Everything runs
privately below a temporary folder, on this machine alone. First the node is left in peace for --quiet seconds, then it is attacked for
--seconds; in both the last quarter of each minute is without the cloud. Each client acts once in --period seconds: 200 actions a second
in all. docs/benchmarks.md says how to read the table. Exit status 1: a bound is broken.
"""
import argparse
import collections
import contextlib
import ctypes
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "integration/support"), str(HERE)]
from devices import DEVICES, DeviceNode, device  # noqa: E402
from hostile import api, devices, services  # noqa: E402
from hostile.honest import BETWEEN, LEASE_PERIOD, OFFLINE, ONLINE, Honest  # noqa: E402
from hostile.peer import Client, Target, run  # noqa: E402
from metaserver import MetaNode  # noqa: E402
from node import NETWORK, pod, wait  # noqa: E402

RBAC = "/apis/rbac.authorization.k8s.io/v1"
RULES = "/apis/rules.kubeedge.io/v1/namespaces/default"
CLIENTS = 200
DEVICES_IN_ALL = 50
HONEST = [f"honest-{n}" for n in range(4)]  # four of the ten pods
ATTACKERS = 2  # processes
SLOWER_AT_MOST = 3.0
MORE_MIB_AT_MOST = 40.0
# Below this nobody can tell a node's delay from the scheduler's on a machine whose cores the attackers share.
NOTICEABLE_MS = 5.0
MINUTE = {ONLINE: 45, OFFLINE: 15}

Window = collections.namedtuple("Window", "mode begin end")


class HostileNode(DeviceNode, MetaNode):
    """Everything a node can have on: MetaServer with tokens, devices, rules."""

    def __init__(self):
        super().__init__()
        self.gate, self.cloud_options = True, ["--require-authorization"]
        self.service_bus = NETWORK.free_port()
        self.modules["serviceBus"] = {"enable": True, "port": self.service_bus, "timeout": 5}

    def config(self):
        config = super().config()
        config["modules"]["edged"]["tailoredKubeletConfig"].update(nodeLeaseDurationSeconds=int(4 * LEASE_PERIOD), fileCheckFrequency="2s")
        return config


# --- the node --------------------------------------------------------------------------------------------------------
def account(node, name, *rules):
    node.create("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": name, "namespace": "default"}})
    node.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
    node.create(f"{RBAC}/clusterrolebindings", {
        "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]})


def probed(port, path, host="127.0.0.1"):
    return {"readinessProbe": {"httpGet": {"host": host, "port": port, "path": path}, "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 3}}


# Depth beyond a path's longest, many files, and a log: again and again, within the cores that a limit gives.
FILES = """cd /data; while true; do
  mkdir tree; cd tree; n=0; while [ $n -lt 400 ]; do mkdir dddddddddddddddd; cd dddddddddddddddd; n=$((n+1)); done; cd /data
  n=0; while [ $n -lt 3000 ]; do : > file$n; n=$((n+1)); done; sleep 20; rm -rf /data/*; done"""
CHATTER = "while true; do n=0; while [ $n -lt 200 ]; do echo line $n of a long and useless log; n=$((n+1)); done; sleep 1; done"


def make_pods(node, probes, service):
    few_cores = {"resources": {"limits": {"cpu": "100m"}}}
    poor = [pod("nowhere", container=probed(80, "/", "no-such-host.invalid")),
            pod("redirects", container=probed(service, "/redirect/0")),
            pod("framing", container=probed(service, "/framing")),
            pod("trickle", container={**probed(service, "/headers"), "livenessProbe": {"exec": {"command": ["sh", "-c", "yes | head -c 300000"]}}}),
            pod("files", FILES, container={"volumeMounts": [{"name": "data", "mountPath": "/data"}], **few_cores}, volumes=[{"name": "data", "emptyDir": {}}]),
            pod("chatter", CHATTER, container=few_cores, serviceAccountName="reader")]
    honest = [pod(name, container=probed(probes, f"/{name}"), serviceAccountName="honest") for name in HONEST]
    node.apply(*honest, *poor)
    for item in honest + poor:
        node.wait_pod(item["metadata"]["name"], seconds=90)


def make_objects(node):
    read = {"apiGroups": [""], "resources": ["configmaps", "pods", "pods/log"], "verbs": ["get", "list", "watch"]}
    account(node, "reader", read, {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]})
    account(node, "honest", read, {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
            {"apiGroups": ["devices.kubeedge.io"], "resources": ["devices"], "verbs": ["get", "patch"]})
    for name in ("honest", "watched"):
        node.create(api.CONFIGS, {"metadata": {"name": name}, "data": {"at": "0"}})
    for number in range(40):
        node.create(api.CONFIGS, {"metadata": {"name": f"large-{number}"}, "data": {"k": "x" * 50_000}})
    node.add_model()
    names = ["good", "patched", *(f"sensor-{n}" for n in range(DEVICES_IN_ALL - 2))]
    for name in names:
        node.create(DEVICES, device(name, node.name, desired="0"))
    node.wait_known(*names, seconds=60)
    return [f"default/{name}" for name in names[2:]]


def make_rules(node, service):
    def make(kind, name, **spec):
        node.create(f"{RULES}/{kind.lower()}s", {"apiVersion": "rules.kubeedge.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})

    def endpoint(name, kind, **properties):
        make("RuleEndpoint", name, ruleEndpointType=kind, properties=properties)

    def rule(name, source, source_resource, target, target_resource):
        make("Rule", name, source=source, sourceResource=source_resource, target=target, targetResource=target_resource)

    endpoint("rest", "rest")
    endpoint("service", "servicebus", service_port=str(service))
    rule("call", "rest", {"path": "/svc"}, "service", {"path": "/"})
    rule("up", "service", {"target_url": services.URL, "node_name": node.name}, "rest", {"resource": f"http://127.0.0.1:{service}/redirect/0"})


def make_stranger(node):
    path = node.dir / "stranger.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", "/O=system:masters/CN=stranger", "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + pathlib.Path(f"{path}.crt").read_text())
    return str(path)


def prepare(node):
    """Starts the node with all it has; returns what attackers know, and the token and the port of the honest."""
    probes, service = NETWORK.free_port(), NETWORK.free_port()
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore()
    node.wait_ready(30)
    node.wait_meta()
    known = make_objects(node)
    make_pods(node, probes, service)
    make_rules(node, service)
    token = node.pod_token(HONEST[0])
    wait("the honest token counts", lambda: node.meta("GET", f"{api.CONFIGS}/honest", token=token).code == 200, 30)
    target = Target(api=node.meta_port, dmi=str(node.dir / "dmi.sock"), broker=node.broker.port, service_bus=node.service_bus,
                    router=node.cloud["router"], hostile_service=service, ca=str(node.cluster_ca()), stranger=make_stranger(node),
                    poor=node.pod_token("redirects"), reader=node.pod_token("chatter"), devices=known, chatty_pod="chatter")
    return target, token, probes


# --- attackers -------------------------------------------------------------------------------------------------------
def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def in_child(body, *arguments):
    def child():
        die_with_parent()
        body(*arguments)

    process = multiprocessing.get_context("fork").Process(target=child, daemon=True)
    process.start()
    return process


def attackers(target, options, over, results):
    """The processes of all hostile clients but those that this one is: the cloud, the static pods' author, and six pods."""
    kinds = [kind for group in (api.CLIENTS, devices.CLIENTS, services.CLIENTS) for kind, count in group.items() for _ in range(count)]
    assert len(kinds) == CLIENTS - 8, len(kinds)

    def body(share):
        clients = [(kind, Client(target, number)) for number, kind in enumerate(kinds) if number % ATTACKERS == share]
        results.put(run(clients, options.period, over, [services.hostile_service(target)] if share == 0 else []))

    return [in_child(body, share) for share in range(ATTACKERS)]


def strange_messages(node, over):
    """The cloud sends what it should not, every few seconds."""
    dice = random.Random(1)
    deep = {"header": {"msg_id": "deep", "timestamp": 1}, "route": {"source": "edgecontroller", "group": "resource", "operation": "update",
            "resource": f"node/{node.name}/default/pod/deep"}, "content": json.loads('{"a":' * 90 + "1" + "}" * 90)}
    actions = [("bad-json", {}), ("unknown-group", {}), ("empty-object", {}), ("huge-message", {"bytes": 4_000_000}), ("resend-everything", {}),
               ("send", {"message": deep})]
    while not over.value:
        action, more = dice.choice(actions)
        with contextlib.suppress(AssertionError, OSError):  # nobody is connected
            node.action(action, **more)
        time.sleep(5)


def static_garbage(node, over):
    """Manifests that are none."""
    dice, folder = random.Random(2), node.dir / "manifests"
    texts = [b"", b"\0" * 100_000, b"a: &a [*a]\n", b"[" * 5000, api.aliases(), b"kind: Pod\nmetadata: {name: ../x}\n", b"kind: Pod\nspec: [" + b"{}," * 20_000 + b"{}]\n"]
    while not over.value:
        path = folder / f"garbage-{dice.randrange(5)}.yaml"
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        made = dice.randrange(8)
        if made == 0:
            path.mkdir()
        elif made == 1:
            os.mkfifo(path)
        else:
            path.write_bytes(dice.choice(texts) or dice.randbytes(5000))
        time.sleep(3)


def churn_of_files(node, over):
    """The pod whose volume is deep and full goes and comes."""
    template = node.get("files")
    for name in ("uid", "resourceVersion", "creationTimestamp", "generation"):
        template["metadata"].pop(name, None)
    template.pop("status", None)
    template["spec"].pop("nodeName", None)
    while not over.value:
        time.sleep(15)
        with contextlib.suppress(AssertionError, OSError):  # offline it takes longer
            node.delete("files")
            node.wait_gone("files", 60)
            node.apply(template)


# --- measuring -------------------------------------------------------------------------------------------------------
def cpu_seconds(pid):
    """{name of a thread, a module's is the module's: seconds}"""
    used = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it ended meanwhile
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
            used[name] += sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return used


class Memory(threading.Thread):
    """PSS of the process, every two seconds."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.process, self.seen = node, node.edgecore, []
        self.start()

    def run(self):
        while self.process.poll() is None:
            with contextlib.suppress(OSError, KeyError, StopIteration):  # it ends just now
                self.seen.append((time.monotonic(), self.node.pss_mib()))
            time.sleep(2)

    def within(self, windows):
        return [mib for at, mib in self.seen if windows[0].begin <= at <= windows[-1].end]


def go_offline(node, mode):
    mode.value = BETWEEN
    node.faults(refuseConnections=True)
    node.action("cut")
    time.sleep(2)
    mode.value = OFFLINE


def go_online(node, mode):
    def connected():
        assert node.edgecore.poll() is None, f"edgecore ended with {node.edgecore.returncode}"
        return node.sim_state()["connects"] > before

    mode.value = BETWEEN
    before = node.sim_state()["connects"]
    node.faults(refuseConnections=False)
    wait("the node is connected again", connected, 90, 0.2)
    wait("the node is Ready again", node.ready, 60, 0.2)
    time.sleep(3)
    mode.value = ONLINE


def minutes(node, mode, seconds):
    """Lets time pass, part of it without the cloud: the windows in which samples count."""
    windows, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        for what in (ONLINE, OFFLINE):
            if what == OFFLINE:
                go_offline(node, mode)
            begin = time.monotonic()
            time.sleep(MINUTE[what] * min(1.0, seconds / 60))
            windows.append(Window(what, begin, time.monotonic()))
        go_online(node, mode)
    return windows


def read_samples(path, windows):
    """{figure: [milliseconds]}; None for a failure. A sample counts if it lies inside a window."""
    found = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        figure, begin, end, took = json.loads(line)
        if any(window.begin <= begin and end <= window.end for window in windows):
            found[figure].append(took)
    return found


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Verdict:
    def __init__(self):
        self.broken = []

    def bound(self, holds, sentence):
        if not holds:
            self.broken.append(sentence)
        return "" if holds else "  <-- broken"

    def latencies(self, quiet, attacked):
        print(f"\n{'in ms':34} {'n':>6} {'p50 quiet':>10} {'attacked':>9} {'ratio':>6} {'p99 quiet':>10} {'attacked':>9} {'ratio':>6} {'failed':>7}")
        for figure in sorted(quiet):
            before = [ms for ms in quiet[figure] if ms is not None]
            during = [ms for ms in attacked.get(figure, []) if ms is not None]
            failed = len(attacked.get(figure, [])) - len(during)
            if not before or not during:
                self.bound(False, f"{figure}: no samples")
                continue
            row, mark = f"{figure:34} {len(during):6}", ""
            for share in (0.5, 0.99):
                one, other = quantile(before, share), quantile(during, share)
                ratio = other / one if one > 0 else 1.0
                if not figure.startswith("the machine"):
                    mark = mark or self.bound(other <= SLOWER_AT_MOST * max(one, NOTICEABLE_MS),
                                              f"{figure}: p{share * 100:.0f} {one:.1f} -> {other:.1f} ms")
                row += f" {one:10.2f} {other:9.2f} {ratio:6.2f}"
            mark = mark or self.bound(failed == 0, f"{figure}: {failed} failed")
            print(f"{row} {failed:7}{mark}")

    def memory(self, quiet, attacked):
        before, most = quantile(quiet, 0.5), max(attacked)
        mark = self.bound(most <= before + MORE_MIB_AT_MOST, f"PSS {before:.1f} -> {most:.1f} MiB")
        print(f"\nPSS: {before:.1f} MiB quiet, {most:.1f} at most when attacked ({most - before:+.1f}), {attacked[-1]:.1f} at the end{mark}")

    def restarts(self, node, process, restarts):
        log = node.log()
        lines = [line for line in log.splitlines() if "has failed and restarts" in line or " hangs and is replaced" in line or "is set aside" in line]
        self.bound(node.edgecore is process and process.poll() is None, "edgecore ended")
        self.bound(not lines, f"modules were restarted: {lines[:5]}")
        now = restart_counts(node)
        self.bound(now == restarts, f"honest containers were restarted: {restarts} -> {now}")
        print(f"restarts: modules {len(lines)}, honest containers {sum(now.values()) - sum(restarts.values())}")


def restart_counts(node):
    return {name: node.container_status(name).get("restartCount") for name in HONEST}


def say_attacks(shares, seconds):
    rows = {}
    for share in shares:
        for kind, row in share.items():
            for key, count in row.items():
                rows.setdefault(kind, collections.Counter())[key] += count
    print(f"\n{'hostile clients':24} {'n':>4} {'actions':>8}  answers")
    for kind, row in sorted(rows.items()):
        rest = ", ".join(f"{key} {count}" for key, count in sorted(row.items()) if key not in ("clients", "actions"))
        print(f"{kind:24} {row['clients']:4} {row.get('actions', 0):8}  {rest}")
    print(f"{sum(row.get('actions', 0) for row in rows.values()) / seconds:.0f} actions a second")


def keep_samples(node):
    """With EDGECORE_KEEP: the samples and failures of the honest clients, whatever the outcome."""
    if os.environ.get("EDGECORE_KEEP"):
        for path in node.dir.glob("samples*"):
            shutil.copy(path, os.environ["EDGECORE_KEEP"])


def measure(node, options, children):
    target, token, probes = prepare(node)
    share = multiprocessing.get_context("fork")
    mode, over, results = share.Value("i", ONLINE), share.Value("b", 0), share.Queue()
    samples = node.dir / "samples"
    children.append(in_child(lambda: Honest(node, token, probes, mode, samples).run()))
    for name in HONEST:
        node.wait_pod_ready(name)
    time.sleep(10)  # what is kept in memory is there
    memory, process, restarts = Memory(node), node.edgecore, restart_counts(node)
    quiet = minutes(node, mode, options.quiet)

    begin, used = time.monotonic(), cpu_seconds(process.pid)
    children += attackers(target, options, over, results)
    for body in (strange_messages, static_garbage, churn_of_files):
        threading.Thread(target=body, args=(node, over), daemon=True).start()
    attacked = minutes(node, mode, options.seconds)
    passed = time.monotonic() - begin
    used = {name: (seconds - used[name]) / passed for name, seconds in cpu_seconds(process.pid).items()}
    over.value = 1
    verdict = Verdict()
    verdict.latencies(read_samples(samples, quiet), read_samples(samples, attacked))
    verdict.memory(memory.within(quiet), memory.within(attacked))
    verdict.restarts(node, process, restarts)
    say_attacks([results.get(timeout=90) for _ in range(ATTACKERS)], passed)
    most = sorted(used, key=used.get)[:-5:-1]
    print(f"edgecore used {sum(used.values()):.2f} of a core: " + ", ".join(f"{name} {used[name]:.2f}" for name in most))
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="of the attack")
    parser.add_argument("--quiet", type=float, default=60, help="seconds of quiet before it")
    parser.add_argument("--period", type=float, default=1.0, help="seconds from one action of a client to its next")
    options = parser.parse_args()
    children = []
    with HostileNode() as node:
        try:
            verdict = measure(node, options, children)
            if verdict.broken:
                raise SystemExit("broken:\n  " + "\n  ".join(verdict.broken))
        finally:
            keep_samples(node)
            for child in children:
                child.kill()
                child.join()
    print("all bounds hold")


if __name__ == "__main__":
    main()
