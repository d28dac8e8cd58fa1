# SPDX-License-Identifier: Apache-2.0
"""Well-behaved clients of the node that note how long each answer took. They run in a process of their own, from before the attack
until after it.

A sample is a line of JSON: [figure, begin, end, milliseconds], in the machine's monotonic seconds; no milliseconds: it failed.
"""
import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.request
import uuid

from devices import DEVICES, TwinClient

CONFIGS = "/api/v1/namespaces/default/configmaps"
PROBE_PERIOD = 1.0
LEASE_PERIOD = 2.0
ONLINE, OFFLINE, BETWEEN = range(3)  # what the node's line to the cloud is


class Honest:
    """`mode` is shared with the main process: the node is online, offline, or on the way."""

    def __init__(self, node, token, probes_port, mode, samples):
        self.node, self.token, self.probes_port, self.mode = node, token, probes_port, mode
        self.samples = open(samples, "a", buffering=1, encoding="utf-8")
        self.failures = open(f"{samples}.failures", "a", buffering=1, encoding="utf-8")

    def note(self, figure, begin, end, milliseconds):
        self.samples.write(json.dumps([figure, round(begin, 4), round(end, 4), milliseconds and round(milliseconds, 3)]) + "\n")

    def run(self):
        parts = [self.probes, self.leases, self.twins, self.gets, self.new_connections, self.lists, self.events, self.changes, self.writes,
                 self.offline_writes, self.machine]
        for part in parts:
            threading.Thread(target=self.forever, args=(part,), daemon=True).start()
        threading.Event().wait()

    def forever(self, part):
        while True:
            try:
                part()
            except Exception as problem:  # counted as a failure where it matters, and tried again
                self.failures.write(f"{time.monotonic():.3f} {part.__name__}: {type(problem).__name__} {problem}\n")
                time.sleep(0.2)

    def timed(self, figure, body):
        """Notes how long body() took, in the mode that holds from begin to end."""
        mode, begin = self.mode.value, time.monotonic()
        try:
            body()
            took = (time.monotonic() - begin) * 1000
        except Exception as problem:
            self.failures.write(f"{time.monotonic():.3f} {figure}: {type(problem).__name__} {problem}\n")
            took = None
        if mode == self.mode.value != BETWEEN:
            self.note(figure + (" offline" if mode == OFFLINE else ""), begin, time.monotonic(), took)
        if took is None:
            raise ConnectionError(f"{figure} failed")

    def repeat(self, figure, body, period, modes=(ONLINE, OFFLINE)):
        while True:
            if self.mode.value in modes:
                self.timed(figure, body)
            time.sleep(period)

    # --- what the node does by itself ------------------------------------------------------------------------------
    def intervals(self, figure, last, key, period):
        """How much earlier or later than its period something came again."""
        now = time.monotonic()
        if key in last:
            self.note(figure, last[key], now, abs(now - last[key] - period) * 1000)
        last[key] = now

    def probes(self):
        """The server of the honest pods' readiness probes."""
        last = {}
        with socket.create_server(("127.0.0.1", self.probes_port)) as server:
            while True:
                link, _ = server.accept()
                with link, contextlib.suppress(OSError):
                    link.settimeout(2)
                    self.intervals("probe, off its second", last, link.recv(4096).split(b" ")[1], PROBE_PERIOD)
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def leases(self):
        last = {}
        url = f"http://127.0.0.1:{self.node.cloud['api']}/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases?watch=1"
        with urllib.request.urlopen(url) as stream:
            for line in stream:
                if json.loads(line)["object"]["metadata"]["name"] == self.node.name:
                    self.intervals("lease, off its two seconds", last, "lease", LEASE_PERIOD)

    def machine(self):
        """A sleeper: how late the machine wakes whom it likes."""
        while True:
            begin = time.monotonic()
            time.sleep(0.05)
            now = time.monotonic()
            self.note("the machine: a timer, late by", begin, now, (now - begin - 0.05) * 1000)

    # --- devices ---------------------------------------------------------------------------------------------------
    def twins(self):
        device = "default/good"
        with TwinClient(self.node.broker.port, f"$hw/events/device/{device}/twin/update/result") as client:
            answered = threading.Event()
            take = client.on_message

            def on_message(*message):
                take(*message)
                answered.set()

            client.paho.on_message = on_message

            def update():
                client.messages.clear()
                answered.clear()
                event = client.send_update(device, "temperature", str(time.monotonic()))
                if not answered.wait(10) or event not in client.messages[-1][1].decode():
                    raise TimeoutError("no answer to a twin update")

            self.repeat("twin update to its answer", update, 0.1)

    # --- the node's API --------------------------------------------------------------------------------------------
    def ask(self, connection, method, path, body=None, kind="application/json"):
        headers = {"Authorization": f"Bearer {self.token}", **({"Content-Type": kind} if body is not None else {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise http.client.HTTPException(f"{answer.status} {text[:200]}")
        return text

    def on_one_connection(self, figure, path, period):
        with contextlib.closing(self.node.connection(10)) as connection:
            self.repeat(figure, lambda: self.ask(connection, "GET", path), period)

    def gets(self):
        self.on_one_connection("GET", f"{CONFIGS}/honest", 0.1)

    def lists(self):
        self.on_one_connection("LIST of pods", "/api/v1/namespaces/default/pods", 0.3)

    def new_connections(self):
        def once():
            with contextlib.closing(self.node.connection(10)) as connection:
                self.ask(connection, "GET", f"{CONFIGS}/honest")

        self.repeat("GET, new connection", once, 0.3)

    def changes(self):
        """Changes an object in the cloud; events() sees it come."""
        while True:
            if self.mode.value == ONLINE:
                patch = {"data": {"at": repr(time.monotonic())}}
                self.node.api("PATCH", f"{CONFIGS}/watched", patch, "application/merge-patch+json")
            time.sleep(0.3)

    def events(self):
        with self.node.watch(CONFIGS, {"fieldSelector": "metadata.name=watched"}, self.token, timeout=300) as lines:
            for event in lines:
                if event["type"] == "MODIFIED":
                    begin, now = float(event["object"]["data"]["at"]), time.monotonic()
                    self.note("change in the cloud to event", begin, now, (now - begin) * 1000)

    def writes(self):
        with contextlib.closing(self.node.connection(10)) as connection:
            def create():
                name = f"honest-{uuid.uuid4()}"
                self.ask(connection, "POST", CONFIGS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
                made.append(name)

            made = []
            while True:
                if self.mode.value == ONLINE:
                    self.timed("POST", create)
                    self.node.api("DELETE", f"{CONFIGS}/{made.pop()}")
                time.sleep(0.5)

    def offline_writes(self):
        with contextlib.closing(self.node.connection(10)) as connection:
            def write():
                patch = [{"op": "replace", "path": "/spec/properties/0/desired/value", "value": str(int(time.monotonic()))}]
                self.ask(connection, "PATCH", f"{DEVICES}/patched", patch, "application/json-patch+json")

            self.repeat("PATCH of a device", write, 0.5, (OFFLINE,))
