# SPDX-License-Identifier: Apache-2.0
"""MQTT messages for the cloud all arrive there, in order: with the tunnel up, cut or down, over kill -9 of edgecore and a restart of the
broker. A rule's topic is kept while the broker is down. With mqttMode 0 edgecore runs a private broker: it is restarted after it was
killed, and there is only one after edgecore was killed."""
import os
import signal
import time

from mqtt import Client, Mosquitto, listens
from node import NETWORK, Node, alive, wait

TOPIC = "default/user/counter"


def router(operation, topic, content=None):
    return {"header": {"msg_id": f"{operation}-{topic}", "timestamp": int(time.time() * 1000)},
            "route": {"source": "router_eventbus", "group": "user", "operation": operation, "resource": topic}, "content": content}


def uploads(node, topic=TOPIC):
    return [message["content"] for message in node.sim_state().get("kept", [])
            if message["route"]["operation"] == "upload" and message["route"]["resource"] == topic]


def stored(node):
    return node.rows("SELECT count(*) FROM edgecore_mqtt_uploads")[0][0]


def arrived(node, last, topic=TOPIC, seconds=60):
    """Waits for every number up to `last`; they may come twice but not out of order."""
    wait(f"{last} messages in the cloud", lambda: len(set(uploads(node, topic))) >= last, seconds, 0.1)
    firsts = list(dict.fromkeys(int(text) for text in uploads(node, topic)))
    assert firsts == list(range(1, last + 1)), firsts


def connected(node, times):
    wait(f"connection number {times} to the broker",
         lambda: node.log().count("] connected to the MQTT broker at") >= times, 40)


with Node() as node:
    node.mqtt = Mosquitto(node.dir / "mqtt")
    node.start()
    connected(node, 1)
    count = 0

    def publish(client, how_many, topic=TOPIC):
        global count
        for count in range(count + 1, count + how_many + 1):
            client.publish(topic, str(count))

    with node.mqtt.client() as client:
        publish(client, 60)
        arrived(node, 60)
        wait("nothing is kept once the cloud has it", lambda: stored(node) == 0, 10)

        for _ in range(3):
            publish(client, 20)
            node.action("cut")
            publish(client, 20)
        arrived(node, 180)
        wait("nothing is kept once the cloud has it", lambda: stored(node) == 0, 20)

        node.stop("cloudsim")
        publish(client, 50)
        wait("the messages are on disk", lambda: stored(node) >= 50, 10)
        node.mqtt.restart()
        client.wait_connected()
        connected(node, 2)
        publish(client, 50)
        wait("the messages are on disk", lambda: stored(node) >= 100, 10)
        node.stop("edgecore", signal.SIGKILL)
        node.start_edgecore()
        connected(node, 3)
        publish(client, 50)
        node.start_cloud()
        # This cloud is a new process: it has seen none of the earlier ones.
        wait("150 messages in the cloud", lambda: len(set(uploads(node))) >= 150, 90, 0.1)
        firsts = list(dict.fromkeys(int(text) for text in uploads(node)))
        assert firsts == list(range(181, 331)), firsts
        wait("nothing is kept once the cloud has it", lambda: stored(node) == 0, 20)

    # The other direction, and a rule's topic that arrives while the broker is down.
    node.mqtt.stop()
    node.action("send", message=router("subscribe", "default/rule"))
    wait("the topic is kept", lambda: node.rows("SELECT topic FROM sub_topics") == [("default/rule",)], 10)
    node.mqtt.start()
    connected(node, 4)
    with node.mqtt.client("default/led") as client:
        client.publish("default/rule", "1")
        arrived(node, 1, "default/rule")
        node.action("send", message=router("publish", "default/led", "on"))
        assert client.wait(lambda topic, _: topic == "default/led") == b"on"

    # A private broker.
    node.stop("edgecore")
    node.mqtt.stop()
    node.mqtt = None
    port = NETWORK.free_port()
    node.modules["eventBus"] = {"enable": True, "mqttMode": 0, "mqttServerInternal": f"tcp://127.0.0.1:{port}"}
    node.start_edgecore(config=node.config())
    wait("the private broker listens", lambda: listens(port) and node.private_broker(), 20)  # its pid comes a moment later
    first = node.private_broker()
    count = 0
    topic = "default/user/inner"
    wait("edgecore is connected to it", lambda: "] connected to the private MQTT broker" in node.log(), 20)
    with Client(port) as client:
        publish(client, 10, topic)
        arrived(node, 10, topic)
        os.kill(first, signal.SIGKILL)
        wait("another broker runs", lambda: node.private_broker() not in (None, first) and listens(port), 20)
        client.wait_connected()
        wait("edgecore is connected to it", lambda: node.log().count("] connected to the private MQTT broker") == 2, 20)
        publish(client, 10, topic)
        arrived(node, 20, topic)
    second = node.private_broker()
    node.stop("edgecore", signal.SIGKILL)
    assert alive(second), "a killed edgecore cannot end its broker"
    node.start_edgecore()
    wait("one broker in place of the other", lambda: node.private_broker() not in (None, second) and listens(port), 20)
    assert not alive(second)
    wait("edgecore is connected to it", lambda: node.log().count("] connected to the private MQTT broker") == 3, 20)
    with Client(port) as client:
        publish(client, 10, topic)
        arrived(node, 30, topic)
    third = node.private_broker()
    assert node.stop("edgecore") == 0
    assert not alive(third)
    print("all messages arrived, in order")
