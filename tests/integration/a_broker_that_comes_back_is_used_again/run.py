# SPDX-License-Identifier: Apache-2.0
"""No broker at the start, a broker that goes and comes back: edgecore logs little, goes on with its other work, and
reconnects by itself. Publishers repeat what was under way; the cloud has the right values afterwards."""
import time

from devices import DeviceNode, TwinClient
from node import wait


def answers(node, value):
    """Whether one update is answered within a second."""
    try:
        with TwinClient(node.broker.port, "$hw/events/device/+/+/twin/update/result") as client:
            return "code" not in client.update("default/sensor", "temperature", value, seconds=1)
    except AssertionError:
        return False


with DeviceNode() as node:
    node.start_without_pods(broker=False)
    node.add_model()
    node.add_device("sensor")
    node.wait_known("sensor")  # without any broker
    time.sleep(1)
    lines = len(node.log().splitlines())
    time.sleep(6)
    assert len(node.log().splitlines()) - lines < 10, "a missing broker fills the log"

    node.broker.start()
    print(f"answers {wait('updates are answered', lambda: answers(node, 'one'), 20):.1f} s after the broker came")
    node.wait_reported("sensor", "one")
    for turn in range(3):
        node.broker.stop()
        time.sleep(1 + turn)
        node.broker.start()
        took = wait("updates are answered again", lambda: answers(node, f"turn-{turn}"), 20)
        print(f"answers {took:.1f} s after the broker came back")
    node.wait_reported("sensor", "turn-2")
