# SPDX-License-Identifier: Apache-2.0
"""Garbage by MQTT and DMI, a client that floods and a mapper that hangs: each gets a refusal or no answer, memory
stays bounded, and a well-behaved client is answered as before."""
import json
import os
import random
import socket
import threading
import time

import grpc

from devices import DeviceNode, TwinClient
from node import wait

SEED = int(os.environ.get("EDGECORE_SEED", str(random.randrange(1 << 30))))


def garbage(chance):
    """Payloads: random bytes, torn JSON, wrong types, deep and long ones."""
    good = json.dumps({"event_id": "x", "timestamp": 1, "twin": {"t": {"actual": {"value": "1"}, "metadata": {"type": "int"}}}})
    kind = chance.randrange(7)
    if kind == 0:
        return bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
    if kind == 1:
        return good[:chance.randrange(len(good))].encode()
    if kind == 2:
        at = chance.randrange(len(good))
        return (good[:at] + chr(chance.randrange(32, 1000)) + good[at + 1:]).encode()
    if kind == 3:
        return b'{"twin":' + b"[" * chance.randrange(1, 5000)
    if kind == 4:
        return json.dumps({"twin": {chance.choice("abc") * chance.randrange(300): {"actual": {"value": "v" * chance.randrange(700)}}}}).encode()
    if kind == 5:
        return json.dumps({"twin": {f"p{i}": {"actual": {"value": chance.choice([1, None, [], {}, True, "x"])}} for i in range(50)}}).encode()
    return b""


TOPICS = ["$hw/events/device/default/sensor/twin/update", "$hw/events/device/default/sensor/twin/get",
          "$hw/events/device/default/sensor/twin/cloud_updated", "$hw/events/device/default/sensor/state/update",
          "$hw/events/node/edge1/membership/get", "$hw/events/device/hw/events/twin/update", "$hw/events/device///twin/update",
          "$hw/events/device/default/sensor/twin/nonsense", "$hw/events/upload/x", "anyone/user/x"]


def throw_garbage(node, count, seed):
    chance = random.Random(seed)
    with TwinClient(node.broker.port, "nothing") as client:
        for _ in range(count):
            client.send(chance.choice(TOPICS), garbage(chance))
        big = b'{"twin":{"t":{"actual":{"value":"' + b"x" * (3 << 20) + b'"}}}}'
        for _ in range(5):
            client.send(TOPICS[0], big)


def bytes_on_the_socket(node, count, seed):
    """Sends bytes that are not HTTP/2 to the DMI socket."""
    chance = random.Random(seed)
    for _ in range(count):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(5)
        try:
            link.connect(str(node.dir / "dmi.sock"))
            preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" if chance.random() < 0.5 else b""
            link.sendall(preface + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 2000))))
        except OSError:
            pass
        finally:
            link.close()


def report(device, prop, value):
    """A ReportDeviceStatusRequest, field by field: one twin with a reported value."""
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data
    twin = field(1, prop) + field(3, field(1, value))
    return field(1, device) + field(2, field(1, twin)) + field(3, b"default")


def flood_by_dmi(node, seconds, seed):
    """A mapper that reports as fast as it can, and sometimes sends bytes that are not a message."""
    chance = random.Random(seed)
    answers = {}
    with grpc.insecure_channel(f"unix:{node.dir}/dmi.sock") as channel:
        rpcs = [channel.unary_unary(f"/v1beta1.DeviceManagerService/{name}", request_serializer=bytes, response_deserializer=bytes)
                for name in ("ReportDeviceStatus", "MapperRegister", "ReportDeviceStates", "Nonsense")]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            good = [rpcs[0].future(report(b"sensor", b"t%d" % (i % 50), b"%d" % i), timeout=10) for i in range(100)]
            bad = [chance.choice(rpcs).future(bytes(chance.randrange(256) for _ in range(chance.randrange(300))), timeout=10) for _ in range(20)]
            for each in good + bad:
                answers[each.code().name] = answers.get(each.code().name, 0) + 1
    print(f"the flooding mapper was answered {answers}")
    assert answers.get("OK", 0) > 100, answers


with DeviceNode() as node:
    print(f"seed {SEED}")
    node.start_without_pods()
    node.add_model()
    node.add_device("sensor")
    node.add_device("good")
    node.wait_known("sensor", "good")
    with TwinClient(node.broker.port, "$hw/events/device/default/good/twin/update/result") as client:
        client.update("default/good", "temperature", "0")
        before = node.pss_mib()
        attackers = [threading.Thread(target=throw_garbage, args=(node, 3000, SEED + i)) for i in range(3)]
        attackers.append(threading.Thread(target=bytes_on_the_socket, args=(node, 200, SEED)))
        attackers.append(threading.Thread(target=flood_by_dmi, args=(node, 5, SEED)))
        for each in attackers:
            each.start()
        times = []
        value = 0
        while any(each.is_alive() for each in attackers) or value < 50:
            value += 1
            begin = time.monotonic()
            answer = client.update("default/good", "temperature", str(value), seconds=10)
            assert "code" not in answer, answer
            times.append(time.monotonic() - begin)
        after = node.pss_mib()
        times.sort()
        print(f"{value} updates answered beside the garbage, median {times[len(times) // 2] * 1000:.1f} ms, slowest "
              f"{times[-1] * 1000:.0f} ms; PSS {before:.1f} -> {after:.1f} MiB")
        assert after - before < 24, "memory is bounded"
        assert int(node.stored("good")) == value
    assert node.edgecore.poll() is None
    assert "has failed and restarts" not in node.log(), "a module died"
    node.wait_reported("good", str(value))
