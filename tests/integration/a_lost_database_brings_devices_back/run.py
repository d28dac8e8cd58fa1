# SPDX-License-Identifier: Apache-2.0
"""A node whose database is damaged or deleted gets its devices and their models back from the cloud, without anybody touching
a Device: the log says what is missing, and once the cloud can be asked, twin updates are accepted again, with and without a
namespace in the topic, and reach the cloud. A device deleted meanwhile does not come back, and devices of other nodes never do.
"""
import random
import time

from devices import DEVICES, DeviceNode, TwinClient
from node import wait

KEPT = ["default/one", "default/two"]


def damage(path):
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(size // 4)
        file.write(random.Random(7).randbytes(size // 2))


def delete(path):
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


def is_refused(client):
    mark = client.mark()
    client.send_update("default/one", "temperature", "early")  # nobody hears it before edgecore has subscribed
    time.sleep(0.2)
    return any(body.get("code") == 404 for _, body in client.said("default/one/twin/update/result", mark))


def lose(node, how, client):
    assert node.stop("edgecore") == 0
    how(node.dir / "db/edgecore.db")
    node.faults(refuseConnections=True)
    begin = len(node.log())
    node.start_edgecore()
    missing = "missing in it until the cloud has listed them" if how is damage else "the database is new"
    wait("the log says what is missing", lambda: missing in node.log()[begin:], 20)
    wait("a twin update is refused", lambda: is_refused(client), 20, every=0.3)
    return begin


def expect_everything_back(node, client, begin, value):
    node.faults(refuseConnections=False)
    node.wait_known("one", "two", seconds=30)
    wait("the log says that they are back", lambda: "the cloud listed 2 devices of this node" in node.log()[begin:], 20)
    assert node.column("SELECT id FROM device ORDER BY id") == KEPT
    assert node.column("SELECT key FROM meta WHERE type = 'device' ORDER BY key") == ["default/device/one", "default/device/two"]
    assert node.column("SELECT key FROM meta WHERE type = 'devicemodel'") == ["default/devicemodel/model"]
    for name in ("one", "two"):
        answer = client.update(f"default/{name}", "temperature", value)
        assert "code" not in answer, answer
        node.wait_reported(name, value, seconds=30)
    assert "code" not in client.update("one", "temperature", f"{value}-short")
    node.wait_reported("one", f"{value}-short", seconds=30)


with DeviceNode() as node:
    node.start_without_pods()
    node.add_model()
    for name in ("one", "two", "leaving"):
        node.add_device(name)
    node.wait_known("one", "two", "leaving")
    wait("all objects are stored", lambda: node.column("SELECT count(*) FROM meta WHERE type LIKE 'device%'") == [4], 20)
    with TwinClient(node.broker.port) as client:
        client.update("default/one", "temperature", "1")
        begin = lose(node, damage, client)
        code, answer = node.api("DELETE", f"{DEVICES}/leaving")
        assert code == 200, answer
        expect_everything_back(node, client, begin, "2")
        begin = lose(node, delete, client)
        expect_everything_back(node, client, begin, "3")
    assert node.edgecore.poll() is None
