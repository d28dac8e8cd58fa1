# SPDX-License-Identifier: Apache-2.0
"""The life of a device with a DMI mapper (protocol/04-devices.md §6.1), with the example mapper of tests/mappers: registration,
models and devices, reports, desired values, restarts of either side, deletion."""
import json
import os
import signal
import subprocess
import threading
import time

from devices import DEVICES, DeviceNode, TwinClient
from node import ROOT, wait


class Mapper:
    """The thermometer as a child process; its output is in `events`."""

    def __init__(self, node):
        self.node, self.events = node, []
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["/usr/bin/python3", ROOT / "tests/mappers/dmi_thermometer.py", "--edgecore", self.node.dir / "dmi.sock",
                                         "--socket", self.node.dir / "thermometer.sock", "--name", "thermometer",
                                         "--protocol", "virtual", "--period", "0.1"], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()

    def listen(self, stream):
        for line in stream:
            self.events.append(json.loads(line))

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def of(self, event, after=0):
        return [each for each in self.events[after:] if each["event"] == event]

    def expect(self, event, after=0, seconds=20, **fields):
        def found():
            return [each for each in self.of(event, after) if all(each.get(key) == value for key, value in fields.items())]
        wait(f"the mapper says {event} {fields}; it said {self.events[-4:]}", found, seconds)
        return found()[-1]


def desire(node, name, value):
    code, answer = node.api("PATCH", f"{DEVICES}/{name}", [{"op": "replace", "path": "/spec/properties/0/desired/value", "value": value}],
                            "application/json-patch+json")
    assert code == 200, answer


def it_registers_and_is_given_its_devices(node, mapper):
    mapper.start()
    assert mapper.expect("registered")["devices"] == []
    node.add_model()
    node.add_device("sensor", desired="30")
    added = mapper.expect("added", device="default/sensor")
    assert added["model"] == "model" and added["desired"] == {"temperature": "30"}, added
    assert added["config"] == {"port": 9600.0, "path": "/dev/ttyS0", "fast": True}, added
    assert added["visitors"] == {"temperature": {"register": "temperature"}}, added


def reports_reach_mqtt_and_the_cloud(node, mapper, client):
    mapper.expect("reported", device="default/sensor")
    for suffix in ("sensor/twin/update/result", "sensor/twin/update/document", "sensor/twin/update/delta"):
        client.until(lambda end=suffix: client.said(end), f"…/{suffix}")
    assert client.said("sensor/twin/update/delta")[0][1]["delta"] == {"temperature": "30"}
    mapper.expect("reported", values={"temperature": "30"}, seconds=30)
    took = node.wait_reported("sensor", "30", seconds=20)
    wait("the cloud shows the desired value as observed", lambda: node.reported("sensor", what="observedDesired") == "30")
    print(f"the last value is in the cloud {took:.1f} s after the mapper reported it")
    assert not mapper.of("updated"), "the echo of its own status is no update"


def a_desired_value_reaches_the_device(node, mapper):
    mark = len(mapper.events)
    begin = time.monotonic()
    desire(node, "sensor", "28")
    mapper.expect("updated", mark, desired={"temperature": "28"})
    print(f"a desired value is at the mapper {time.monotonic() - begin:.2f} s after it was written in the cloud")
    mapper.expect("reported", mark, values={"temperature": "28"})
    node.wait_reported("sensor", "28")


def restarts_of_edgecore_do_not_matter(node, mapper):
    for how in (signal.SIGTERM, signal.SIGKILL):
        node.stop("edgecore", how)
        desire(node, "sensor", "26" if how == signal.SIGTERM else "24")
        mark = len(mapper.events)
        node.start_edgecore()
        mapper.expect("updated", mark, desired={"temperature": "26" if how == signal.SIGTERM else "24"}, seconds=40)
        mapper.expect("registered", mark, devices=["default/sensor"])
    node.wait_reported("sensor", "24", seconds=30)


def a_mapper_that_was_away_gets_what_it_missed(node, mapper):
    for how in (signal.SIGTERM, signal.SIGKILL):
        mapper.stop(how)
        desire(node, "sensor", f"2{9 - how % 3}")
        node.add_device(f"more-{int(how)}")
        node.wait_known(f"more-{int(how)}")
        mark = len(mapper.events)
        mapper.start()
        given = mapper.expect("registered", mark)["devices"]
        assert f"default/more-{int(how)}" in given and "default/sensor" in given, given
        mapper.expect("added", mark, device="default/sensor", desired={"temperature": f"2{9 - how % 3}"})


def a_mapper_that_hangs_holds_up_nobody(node, mapper, client):
    os.kill(mapper.process.pid, signal.SIGSTOP)
    try:
        desire(node, "sensor", "11")
        node.add_device("other", protocol="mqtt")
        node.wait_known("other")
        begin = time.monotonic()
        assert "code" not in client.update("default/other", "temperature", "5")
        assert time.monotonic() - begin < 1
    finally:
        os.kill(mapper.process.pid, signal.SIGCONT)
    mapper.expect("updated", desired={"temperature": "11"}, seconds=40)


def the_end(node, mapper):
    mark = len(mapper.events)
    for each in ("sensor", "more-15", "more-9"):
        code, _ = node.api("DELETE", f"{DEVICES}/{each}")
        assert code == 200
    mapper.expect("removed", mark, device="default/sensor")
    wait("its rows are gone", lambda: "default/sensor" not in node.column("SELECT id FROM device"))
    wait("the registry still has the mapper", lambda: node.rows("SELECT value FROM meta WHERE type = 'devicemapper'"))


with DeviceNode() as node:
    node.start_without_pods()
    mapper = Mapper(node)
    try:
        with TwinClient(node.broker.port) as client:
            it_registers_and_is_given_its_devices(node, mapper)
            reports_reach_mqtt_and_the_cloud(node, mapper, client)
            a_desired_value_reaches_the_device(node, mapper)
            restarts_of_edgecore_do_not_matter(node, mapper)
            a_mapper_that_was_away_gets_what_it_missed(node, mapper)
            a_mapper_that_hangs_holds_up_nobody(node, mapper, client)
            the_end(node, mapper)
        assert "has failed and restarts" not in node.log(), "a module died"
    finally:
        mapper.stop(signal.SIGKILL)
