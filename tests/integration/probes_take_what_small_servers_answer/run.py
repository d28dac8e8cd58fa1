# SPDX-License-Identifier: Apache-2.0
"""Probes take the answers of very small web servers as Go's client does, follow redirects to where they lead, and an answer that never ends
costs no memory."""
import contextlib
import socket
import ssl
import subprocess
import threading
import time

from node import IMAGE, NETWORK, Node, pod, wait
from raw_http import costs_at_most

ENDS = b"Connection: close\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + ENDS + b"\r\nok"


def moved(where):
    return b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\nContent-Length: 0\r\n" + ENDS + b"\r\n"


GOOD = {
    "ordinary": OK,
    "no-length": b"HTTP/1.0 200 OK\r\n\r\nok",
    "space-only": b"HTTP/1.1 200 \r\n" + ENDS + b"\r\nok",
    "no-reason": b"HTTP/1.1 200\r\n" + ENDS + b"\r\nok",
    "lf-only": b"HTTP/1.1 200 OK\nConnection: close\n\nok",
    "nothing-else": b"HTTP/1.1 204\n\n",
    "up/here": moved(b"../beside"),
}
STEPS = {"beside": moved(b"step"), "step": moved(b"?x=1"), "step?x=1": moved(b"//127.0.0.1:PORT/ordinary")}  # of a redirect
BAD = {
    "broken": moved(b"missing"), "loop": moved(b"loop"),
    "error": b"HTTP/1.1 500\r\n" + ENDS + b"\r\n",
    "no-http": b"hello\r\n\r\n",
    "unknown-coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nok",
    "big-extension": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    "big-trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    "big-header": b"HTTP/1.1 200 OK\r\nX: ",
}


class Server:
    """One answer for each path. A path that begins with "big" is answered without an end."""

    def __init__(self, tls=None):
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", NETWORK.free_port()), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.asked = {}
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        connection.settimeout(20)
        with contextlib.suppress(OSError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
            text = b""
            while not text.endswith(b"\r\n\r\n"):
                text += connection.recv(65536)
            path = text.split()[1].decode().lstrip("/")
            self.asked[path] = self.asked.get(path, 0) + 1
            answer = {**GOOD, **STEPS, **BAD}.get(path, b"HTTP/1.1 404\r\n\r\n")
            connection.sendall(answer.replace(b"PORT", str(self.port).encode()))
            for _ in range(64 if path.startswith("big") else 0):
                connection.sendall(b"x" * (1 << 20))
            # Without TLS's close_notify: the socket just ends.


def server_certificate(node):
    files = [str(node.dir / f"server.{kind}") for kind in ("crt", "key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                    "/CN=device", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def containers(prefix, paths, port, scheme="HTTP"):
    probe = {"periodSeconds": 1, "timeoutSeconds": 3, "failureThreshold": 1}
    return [{"name": f"{prefix}{n}", "image": IMAGE, "command": ["sleep", "3600"], "readinessProbe": {
        **probe, "httpGet": {"host": "127.0.0.1", "path": f"/{path}", "port": port, "scheme": scheme}}} for n, path in enumerate(paths)]


def readiness(node, name):
    return {one["name"]: one["ready"] for one in (node.get(name) or {}).get("status", {}).get("containerStatuses") or []}


with Node() as node:
    node.start()
    plain, encrypted = Server(), Server(server_certificate(node))
    shown = {f"good{n}": path for n, path in enumerate(GOOD)}
    good = pod("good")
    good["spec"]["containers"] = containers("good", GOOD, plain.port) + containers("tls", ["ordinary", "no-length"], encrypted.port, "HTTPS")
    bad = pod("bad")
    bad["spec"]["containers"] = containers("bad", BAD, plain.port)
    with costs_at_most(node, "answers of small and of hostile servers", 24, 100):
        node.apply(good)
        wait("all probes have run", lambda: len(readiness(node, "good")) == len(GOOD) + 2, 30)
        try:
            node.wait_pod_ready("good", 30)
        except AssertionError:
            print("not ready:", [shown.get(name, name) for name, ready in readiness(node, "good").items() if not ready])
            raise
        node.apply(bad)
        wait("all bad servers were asked", lambda: all(plain.asked.get(path, 0) >= 2 for path in BAD), 60)
        time.sleep(1)
    wrong = [path for n, path in enumerate(BAD) if readiness(node, "bad")[f"bad{n}"]]
    assert not wrong, f"ready although the answer is bad: {wrong}"
    assert node.pod_ready("good")
