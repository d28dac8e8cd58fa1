#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the Kubernetes API of a node is and what it costs, beside an HTTP server that does nothing; one JSON line per figure.

    metaserver_bench.py [--seconds N] [--watchers N] [--objects N] [--pods N] [FIGURE...]

FIGURE: get, list, watch, memory, start (all when none is given). Root, wrk and the packages of scripts/packages.sh; edgecore, cloudsim and
bench_http in $EDGECORE_BUILD/bin (default build/release). Everything runs privately below temporary folders, on this machine alone;
docs/benchmarks.md says how to read the lines.
"""
import argparse
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/support"))
from metaserver import MetaNode  # noqa: E402
from node import BUILD, pod, wait  # noqa: E402

FIGURES = ("get", "list", "watch", "memory", "start")
CONFIGS = "/api/v1/namespaces/default/configmaps"
ALLOW = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}


def say(figure, **values):
    print(json.dumps({"figure": figure, **values}), flush=True)


def wrk(url, seconds, connections=32, token=None):
    """Requests a second and the 99th percentile in ms."""
    head = ["-H", f"Authorization: Bearer {token}"] if token else []
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *head, url], capture_output=True, text=True,
                          check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done).groups()
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    assert not wrong, done
    return round(rate), round(float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], 2)


def floor(seconds, tls):
    """The HTTP server of edgecore with a handler that does nothing."""
    process = subprocess.Popen([BUILD / "bin/bench_http", *(["--tls"] if tls else [])], stdout=subprocess.PIPE, text=True)
    try:
        port = re.search(r"(\d{4,5})", process.stdout.readline())[1]
        return wrk(f"{'https' if tls else 'http'}://127.0.0.1:{port}/", seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def config_map(name, size):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"k": "x" * size}}


def ready(gate):
    """A node whose default account may read everything, and a token of it."""
    node = MetaNode(gate=gate)
    node.__enter__()
    node.start_meta()
    token = None
    if gate:
        base = "/apis/rbac.authorization.k8s.io/v1"
        node.create(f"{base}/clusterroles", {"metadata": {"name": "reader"}, "rules": [ALLOW]})
        node.create(f"{base}/clusterrolebindings", {"metadata": {"name": "reader"}, "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]})
        node.apply(pod("client"))
        node.wait_pod_ready("client", 60)
        token = node.pod_token("client")
        wait("the token counts", lambda: node.meta("GET", CONFIGS, token=token).code == 200, 30)
    return node, token


def figure_get(arguments, gate):
    node, token = ready(gate)
    try:
        node.create(CONFIGS, config_map("one", 1024))
        url = f"{node.server()}{CONFIGS}/one"
        wait("the object is there", lambda: node.meta("GET", f"{CONFIGS}/one", token=token).code == 200)
        for _ in range(5):  # so that it is kept current on the node
            node.meta("GET", f"{CONFIGS}/one", token=token)
            time.sleep(0.2)
        rates = {"online": [], "offline": [], "floor": []}
        for _ in range(3):
            rates["floor"].append(floor(arguments.seconds, gate))
            rates["online"].append(wrk(url, arguments.seconds, token=token))
        node.stop("cloudsim")
        time.sleep(1)
        for _ in range(3):
            rates["offline"].append(wrk(url, arguments.seconds, token=token))
        for what, seen in rates.items():
            say("get", tls=gate, what=what, per_second=round(statistics.median(r for r, _ in seen)),
                p99_ms=statistics.median(p for _, p in seen))
    finally:
        node.__exit__(None, None, None)


def figure_list(arguments):
    node, _ = ready(False)
    try:
        for number in range(arguments.pods):
            made = pod(f"p{number}", nodeName="elsewhere")
            made["metadata"]["annotations"] = {"filler": "y" * 1500}
            node.create("/api/v1/namespaces/default/pods", made)
        answer = node.meta("GET", "/api/v1/namespaces/default/pods")
        assert len(answer.json["items"]) >= arguments.pods, len(answer.json["items"])
        time.sleep(1)
        rate, p99 = wrk(f"{node.server()}/api/v1/namespaces/default/pods", arguments.seconds, connections=8)
        say("list", objects=len(answer.json["items"]), bytes=len(answer.body), per_second=rate, p99_ms=p99)
    finally:
        node.__exit__(None, None, None)


def pss(node):
    return node.pss_mib() * 1024


def figure_watch(arguments, gate):
    node, token = ready(gate)
    try:
        node.create(CONFIGS, config_map("first", 100))
        version = node.meta("GET", CONFIGS, token=token).json["metadata"]["resourceVersion"]
        before = pss(node)
        request = f"GET {CONFIGS}?watch=1&resourceVersion={version} HTTP/1.1\r\nHost: node\r\n"
        request += f"Authorization: Bearer {token}\r\n\r\n" if token else "\r\n"
        context = ssl.create_default_context(cafile=str(node.cluster_ca())) if gate else None
        sockets = []
        for _ in range(arguments.watchers):
            raw = socket.create_connection(("127.0.0.1", node.meta_port))
            if context:
                raw = context.wrap_socket(raw, server_hostname="127.0.0.1")
            raw.sendall(request.encode())
            sockets.append(raw)
        for raw in sockets:
            assert b"200 OK" in raw.recv(4096)
            raw.setblocking(False)
        time.sleep(1)
        each = (pss(node) - before) / len(sockets)
        spans = []
        for number in range(5):
            waiting = selectors.DefaultSelector()
            for raw in sockets:
                waiting.register(raw, selectors.EVENT_READ)
            begin = time.monotonic()
            node.create(CONFIGS, config_map(f"event{number}", 100))
            left = len(sockets)
            while left:
                for key, _ in waiting.select(10):
                    try:
                        key.fileobj.recv(65536)
                    except (ssl.SSLWantReadError, BlockingIOError):
                        continue
                    waiting.unregister(key.fileobj)
                    left -= 1
            spans.append((time.monotonic() - begin) * 1000)
            waiting.close()
            time.sleep(0.5)
        say("watch", tls=gate, watchers=len(sockets), kib_each=round(each, 1), event_reaches_all_ms=round(statistics.median(spans)),
            longest_ms=round(max(spans)))
        for raw in sockets:
            raw.close()
    finally:
        node.__exit__(None, None, None)


def figure_memory(arguments):
    node, _ = ready(False)
    try:
        for plural, made in (("configmaps", lambda n: config_map(f"c{n}", 1024)),
                             ("pods", lambda n: pod(f"p{n}", nodeName="elsewhere"))):
            for number in range(arguments.objects if plural == "configmaps" else arguments.pods):
                body = made(number)
                if plural == "pods":
                    body["metadata"]["annotations"] = {"filler": "y" * 1500}
                node.create(f"/api/v1/namespaces/default/{plural}", body)
            before = pss(node)
            answer = node.meta("GET", f"/api/v1/namespaces/default/{plural}?limit=1", timeout=60)
            total = 1 + answer.json["metadata"].get("remainingItemCount", 0)
            size = sum(len(json.dumps(item, separators=(",", ":"))) for item in
                       node.api("GET", f"/api/v1/namespaces/default/{plural}")[1]["items"])
            time.sleep(5)
            grown = (pss(node) - before) * 1024
            say("memory", resource=plural, objects=total, json_bytes=size, grown_bytes=round(grown), per_object=round(grown / total),
                ratio=round(grown / size, 2))
    finally:
        node.__exit__(None, None, None)


def figure_start(arguments):
    node, _ = ready(False)
    try:
        for number in range(arguments.objects):
            node.create(CONFIGS, config_map(f"c{number}", 1024))
        assert node.meta("GET", CONFIGS, timeout=60).code == 200
        time.sleep(2)
        node.stop("cloudsim")
        spans = []
        for _ in range(5):
            node.stop("edgecore")
            begin = time.monotonic()
            node.start_edgecore()
            while True:
                try:
                    if node.meta("GET", f"{CONFIGS}/c1").code == 200:
                        break
                except OSError:
                    time.sleep(0.002)
            spans.append((time.monotonic() - begin) * 1000)
        say("start", objects=arguments.objects, first_answer_ms=round(statistics.median(spans)), longest_ms=round(max(spans)))
    finally:
        node.__exit__(None, None, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--watchers", type=int, default=5000)
    parser.add_argument("--objects", type=int, default=10000)
    parser.add_argument("--pods", type=int, default=1000)
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []], default=[])
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("error: wrk is not installed (apt-get install wrk)")
    wanted = arguments.figures or FIGURES
    for gate in (False, True):
        if "get" in wanted:
            figure_get(arguments, gate)
        if "watch" in wanted:
            figure_watch(arguments, gate)
    if "list" in wanted:
        figure_list(arguments)
    if "memory" in wanted:
        figure_memory(arguments)
    if "start" in wanted:
        figure_start(arguments)


if __name__ == "__main__":
    main()
