# SPDX-License-Identifier: Apache-2.0
"""Names of one pod that do not resolve keep neither another pod's probes nor the tunnel waiting; after a time without threads and without the
tunnel both are there again."""
import contextlib
import pathlib
import socket
import threading
import time

from node import IMAGE, NETWORK, Node, pod, skip, wait
from teardown import hierarchies


class Names(threading.Thread):
    """A DNS server at the machine's own nameserver address, in the test's network: *.test is 127.0.0.1, other names get no answer."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.asked = set()
        NETWORK.ip(f"address add {address}/32 dev lo")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            self.asked.add(".".join(labels))
            if labels[-1] != "test":
                continue
            question = query[12:at + 5]
            is_a = query[at + 2] == 1
            reply = query[:2] + bytes([0x81, 0x80, 0, 1, 0, is_a, 0, 0, 0, 0]) + question
            if is_a:
                reply += bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1])
            self.socket.sendto(reply, peer)


def nameserver():
    for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines():
        words = line.split()
        if words[:1] == ["nameserver"]:
            return words[1] if "." in words[1] else None
    return None


def probed(name, hosts, port):
    """A pod of one container for each host name that its probe asks."""
    made = pod(name)
    made["spec"]["containers"] = [{
        "name": f"c{n}", "image": IMAGE, "command": ["sleep", "3600"],
        "readinessProbe": {"periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 1, "tcpSocket": {"host": host, "port": port}},
    } for n, host in enumerate(hosts)]
    return made


@contextlib.contextmanager
def no_threads(node):
    """edgecore cannot start a thread within the block, which is given whether that is so."""
    groups = [root / node.cgroup.strip("/") / "daemon" for root in hierarchies()]
    for group in groups:
        group.mkdir()
    group = next((one for one in groups if (one / "pids.max").exists()), None)
    if group is None:
        print("the part without threads is left out: there is no cgroup controller pids here")
        yield False
        return
    (group / "cgroup.procs").write_text(str(node.edgecore.pid))
    (group / "pids.max").write_text("1")
    yield True
    (group / "pids.max").write_text("max")


address = nameserver()
if address is None:
    skip("/etc/resolv.conf names no IPv4 nameserver whose place the test could take")

with Node() as node:
    names = Names(address)
    node.start_runtime()
    node.start_cloud()
    config = node.config()
    config["modules"]["edgeHub"]["websocket"]["server"] = f"cloud.test:{node.cloud['hub']}"
    node.start_edgecore(config=config)
    node.wait_ready()
    listener = socket.create_server(("127.0.0.1", NETWORK.free_port()), backlog=512)
    port = listener.getsockname()[1]

    node.apply(probed("evil", [f"n{n}.invalid" for n in range(8)], port))
    wait("names of the evil pod are looked up", lambda: any(name.endswith(".invalid") for name in names.asked), 40)
    time.sleep(3)
    node.apply(probed("good", ["db.test", "localhost", "127.0.0.1"], port))
    took = node.wait_pod_ready("good", 30)
    print(f"beside 8 names that do not resolve a pod's probes passed after {took:.1f} s")
    begin = node.sim_state()["connects"]
    node.action("cut")
    took = wait("the tunnel is up again", lambda: node.sim_state()["connects"] > begin, 30)
    print(f"beside them the tunnel was up again after {took:.1f} s")

    refused = [f"The name {name} has no address: no thread could be started" for name in ("cloud.test", "db.test")]
    with no_threads(node) as is_so:
        begin = node.sim_state()["connects"]
        node.action("cut")
        if is_so:
            wait("neither the tunnel's name nor the probe's is looked up", lambda: all(text in node.log() for text in refused), 20)
            time.sleep(5)
            assert node.sim_state()["connects"] == begin
    took = wait("the tunnel is up again", lambda: node.sim_state()["connects"] > begin, 40)
    lease = node.lease()
    wait("the lease is renewed", lambda: node.lease() != lease, 25)
    wait("the probe by name passes", lambda: node.container_status("good")["ready"], 20)
    print(f"after some seconds without threads the tunnel was up again after {took:.1f} s")
    assert node.edgecore.poll() is None
    assert "too many look-ups are stuck" not in node.log()
