# SPDX-License-Identifier: Apache-2.0
"""The life of a device with a plain MQTT mapper, message by message (protocol/04-devices.md §6.2), with the example mapper
of tests/mappers: membership, state, reports, deltas, desired values, an hour's work offline, deletion. Topics may leave out the
namespace, and no client acts as the cloud."""
import json
import subprocess

from devices import DEVICES, DeviceNode, TwinClient
from node import ROOT, wait

PREFIX = "$hw/events/device/default/counter"


def topics(client, after):
    return [topic for topic, _ in client.said(after=after) if "/result" in topic or "/document" in topic or "/delta" in topic]


def the_life(node, client):
    node.add_device("counter")
    node.wait_known("counter")
    client.until(lambda: client.said("membership/updated"), "the membership on MQTT")
    added = client.said("membership/updated")[0][1]
    assert added["added_devices"][0]["id"] == "default/counter" and added["removed_devices"] is None, added

    client.send(f"$hw/events/node/{node.name}/membership/get", {"event_id": "1", "timestamp": 0})
    client.until(lambda: client.said("membership/get/result"), "the list of devices")
    listed = client.said("membership/get/result")[0][1]
    assert listed["event_id"] == "1" and [each["id"] for each in listed["devices"]] == ["default/counter"], listed

    client.send(f"{PREFIX}/state/update", {"event_id": "", "timestamp": 0, "state": "online"})
    client.until(lambda: client.said("counter/state/update/result"), "the state")
    assert client.said("counter/state/update/result")[0][1]["device"]["state"] == "online"

    mark = client.mark()
    answer = client.update("default/counter", "temperature", "7")
    assert answer["twin"]["temperature"]["actual"]["value"] == "7" and "code" not in answer, answer
    assert node.stored("counter") == "7", "the answer says that it is stored"
    client.until(lambda: client.said("twin/update/document", mark), "the document")
    document = client.said("twin/update/document", mark)[0][1]["twin"]["temperature"]
    assert document["last"] is None and document["current"]["actual"]["value"] == "7", document
    print(f"the first report is in the cloud after {node.wait_reported('counter', '7'):.1f} s")

    mark = client.mark()
    client.update("default/counter", "temperature", "30", side="expected")
    client.until(lambda: client.said("twin/update/delta", mark), "the delta")
    delta = client.said("twin/update/delta", mark)[0][1]
    assert delta["delta"] == {"temperature": "30"}, delta
    order = [topic.rsplit("/", 1)[1] for topic in topics(client, mark)]
    assert order == ["result", "document", "delta"], order
    wait("the cloud shows the desired value as observed", lambda: node.reported("counter", what="observedDesired") == "30")

    refusals = len(client.said("default/counter/twin/update/result"))
    client.send(f"{PREFIX}/twin/update", {"event_id": "bad"})
    client.until(lambda: len(client.said("default/counter/twin/update/result")) > refusals, "a refusal")
    refusal = client.said("default/counter/twin/update/result")[-1][1]
    assert refusal["code"] == 400 and refusal["reason"] == "Update twin error, key:twin does not exist", refusal
    assert client.update("default/nobody", "temperature", "1")["code"] == 404


def desired_values_reach_mqtt(node, client):
    mark = client.mark()
    code, answer = node.api("PATCH", f"{DEVICES}/counter",
                            [{"op": "replace", "path": "/spec/properties/0/desired/value", "value": "28"}],
                            "application/json-patch+json")
    assert code == 200, answer
    client.until(lambda: client.said("twin/update/delta", mark), "the desired value of the cluster as a delta")
    assert client.said("twin/update/delta", mark)[-1][1]["delta"] == {"temperature": "28"}


def the_example_mapper_works(node):
    mapper = subprocess.Popen(["/usr/bin/python3", ROOT / "tests/mappers/mqtt_thermometer.py", "--port", str(node.broker.port),
                               "--device", "default/counter", "--period", "0.05", "--start", "24"],
                              stdout=subprocess.PIPE, text=True)
    try:
        for line in mapper.stdout:
            event = json.loads(line)
            assert event["event"] != "refused", event
            if event == {"event": "reported", "value": "28"}:
                break
        print(f"the thermometer reached the desired value; the cloud shows it {node.wait_reported('counter', '28'):.1f} s later")
    finally:
        mapper.terminate()
        mapper.wait(10)


def short_topics_mean_the_namespace_default(node, client):
    mark = client.mark()
    client.send("$hw/events/device/counter/twin/update", {"event_id": "short", "timestamp": 0, "twin": {"temperature": {"actual": {"value": "8"}}}})
    client.until(lambda: client.said("device/counter/twin/update/result", mark), "an answer without a namespace")
    assert node.stored("counter") == "8"


def a_client_is_not_the_cloud(node, client):
    """Messages on a topic of the agent and the cloud change nothing."""
    before = node.stored("counter", column="expected")
    forged = {"event_id": "", "timestamp": 0, "twin": {"temperature": {"expected": {"value": "666"}, "metadata": {"type": "string"}}}}
    for topic in (f"{PREFIX}/twin/cloud_updated", "$hw/events/device/counter/twin/cloud_updated"):
        client.send(topic, forged)
    client.update("default/counter", "temperature", "9")  # served after them
    assert node.stored("counter", column="expected") == before


def a_desired_value_that_is_taken_out_ends(node):
    code, answer = node.api("PATCH", f"{DEVICES}/counter", [{"op": "remove", "path": "/spec/properties/0/desired"}],
                            "application/json-patch+json")
    assert code == 200, answer
    wait("the twin has no desired value", lambda: not node.stored("counter", column="expected"), 20)


def offline_the_newest_value_is_kept_for_the_cloud(node, client):
    node.stop("cloudsim")
    for value in range(100):
        answer = client.update("default/counter", "temperature", f"offline-{value}")
        assert "code" not in answer, answer
    node.restart_edgecore()
    node.start_cloud()
    print(f"the newest value is in the cloud {node.wait_reported('counter', 'offline-99', seconds=60):.1f} s after its start")


def the_end(node, client):
    mark = client.mark()
    code, _ = node.api("DELETE", f"{DEVICES}/counter")
    assert code == 200
    client.until(lambda: client.said("membership/updated", mark), "the end of the membership", 30)
    gone = client.said("membership/updated", mark)[0][1]
    assert gone["added_devices"] is None and gone["removed_devices"][0]["id"] == "default/counter", gone
    wait("its rows are gone", lambda: not node.column("SELECT id FROM device") and not node.column("SELECT id FROM device_twin"))


with DeviceNode() as node:
    node.start_without_pods()
    node.add_model()
    with TwinClient(node.broker.port) as client:
        the_life(node, client)
        desired_values_reach_mqtt(node, client)
        the_example_mapper_works(node)
        short_topics_mean_the_namespace_default(node, client)
        a_client_is_not_the_cloud(node, client)
        a_desired_value_that_is_taken_out_ends(node)
        offline_the_newest_value_is_kept_for_the_cloud(node, client)
        the_end(node, client)
