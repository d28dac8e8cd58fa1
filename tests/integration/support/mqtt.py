# SPDX-License-Identifier: Apache-2.0
"""MQTT for integration tests: a private mosquitto, and clients that record messages.

    node.mqtt = Mosquitto(node.dir / "mqtt")      # before node.start(): enables eventBus with it
    with node.mqtt.client("$hw/events/device/#") as client:
        client.publish("default/user/t", "hello")
        client.wait(lambda topic, payload: topic.endswith("/result"))
"""
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

from node import NETWORK, skip, wait

sys.path.append("/usr/lib/python3/dist-packages")  # for paho, if another python3 is first in PATH
try:
    import paho.mqtt.client as paho
except ImportError:
    paho = None


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """A broker on a free port, started at once. `settings` are more lines of its configuration."""

    def __init__(self, directory, settings="allow_anonymous true"):
        if paho is None:
            skip("python3-paho-mqtt is not installed")
        self.program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if self.program is None:
            skip("mosquitto is not installed")
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = NETWORK.free_port()
        (self.dir / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nuser root\nset_tcp_nodelay true\nmax_queued_messages 100000\n{settings}\n")
        self.process = None
        self.start()

    @property
    def address(self):
        return f"tcp://127.0.0.1:{self.port}"

    def start(self):
        log = open(self.dir / "mosquitto.log", "ab")
        self.process = subprocess.Popen([self.program, "-c", self.dir / "mosquitto.conf"], stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        wait("mosquitto listens", lambda: listens(self.port), 10)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.stop()
        self.start()

    def client(self, *filters):
        return Client(self.port, *filters)


class Client:
    """A paho client on a thread of its own that subscribes to `filters` (QoS 1) and reconnects by itself."""

    def __init__(self, port, *filters):
        self.filters = filters
        self.lock = threading.Lock()
        self.messages = []  # [(topic, payload bytes)]
        self.subscribed = threading.Event()
        self.paho = paho.Client(clean_session=True)
        self.paho.max_inflight_messages_set(0)
        self.paho.reconnect_delay_set(1, 1)
        self.paho.on_connect = self.on_connect
        self.paho.on_subscribe = lambda *_: self.subscribed.set()
        self.paho.on_disconnect = lambda *_: self.subscribed.clear()
        self.paho.on_message = self.on_message
        self.paho.connect("127.0.0.1", port, 30)
        self.paho.loop_start()
        self.wait_connected()

    def on_connect(self, *_):
        if self.filters:
            self.paho.subscribe([(topic, 1) for topic in self.filters])
        else:
            self.subscribed.set()

    def on_message(self, _client, _data, message):
        with self.lock:
            self.messages.append((message.topic, message.payload))

    def wait_connected(self, seconds=15):
        assert self.subscribed.wait(seconds), "the MQTT client is not connected and subscribed"

    def publish(self, topic, payload, seconds=15):
        """Returns when the broker has the message (QoS 1)."""
        self.post(topic, payload).wait_for_publish(seconds)

    def post(self, topic, payload):
        """Like publish, without waiting."""
        return self.paho.publish(topic, payload, qos=1)

    def received(self):
        with self.lock:
            return list(self.messages)

    def wait(self, wanted, seconds=15, after=0):
        """The payload of the first message, from number `after` on, that wanted(topic, payload) accepts."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for topic, payload in self.received()[after:]:
                if wanted(topic, payload):
                    return payload
            time.sleep(0.01)
        raise AssertionError(f"no such MQTT message within {seconds} s; {len(self.received())} came")

    def close(self):
        self.paho.disconnect()
        self.paho.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
