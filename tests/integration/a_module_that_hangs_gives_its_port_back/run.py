# SPDX-License-Identifier: Apache-2.0
"""MetaServer and the mappers' door hang, as in a read of the disk: their next lives serve the same port and socket, and clients are not left
with a connection that nobody serves. A module that does not come back ends the feeding of the watchdog."""
import contextlib
import http.client
import os
import socket
import threading
import time

from metaserver import MetaNode
from node import wait

HANG_AFTER = 3.0  # seconds; the product waits 30
WATCHDOG = 2.0
CONFIGS = "/api/v1/namespaces/default/configmaps"


class Manager(threading.Thread):
    """The service manager at the notification socket: when it was fed last."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.fed = time.monotonic()

    def run(self):
        while True:
            if self.socket.recv(4096).startswith(b"WATCHDOG=1"):
                self.fed = time.monotonic()


def serves(node):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return node.meta("GET", CONFIGS, timeout=2).code == 200
    return False


def is_open(path):
    """Whether the mappers' door speaks HTTP/2 to a client."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
        one.settimeout(2)
        one.connect(str(path))
        one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        return len(one.recv(9)) > 0
    return False


with MetaNode() as node:
    node.program = "edgecore_faulty"
    node.modules["deviceTwin"] = {"enable": True}
    faults = node.dir / "faults"
    faults.mkdir()
    manager = Manager(node.dir / "notify")
    manager.start()
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore(env={
        "EDGECORE_FAULTS": str(faults), "EDGECORE_HANG_AFTER_MS": str(int(HANG_AFTER * 1000)), "EDGECORE_FIRST_BACKOFF_MS": "100",
        "NOTIFY_SOCKET": str(node.dir / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))})
    node.wait_ready()
    node.wait_meta()
    door = node.dir / "dmi.sock"
    wait("the mappers' door is open", lambda: is_open(door), 20)
    process = node.edgecore

    for module, works in (("metaserver", lambda: serves(node)), ("twin", lambda: is_open(door))):
        waiting = node.connection(timeout=30)
        waiting.connect()
        (faults / f"{module}.hang").touch()
        wait(f"{module} is given up", lambda: f"module {module} hangs and is replaced" in node.log(), HANG_AFTER * 3 + 20)
        took = wait(f"the next life of {module} serves", works, 20, 0.1)
        print(f"{module} served again {took:.1f} s after it was given up")
        if module == "metaserver":
            with contextlib.suppress(OSError):
                waiting.sock.settimeout(5)
                assert waiting.sock.recv(1) == b"", "a client of the old life is left waiting"
        assert works() and process.poll() is None
        (faults / f"{module}.let-go").touch()
        time.sleep(1)
        assert works(), f"the old life of {module} has taken something away when it ended"
        (faults / f"{module}.let-go").unlink()
    assert "Address already in use" not in node.log() and "another process listens" not in node.log()

    # Each new life of a module that was cut off fails: only a new process helps.
    (faults / "metaserver.start").touch()
    (faults / "metaserver.hang").touch()
    wait("edgecore gives up", lambda: "edgecore reports that it is not healthy" in node.log(), 60, 0.2)
    wait("the watchdog is not fed any more", lambda: time.monotonic() - manager.fed > WATCHDOG * 2, 20, 0.2)
    assert process.poll() is None and node.ready(), "the other modules go on until then"
    os.unlink(faults / "metaserver.start")
    (faults / "metaserver.let-go").touch()
