# SPDX-License-Identifier: Apache-2.0
"""Hostile requests to the node's API get the right status, take bounded memory and do not slow other clients."""
import base64
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time

from metaserver import DUMMY, MetaNode
from node import NETWORK, pod, wait
from raw_http import gone, head, raw, send, status_of

SEED = random.randrange(1 << 30)
CONFIGS = "/api/v1/namespaces/default/configmaps"


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


def pages_of_other_sites(node):
    """With the gate off a page in a browser on the node gets nothing: under a name of its own (DNS rebinding), or from another site."""
    body = b'{"metadata":{"name":"by-a-page"}}'
    strangers = [("GET", b"", ["Host: evil.example"]), ("GET", b"", [f"Host: evil.example:{node.meta_port}"]),
                 ("POST", body, ["Host: localhost", "Origin: http://evil.example"]),
                 ("POST", body, ["Host: localhost", "Origin: null"]), ("POST", body, ["Host: localhost", "Sec-Fetch-Site: cross-site"])]
    for method, text, lines in strangers:
        with raw(node) as one:
            send(one, "\r\n".join([f"{method} {CONFIGS} HTTP/1.1", *lines, f"Content-Length: {len(text)}", "", ""]).encode(), text)
            assert status_of(one) == 403, (method, lines)
    assert node.get("by-a-page", "configmaps") is None


NEIGHBOUR = """
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as plain, context.wrap_socket(plain):
        print("served")
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("silent")
except OSError:
    print("closed")
"""


def a_neighbour_does_not_reach_the_address_for_pods(node):
    """A machine on the same network that adds a route to it."""
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    try:
        wait("the neighbour has a network", lambda: os.readlink(f"/proc/{sleeper.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10)
        NETWORK.ip(f"link set far0 netns {sleeper.pid}")
        there = ["nsenter", f"--net=/proc/{sleeper.pid}/ns/net"]
        for words in ("address add 192.0.2.1/24 dev far0", "link set far0 up", f"route add {DUMMY} via 192.0.2.2"):
            subprocess.run([*there, "ip", *words.split()], check=True)
        ask = [sys.executable, "-c", NEIGHBOUR, DUMMY, str(node.meta_port)]
        done = subprocess.run([*there, *ask], check=False, capture_output=True, text=True, timeout=30)
        assert done.stdout.strip() in ("closed", "refused", "silent"), done.stdout + done.stderr
        own = subprocess.run(ask, check=False, capture_output=True, text=True, timeout=30)
        assert own.stdout.strip() == "served", own.stdout + own.stderr
        print(f"a neighbour finds the address for pods {done.stdout.strip()}")
    finally:
        sleeper.kill()
        sleeper.wait()


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
    pages_of_other_sites(open_node)
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
    a_neighbour_does_not_reach_the_address_for_pods(closed_node)
sys.exit(0)
