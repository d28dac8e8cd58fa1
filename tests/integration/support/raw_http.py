# SPDX-License-Identifier: Apache-2.0
"""HTTP to MetaServer byte by byte, for clients that do what no library does, and what they cost."""
import contextlib
import pathlib
import socket
import ssl
import time


def raw(node, address="127.0.0.1", timeout=20, receive_buffer=None, certificate=None):
    """A connection to MetaServer, with TLS if the gate is on. `certificate`: files of a client's certificate and key."""
    plain = socket.socket()
    plain.settimeout(timeout)
    if receive_buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.connect((address, node.meta_port))
    if not node.gate:
        return plain
    context = ssl.create_default_context(cafile=str(node.cluster_ca()))
    if certificate:
        context.load_cert_chain(*certificate)
    return context.wrap_socket(plain, server_hostname=address)


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def send(connection, *pieces):
    """Sends until the other end closes; returns how many bytes were taken."""
    taken = 0
    with contextlib.suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
            taken += len(piece)
    return taken


def status_of(connection):
    """The status of an answer, or None when the connection ends without one."""
    text = b""
    with contextlib.suppress(OSError):
        while b"\r\n" not in text:
            piece = connection.recv(4096)
            if not piece:
                break
            text += piece
    return int(text.split()[1]) if text.startswith(b"HTTP/1.1 ") else None


def rest_of(connection):
    """All that comes until the other end closes."""
    text = b""
    with contextlib.suppress(OSError):
        while piece := connection.recv(65536):
            text += piece
    return text


def gone(connection):
    connection.settimeout(0.01)
    try:
        return connection.recv(4096) == b"" or gone(connection)
    except (TimeoutError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def peak_mib(pid):
    """The most memory that the process has had since forget_peak()."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def costs_at_most(node, what, mib, seconds):
    """Fails if edgecore's memory grows by more, at any time, or if the block takes longer."""
    pid = node.edgecore.pid
    forget_peak(pid)
    before, begin = peak_mib(pid), time.monotonic()
    yield
    took, grown = time.monotonic() - begin, peak_mib(pid) - before
    print(f"{what}: {took:.1f} s, {grown:.1f} MiB more at the peak")
    assert node.edgecore.poll() is None and node.edgecore.pid == pid, f"{what}: edgecore has ended"
    assert grown < mib, f"{what}: memory grew by {grown:.1f} MiB"
    assert took < seconds, f"{what}: took {took:.1f} s"
