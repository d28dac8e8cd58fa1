# SPDX-License-Identifier: Apache-2.0
"""1,000 devices with 10 properties each: their membership and objects are taken in time, memory stays small, and a restart
with all of them is quick. The limits hold for the release build on two cores; the test prints its measurements."""
import time

from devices import DeviceNode, TwinClient
from node import wait

COUNT = 1000
PROPERTIES = tuple(f"p{i}" for i in range(10))


with DeviceNode() as node:
    node.start_without_pods()
    node.add_model(properties=PROPERTIES)
    names = [f"d{i:04}" for i in range(COUNT)]
    wait("the node is connected", lambda: "connected to the cloud" in node.log(), 20)
    begin = time.monotonic()
    for name in names:
        node.add_device(name, properties=PROPERTIES)
    created = time.monotonic() - begin
    lag = node.wait_known(*names, seconds=60)
    print(f"{COUNT} devices made in {created:.1f} s; all are known {lag:.2f} s after the last")
    assert lag <= 5, "membership of 1,000 devices"
    delivered = wait("all objects are acknowledged", lambda: node.column(
        "SELECT count(*) FROM meta WHERE type = 'device'")[0] == COUNT, 60)
    print(f"all objects are stored {delivered:.1f} s later")
    with TwinClient(node.broker.port, "$hw/events/device/+/+/twin/update/result", "$hw/events/node/+/membership/get/result") as client:
        for name in names:
            twins = {each: {"actual": {"value": "1234.5"}, "expected": {"value": "1234.5"}} for each in PROPERTIES}
            client.send(f"$hw/events/device/default/{name}/twin/update", {"event_id": name, "timestamp": 0, "twin": twins})
        client.until(lambda: len(client.said("twin/update/result")) >= COUNT, "all updates are answered", 60)
        assert not [body for _, body in client.said("twin/update/result") if "code" in body]
        wait("the twins are stored", lambda: node.column("SELECT count(*) FROM device_twin")[0] == COUNT * 10, 10)

        before = node.pss_mib()
        node.stop("edgecore")
        begin = time.monotonic()
        node.start_edgecore()

        def listed():
            client.send(f"$hw/events/node/{node.name}/membership/get", {"event_id": "m", "timestamp": 0})
            time.sleep(0.02)
            answers = client.said("membership/get/result")
            return answers and len(answers[-1][1]["devices"]) == COUNT

        took = wait("the node answers for all of them", listed, 30)
        print(f"answers for all {time.monotonic() - begin:.2f} s after a restart; PSS {before:.1f} MiB with their twins, {node.pss_mib():.1f} MiB restarted")
        assert before <= 60 and node.pss_mib() <= 60, "the memory for 1,000 devices"
        assert took <= 1.5, "the start with 1,000 devices"  # 1 s on an idle machine
