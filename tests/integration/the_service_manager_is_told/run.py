# SPDX-License-Identifier: Apache-2.0
"""READY=1 once the modules run, WATCHDOG=1 at half the period, STOPPING=1 on SIGTERM, exit status 0 within 5 s."""
import socket
import time

from node import Node, wait

with Node() as node:
    node.start_runtime()
    node.start_cloud()
    path = str(node.dir / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(10)
    node.start_edgecore(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
    assert b"READY=1" in manager.recv(4096)
    begin = time.monotonic()
    for _ in range(3):
        assert manager.recv(4096) == b"WATCHDOG=1"
    assert 0.9 < time.monotonic() - begin < 2.5
    node.wait_ready()
    begin = time.monotonic()
    assert node.stop("edgecore") == 0
    took = time.monotonic() - begin
    print(f"stopped in {took:.2f} s")
    assert took < 5
    rest = []
    manager.settimeout(0.2)
    try:
        while True:
            rest.append(manager.recv(4096))
    except TimeoutError:
        pass
    assert b"STOPPING=1" in rest, rest
    # A clean stop leaves one complete database file.
    wait("the WAL is folded in", lambda: not (node.dir / "db/edgecore.db-wal").exists(), 2)
