# SPDX-License-Identifier: Apache-2.0
"""Forged tokens, made-up names, watches on them and requests for tokens send few messages to the cloud and leave few rows, whatever a client
does; others are served meanwhile. A token for another audience is nobody's answer."""
import base64
import contextlib
import json
import time

from accounts import EVERYTHING, accounts
from metaserver import MetaNode
from node import wait
from raw_http import head, raw, send, status_of

CONFIGS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"  # no listener of anybody covers them
BURST, PER_SECOND = 500, 20  # messages of one client
OWN = 40  # what a node sends by itself meanwhile: leases, statuses


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Messages:
    """Counts what the node sends to the cloud within a block."""

    def __init__(self, node):
        self.node = node

    def sent(self):
        return sum(row["messages"] for what, row in self.node.sim_state()["up"].items() if what != "ack")

    def __enter__(self):
        self.before, self.begin = self.sent(), time.monotonic()
        return self

    def __exit__(self, kind, value, trace):
        self.count, self.took = self.sent() - self.before, time.monotonic() - self.begin


def forged_tokens(node, token):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    with Messages(node) as sent:
        for n in range(60):
            ns = f"made-up-{n}"
            claims.update(sub=f"system:serviceaccount:{ns}:default")
            claims["kubernetes.io"].update(namespace=ns)
            answer = node.meta("GET", CONFIGS, token=f"{header}.{encoded(claims)}.{signature}")
            assert answer.code in (401, 429), answer
    print(f"60 forged tokens: {sent.count} messages")
    assert sent.count < 15, sent.count


def made_up_names(node, token, other):
    codes = {}
    with contextlib.closing(node.connection()) as connection, Messages(node) as sent:
        for n in range(3000):
            connection.request("GET", f"{SERVICES}/made-up-{n}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            codes[answer.status] = codes.get(answer.status, 0) + 1
    print(f"3000 made-up names: {sent.count} messages in {sent.took:.1f} s, answers {codes}")
    assert set(codes) == {404, 429}, codes
    assert sent.count <= BURST + PER_SECOND * sent.took + OWN, sent.count
    begin = time.monotonic()
    assert node.meta("GET", f"{CONFIGS}/kube-root-ca.crt", token=other).code == 200
    assert time.monotonic() - begin < 3
    with Messages(node) as sent:
        for _ in range(100):
            assert node.meta("GET", f"{SERVICES}/not-there", token=other).code == 404
    assert sent.count < 20 + sent.took, f"100 times the same name: {sent.count} messages"


def made_up_watches(node, token):
    """700 watches: the listeners in the cloud are limited, and none is left without an answer."""
    codes = {}
    with contextlib.ExitStack() as kept, Messages(node) as sent:
        opened = []
        for n in range(700):
            one = kept.enter_context(raw(node))
            send(one, head("GET", f"/api/v1/namespaces/made-up-{n}/configmaps?watch=1&timeoutSeconds=30", f"Authorization: Bearer {token}"))
            opened.append(one)
        for one in opened:
            code = status_of(one)
            codes[code] = codes.get(code, 0) + 1
    print(f"700 made-up watches: {sent.count} messages in {sent.took:.1f} s, answers {codes}")
    assert codes.get(429, 0) > 100 and set(codes) <= {200, 429}, codes
    assert sent.count <= BURST + PER_SECOND * sent.took + OWN, sent.count


def tokens(node, user, uid):
    def ask(expires, audiences=None, bound=True):
        spec = {"expirationSeconds": expires, **({"audiences": audiences} if audiences else {})}
        if bound:
            spec["boundObjectRef"] = {"kind": "Pod", "apiVersion": "v1", "name": "user", "uid": uid}
        return node.meta("POST", "/api/v1/namespaces/default/serviceaccounts/user/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}, token=user)

    def rows():
        return node.rows("SELECT count(*) FROM meta WHERE type = 'serviceaccounttoken'")[0][0]

    before = rows()
    vault = ask(3607, ["vault"])
    assert vault.code == 201 and vault.json["spec"]["audiences"] == ["vault"], vault
    plain = ask(3607)
    assert plain.code == 201 and plain.json["status"]["token"] != vault.json["status"]["token"], plain
    assert plain.json["spec"].get("audiences") != ["vault"], plain
    codes = {}
    for n in range(100):
        code = ask(3700 + n, bound=n % 2 == 0).code
        codes[code] = codes.get(code, 0) + 1
    print(f"100 tokens: {codes}, {rows() - before} rows more")
    assert rows() - before <= 16, (before, rows())


with MetaNode(gate=True) as node:
    node.start_meta()
    user, greedy, watcher, other = accounts(node, user=[EVERYTHING], greedy=[EVERYTHING], watcher=[EVERYTHING], other=[EVERYTHING])
    forged_tokens(node, user)
    tokens(node, user, node.get("user")["metadata"]["uid"])
    made_up_names(node, greedy, other)
    made_up_watches(node, watcher)
    wait("the node is served by the cloud as before", node.ready, 5)
    assert "has failed and restarts" not in node.log(), "a module was started again"
