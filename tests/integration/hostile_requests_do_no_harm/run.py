# SPDX-License-Identifier: Apache-2.0
"""Hostile requests to the node's API get the right status, take bounded memory and do not slow other clients."""
import base64
import collections
import concurrent.futures
import contextlib
import json
import random
import socket
import ssl
import statistics
import sys
import time

from metaserver import MetaNode
from node import pod, wait

SEED = random.randrange(1 << 30)
CONFIGS = "/api/v1/namespaces/default/configmaps"


def raw(node):
    plain = socket.create_connection(("127.0.0.1", node.meta_port), timeout=20)
    if not node.gate:
        return plain
    return ssl.create_default_context(cafile=str(node.cluster_ca())).wrap_socket(plain, server_hostname="127.0.0.1")


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


def send(connection, *pieces):
    """Sends until the other end closes."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def big_bodies(node, token):
    login = [f"Authorization: Bearer {token}"] if token else []
    kind = "Content-Type: application/json"
    with raw(node) as one:
        send(one, head("POST", CONFIGS, kind, *login, f"Content-Length: {1 << 30}"), b"x" * 65536)
        assert status_of(one) == 413
    with raw(node) as one:
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        send(one, head("POST", CONFIGS, kind, *login, "Transfer-Encoding: chunked"), *[chunk] * 200)
        assert status_of(one) == 413
    with raw(node) as one:
        send(one, head("GET", "/healthz", *login, *[f"X-{n}: y" for n in range(100_000)]))
        assert status_of(one) == 431
    with raw(node) as one:
        send(one, head("GET", "/" + "a" * 200_000, *login))
        assert status_of(one) in (400, 414, 431)
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b'{"metadata":' + b'{"a":' * 5000 + b"1" + b"}" * 5001):
        answer = node.meta("POST", CONFIGS, body, token=token)
        assert answer.code == 400, answer
    answer = node.meta("POST", CONFIGS, b"a: &a [*a]\n", token=token, kind="application/yaml")
    assert answer.code == 400, answer
    bomb = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(9))
    answer = node.meta("POST", CONFIGS, bomb, token=token, kind="application/yaml")
    assert answer.code == 400, answer


def slow_peers(node, token):
    """Two hundred clients send a byte a second: they are disconnected, and others are served as fast as before."""
    slow = [raw(node) for _ in range(200)]
    for one in slow:
        send(one, b"GET /healthz HT")
    spans = []
    until = time.monotonic() + 5
    while time.monotonic() < until:
        begin = time.monotonic()
        assert node.meta("GET", CONFIGS, token=token).code == 200
        spans.append(time.monotonic() - begin)
        for one in random.sample(slow, 50):
            send(one, b"T")
    assert statistics.median(spans) < 0.1, statistics.median(spans)
    print(f"beside 200 slow peers an answer took {statistics.median(spans) * 1000:.1f} ms at the median, {max(spans) * 1000:.0f} at most")
    wait("the slow clients are disconnected", lambda: all(gone(one) for one in slow), 15, 0.5)
    for one in slow:
        one.close()


def gone(connection):
    connection.settimeout(0.01)
    try:
        return connection.recv(4096) == b"" or gone(connection)
    except (TimeoutError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def noise(node, token, dice):
    """Random requests get an answer or the end of the connection, never a server error."""
    words = ["api", "apis", "v1", "namespaces", "default", "pods", "configmaps", "x", "..", "%2e%2e", "%00", "%", "watch", "proxy", "log",
             "apps", "nodes", "edge1", "status", "scale", "openapi", "v2", "metrics", "", "a" * 300, "\u00e9"]
    queries = ["watch=1", "limit=-1", "limit=99999999999999999999", "continue=xx", "resourceVersion=abc", "labelSelector=%28", "fieldSelector==",
               "timeoutSeconds=1", "resourceVersion=1&watch=1&timeoutSeconds=1", "pretty=1", "dryRun=x", "follow=1", "tailLines=-4", "%zz"]
    accepts = ["application/json", "*/*", "application/vnd.kubernetes.protobuf", "application/json;as=Table;v=v1;g=meta.k8s.io", ";;;", ""]
    bodies = [b"", b"{}", b"null", b"\xff\xfe", b'{"kind":"Pod"}', b'{"metadata":{"name":"../x"}}', b"[]", b'[{"op":"add"}]', b"{" * 50]
    kinds = ["application/json", "application/merge-patch+json", "application/json-patch+json", "application/strategic-merge-patch+json",
             "application/apply-patch+yaml", "application/yaml", "text/plain", "application/vnd.kubernetes.protobuf", ";"]
    codes = {}
    for _ in range(600):
        path = "/" + "/".join(dice.choice(words) for _ in range(dice.randrange(0, 8)))
        if dice.random() < 0.5:
            path += "?" + "&".join(dice.choice(queries) for _ in range(dice.randrange(1, 3)))
        method = dice.choice(["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])
        body = dice.choice(bodies)
        lines = [f"Accept: {dice.choice(accepts)}", f"Content-Length: {len(body)}", f"Content-Type: {dice.choice(kinds)}", "Connection: close"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        with raw(node) as one:
            send(one, head(method, path, *lines).decode("latin-1", "replace").encode("utf-8", "replace"), body)
            code = status_of(one)
        codes[code] = codes.get(code, 0) + 1
        assert code is None or code < 500 or code in (501, 503), (method, path, body, code)
    print("answers to noise:", dict(sorted(codes.items(), key=str)))


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def bad_tokens(node, token):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    other_pod = json.loads(json.dumps(claims))
    other_pod["kubernetes.io"]["pod"]["uid"] = "another"
    strange = {
        "no algorithm": f"{encoded({'alg': 'none'})}.{payload}.",
        "a shared secret": f"{encoded({'alg': 'HS256'})}.{payload}.{signature}",
        "expired": f"{header}.{encoded({**claims, 'exp': 1})}.{signature}",
        "of the future": f"{header}.{encoded({**claims, 'nbf': 1 << 40, 'iat': 1 << 40})}.{signature}",
        "of another pod": f"{header}.{encoded(other_pod)}.{signature}",
        "of another issuer": f"{header}.{encoded({**claims, 'iss': 'me'})}.{signature}",
        "with another signature": f"{header}.{payload}.{'A' * len(signature)}",
        "cut": token[:-3],
        "doubled": token + token,
        "two parts": f"{header}.{payload}",
        "not text": "\u00ff\u00fe",
        "long": "a" * 30_000,
        "of the cloud, but not this node's": node.token(),
    }
    for what, bad in strange.items():
        code = node.meta("GET", CONFIGS, token=bad.encode("latin-1").decode("latin-1")).code
        assert code == 401, (what, code)
    assert node.meta("GET", CONFIGS, token=token).code == 200


def unfinished_bodies(node):
    """150 strangers offer 3 MiB each: they are refused before a byte of it is read."""
    before = node.pss_mib()
    strangers = [raw(node) for _ in range(150)]
    for one in strangers:
        send(one, head("POST", CONFIGS, "Content-Type: application/json", "Content-Length: 3000000"))
    codes = {status_of(one) for one in strangers}
    grown = node.pss_mib() - before
    for one in strangers:
        one.close()
    assert codes == {401}, codes
    assert grown < 20, grown


def one_peer_takes_no_connection_of_others(node, token):
    """600 connections of one address that send nothing: a client at another one is served."""
    before = node.pss_mib()
    greedy = []
    for _ in range(600):
        with contextlib.suppress(OSError):
            greedy.append(socket.create_connection(("127.0.0.1", node.meta_port), timeout=5, source_address=("127.0.0.2", 0)))
    begin = time.monotonic()
    assert node.meta("GET", CONFIGS, token=token).code == 200
    took, grown = time.monotonic() - begin, node.pss_mib() - before
    open_ones = sum(not gone(one) for one in greedy)
    for one in greedy:
        one.close()
    assert took < 2, took
    assert grown < 24, grown
    assert open_ones <= 400, open_ones


def made_up_names(node, token):
    """What a client makes the node ask the cloud has a price: 500 questions at once and 20 a
    second. Of a collection that the node does not keep current, because there it knows what is missing."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        codes = collections.Counter(
            clients.map(lambda n: node.meta("GET", f"/api/v1/namespaces/default/endpoints/made-up-{n}", token=token).code, range(1500)))
    allowed = 500 + 20 * (time.monotonic() - begin)
    assert codes[404] + codes[429] == 1500 and codes[404] <= allowed + 20, (codes, allowed)
    assert codes[429] > 0 or allowed > 1500, (codes, allowed)


def attack(node, token):
    dice = random.Random(SEED)
    node.meta("GET", CONFIGS, token=token)
    before, pid = node.pss_mib(), node.edgecore.pid
    big_bodies(node, token)
    noise(node, token, dice)
    slow_peers(node, token)
    if token:
        bad_tokens(node, token)
        unfinished_bodies(node)
        one_peer_takes_no_connection_of_others(node, token)
    assert node.edgecore.poll() is None and node.edgecore.pid == pid
    time.sleep(1)
    after = node.pss_mib()
    print(f"memory: {before:.1f} MiB before, {after:.1f} after")
    assert after < before + 24, (before, after)
    assert "hangs" not in node.log() and "restart" not in node.log().split("connected to the cloud")[-1], "a module was started again"


print("seed", SEED)
with MetaNode() as open_node:
    open_node.start_meta()
    attack(open_node, None)
with MetaNode(gate=True) as closed_node:
    closed_node.start_meta()
    base = "/apis/rbac.authorization.k8s.io/v1"
    closed_node.create(f"{base}/clusterroles", {"metadata": {"name": "all"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]})
    closed_node.create(f"{base}/clusterrolebindings", {"metadata": {"name": "all"}, "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]})
    closed_node.apply(pod("client"))
    closed_node.wait_pod_ready("client", 60)
    its_token = closed_node.pod_token("client")
    wait("the token counts", lambda: closed_node.meta("GET", CONFIGS, token=its_token).code == 200, 30)
    attack(closed_node, its_token)
    made_up_names(closed_node, its_token)
sys.exit(0)
