# SPDX-License-Identifier: Apache-2.0
"""Durability for devices (docs/architecture.md, promise 1): during a flood of twin updates edgecore, the broker, a mapper's client and
the cloud are killed and cut repeatedly. Afterwards every answered update (or a newer one of the same property) is in the database,
and the cloud has the last value of each property. EDGECORE_KILLS is the number of kills, 8 in the test suite."""
import os
import random
import signal
import threading
import time

from devices import DeviceNode, TwinClient
from node import wait

KILLS = int(os.environ.get("EDGECORE_KILLS", "8"))
SEED = int(os.environ.get("EDGECORE_SEED", str(random.randrange(1 << 30))))
DEVICES = [f"d{i}" for i in range(10)]


class Flood(threading.Thread):
    """One client and device: counts up, keeps up to 20 updates under way, remembers the newest answered."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port, self.device, self.stopping = port, name, False
        self.sent, self.answered, self.given_up = 0, 0, 0
        self.progress = time.monotonic()
        self.start_client()

    def start_client(self):
        self.client = TwinClient(self.port, f"$hw/events/device/default/{self.device}/twin/update/result")
        self.client.paho.on_message = lambda client, userdata, message: self.on_answer(message)

    def on_answer(self, message):
        text = message.payload
        if b'"code"' in text:
            return
        begin = text.index(b'"event_id":"v') + 13
        self.answered = max(self.answered, int(text[begin:text.index(b'"', begin)]))
        self.progress = time.monotonic()

    def run(self):
        while not self.stopping:
            connected = self.client.paho.is_connected()
            if connected and self.sent - max(self.answered, self.given_up) < 20:
                self.sent += 1
                self.client.send_update(f"default/{self.device}", "temperature", str(self.sent), event=f"v{self.sent}")
            elif connected and time.monotonic() - self.progress > 2:
                self.given_up = self.sent  # lost on the way, and replaced by newer ones
                self.progress = time.monotonic()
            else:
                time.sleep(0.005)

    def kill_client(self):
        """Like a mapper that dies: closes the socket without DISCONNECT."""
        self.client.paho._sock_close()

    def stop(self):
        self.stopping = True
        self.join(10)


def hurt(node, floods, chance):
    what = chance.choice(["edgecore", "mosquitto", "mapper", "cloud", "cut"])
    if what == "edgecore":
        node.restart_edgecore(signal.SIGKILL)
    elif what == "mosquitto":
        node.broker.stop()
        time.sleep(chance.random() * 0.5)
        node.broker.start()
    elif what == "mapper":
        chance.choice(floods).kill_client()
    elif what == "cloud":
        node.stop("cloudsim", signal.SIGKILL)
        time.sleep(chance.random())
        node.start_cloud()
    else:
        node.action("cut")
    return what


with DeviceNode() as node:
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    node.start_without_pods()
    node.add_model()
    for name in DEVICES:
        node.add_device(name)
    node.wait_known(*DEVICES, seconds=60)
    floods = [Flood(node.broker.port, name) for name in DEVICES]
    for flood in floods:
        flood.start()
    done = {}
    for _ in range(KILLS):
        time.sleep(0.3 + chance.random())
        before = sum(flood.answered for flood in floods)
        what = hurt(node, floods, chance)
        done[what] = done.get(what, 0) + 1
        wait("updates are answered again", lambda: sum(flood.answered for flood in floods) > before + len(floods), 40)
    for flood in floods:
        flood.stop()
    answered = sum(flood.answered for flood in floods)
    time.sleep(1)
    for flood in floods:
        stored = int(node.stored(flood.device))
        assert stored >= flood.answered, (flood.device, stored, flood.answered)
    for flood in floods:
        node.wait_reported(flood.device, node.stored(flood.device), seconds=60)
    print(f"{answered} updates answered, {done}: all there, and the cloud has the last of each")
