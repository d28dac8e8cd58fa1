# SPDX-License-Identifier: Apache-2.0
"""A node with devices, for integration tests: a private mosquitto, edgecore with eventBus and deviceTwin on it, and clients.

    with DeviceNode() as node:
        node.start()
        node.add_device("sensor")
        with TwinClient(node.broker.port) as client:
            client.update("default/sensor", "temperature", "25")
"""
import json
import sqlite3
import time

from mqtt import Client, Mosquitto
from node import Node, wait

DEVICES = "/apis/devices.kubeedge.io/v1beta1/namespaces/default/devices"
MODELS = "/apis/devices.kubeedge.io/v1beta1/namespaces/default/devicemodels"


def model(name="model", protocol="virtual", properties=("temperature",)):
    return {"apiVersion": "devices.kubeedge.io/v1beta1", "kind": "DeviceModel", "metadata": {"name": name, "namespace": "default"},
            "spec": {"protocol": protocol,
                     "properties": [{"name": each, "type": "STRING", "accessMode": "ReadWrite"} for each in properties]}}


def device(name, node, desired="", protocol="virtual", properties=("temperature",), model_name="model"):
    return {"apiVersion": "devices.kubeedge.io/v1beta1", "kind": "Device", "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": node, "deviceModelRef": {"name": model_name},
                     "protocol": {"protocolName": protocol, "configData": {"port": 9600, "path": "/dev/ttyS0", "fast": True}},
                     "properties": [{"name": each, "desired": {"value": desired}, "reportCycle": 100, "collectCycle": 100,
                                     "reportToCloud": True,
                                     "visitors": {"protocolName": protocol, "configData": {"register": each}}}
                                    for each in properties]}}


class DeviceNode(Node):
    @property
    def broker(self):
        if self.mqtt is None:
            self.mqtt = Mosquitto(self.dir / "mqtt")
        return self.mqtt

    def __init__(self, **more):
        super().__init__(**more)
        self.modules["deviceTwin"] = {"enable": True}

    def config(self):
        self.broker  # starts it
        return super().config()

    def start_without_pods(self, broker=True):
        """Starts cloud and edgecore without a runtime, for tests of devices alone."""
        if not broker:
            self.broker.stop()
        self.start_cloud()
        self.create("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {
            "name": self.name, "labels": {"node-role.kubernetes.io/edge": ""}}})
        self.modules["edged"] = {"enable": False}
        self.start_edgecore()

    def add_model(self, **more):
        return self.create(MODELS, model(**more))

    def add_device(self, name, **more):
        return self.create(DEVICES, device(name, self.name, **more))

    def wait_known(self, *names, seconds=20):
        """Waits until the node has these devices."""
        ids = {f"default/{name}" for name in names}
        return wait(f"the node knows {len(ids)} devices", lambda: ids <= set(self.column("SELECT id FROM device")), seconds)

    def column(self, query, *arguments):
        """The first column of the result, from committed data."""
        try:
            return [row[0] for row in self.rows(query, *arguments)]
        except sqlite3.OperationalError:
            return []  # edgecore has not made the table yet

    def stored(self, name, prop="temperature", column="actual"):
        found = self.column(f"SELECT {column} FROM device_twin WHERE deviceid = ? AND name = ? ORDER BY id DESC",
                          f"default/{name}", prop)
        return found[0] if found else None

    def in_cloud(self, name):
        code, answer = self.api("GET", f"{DEVICES}/{name}")
        return answer if code == 200 else None

    def reported(self, name, prop="temperature", what="reported"):
        """The value in the cloud's Device."""
        for twin in ((self.in_cloud(name) or {}).get("status") or {}).get("twins") or []:
            if twin["propertyName"] == prop:
                return twin[what]["value"]
        return None

    def wait_reported(self, name, value, prop="temperature", seconds=20):
        return wait(f"the cloud shows {prop}={value} of {name}", lambda: self.reported(name, prop) == value, seconds, every=0.05)


class TwinClient(Client):
    """Keeps all messages of its topics; by default those of devices and nodes."""

    def __init__(self, port, *topics):
        super().__init__(port, *(topics or ("$hw/events/#",)))
        self.events = 0

    def mark(self):
        """The number of messages so far."""
        return len(self.received())

    def said(self, suffix="", after=0):
        """(topic, JSON) of the messages after a mark."""
        return [(topic, json.loads(payload)) for topic, payload in self.received()[after:] if topic.endswith(suffix)]

    def until(self, condition, what, seconds=10):
        return wait(what, condition, seconds, every=0.01)

    def send(self, topic, body):
        self.post(topic, body if isinstance(body, (str, bytes)) else json.dumps(body))

    def send_update(self, device_id, prop, value, side="actual", event=None):
        self.events += 1
        event = event or f"e{self.events}"
        self.send(f"$hw/events/device/{device_id}/twin/update",
                  {"event_id": event, "timestamp": int(time.time() * 1000), "twin": {prop: {side: {"value": value}}}})
        return event

    def update(self, device_id, prop, value, side="actual", seconds=10):
        """Sends an update, and returns its answer."""
        mark = self.mark()
        event = self.send_update(device_id, prop, value, side)

        def answers():
            return [body for _, body in self.said(f"{device_id}/twin/update/result", mark) if body["event_id"] == event]

        self.until(answers, f"an answer to the update of {device_id}", seconds)
        return answers()[0]
