# SPDX-License-Identifier: Apache-2.0
"""What a pod sends to the node's API, or does not read, costs bounded memory and time: bytes between chunks, aliases of YAML, spellings of
a path, indented answers, unread lists, followed logs. An unknown Transfer-Encoding ends the connection."""
import contextlib
import os
import pathlib
import time

from accounts import EVERYTHING, accounts
from metaserver import MetaNode
from raw_http import costs_at_most, head, raw, rest_of, send, status_of

MEGABYTE = 1 << 20
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
CONFIGS = "/api/v1/namespaces/default/configmaps"


def bytes_between_chunks(node, token):
    """An extension, a size with leading zeros and a trailer that never end: with a token, and without one."""
    endless = {"extension": (b"5;", b"x" * MEGABYTE), "zeros": (b"", b"0" * MEGABYTE), "trailer": (b"0\r\nX: ", b"y" * MEGABYTE),
               "many extensions": (b"", (b"1;" + b"x" * 1000 + b"\r\nz\r\n") * 1000)}
    with costs_at_most(node, "bytes between chunks", 8, 20):
        for what, (begin, more) in endless.items():
            for login in ([], [f"Authorization: Bearer {token}"]):
                with raw(node) as one:
                    taken = send(one, head("POST", REVIEW, "Content-Type: application/json", "Transfer-Encoding: chunked", *login), begin,
                                 *[more] * 64)
                    code = status_of(one)
                assert taken < 8 * MEGABYTE, f"{what}: {taken} bytes were taken"
                # A connection that ends while the client still sends may lose the answer.
                assert code in ((413, None) if login else (401, None)), (what, code)


def unknown_codings(node, token):
    """What follows such a message is not the next request of its connection."""
    login = [f"Authorization: Bearer {token}", "Content-Type: application/json"]
    hidden = head("GET", "/version", login[0])
    length = f"Content-Length: {len(hidden)}"
    for lines in (["xchunked"], ["chunked, gzip"], ["chunked, chunked"], ["identity", length], ["xchunked", length], ["chunked", length]):
        with raw(node, timeout=10) as one:
            send(one, head("POST", REVIEW, *login, f"Transfer-Encoding: {lines[0]}", *lines[1:]), hidden)
            answers = rest_of(one)
        codes = [line.split()[1] for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        assert codes in ([b"501"], [b"400"]), (lines, codes)


def aliases(node, stranger, user):
    """A text of 215 KB that would become 600 MB, and one of 60 KB, which may be a review, that would become 150 MB."""
    for path, token, bytes_, times in ((CONFIGS, user, 200_000, 3000), (REVIEW, stranger, 50_000, 3000)):
        bomb = b"a: &a " + b"x" * bytes_ + b"\nb: [" + b",".join([b"*a"] * times) + b"]\n"
        with costs_at_most(node, "aliases of a long text", 16, 5):
            answer = node.meta("POST", path, bomb, token=token, kind="application/yaml")
        assert answer.code == 400, answer


def spellings(node, token):
    """One document under 1500 paths."""
    login = {"Authorization": f"Bearer {token}"}
    with costs_at_most(node, "spellings of a path", 12, 60), contextlib.closing(node.connection()) as connection:
        for n in range(1500):
            connection.request("GET", "/openapi/v3/api/v1" + "/" * n, headers=login)
            assert connection.getresponse().read()


def brackets(node, stranger, user):
    """Reviews and lists of names made of brackets."""
    for count, expected in ((20_000, (201,)), (500_000, (400, 413))):
        empty = b"[" * 90 + b",".join([b"[]"] * count) + b"]" * 90
        review = (b'{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":'
                  b'{"verb":"get","resource":"pods"},"x":' + empty + b"}}")
        with costs_at_most(node, f"an indented review of {count} brackets", 24, 10):
            answer = node.meta("POST", REVIEW + "?pretty=1", review, token=stranger)
        assert answer.code in expected and len(answer.body) < 2 * MEGABYTE, (answer.code, len(answer.body))
    with costs_at_most(node, "names of pods to restart", 24, 5):
        answer = node.meta("POST", "/api/v1/namespaces/default/pods/restart", b"[" * 2_900_000, token=user)
        assert answer.code == 400, answer
        answer = node.meta("POST", "/api/v1/namespaces/default/pods/restart", b"[" + b"[]," * 900_000 + b"[]]", token=user)
        assert answer.code == 400, answer


def unread_lists(node, user, other):
    """60 connections ask for 4 MB each and read nothing; another user is served beside them."""
    for n in range(40):
        node.create(CONFIGS, {"metadata": {"name": f"big-{n}"}, "data": {"x": os.urandom(50_000).hex()}})
    login = f"Authorization: Bearer {user}"
    with contextlib.ExitStack() as kept, costs_at_most(node, "60 lists that nobody reads", 64, 60):
        for n in range(60):
            one = kept.enter_context(raw(node, receive_buffer=4096))
            send(one, head("GET", f"{CONFIGS}?labelSelector=x!=v{n}", login))
        begin = time.monotonic()
        assert node.meta("GET", "/version", token=other).code == 200
        assert time.monotonic() - begin < 5
        time.sleep(3)


def inotify_instances(pid):
    found = 0
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found += os.readlink(path) == "anon_inode:inotify"
    return found


def followed_logs(node, user):
    """40 clients follow a log with one inotify instance of the process."""
    before = inotify_instances(node.edgecore.pid)
    login = f"Authorization: Bearer {user}"
    with contextlib.ExitStack() as kept, costs_at_most(node, "40 followed logs", 16, 30):
        for _ in range(40):
            one = kept.enter_context(raw(node))
            send(one, head("GET", "/api/v1/namespaces/default/pods/user/log?follow=1", login))
            assert status_of(one) == 200
        assert inotify_instances(node.edgecore.pid) <= before + 1, (before, inotify_instances(node.edgecore.pid))


with MetaNode(gate=True) as node:
    node.start_meta()
    stranger, user = accounts(node, stranger=[], user=[EVERYTHING])
    bytes_between_chunks(node, stranger)
    unknown_codings(node, stranger)
    aliases(node, stranger, user)
    spellings(node, stranger)
    brackets(node, stranger, user)
    unread_lists(node, user, stranger)
    followed_logs(node, user)
    assert node.meta("GET", CONFIGS + "?limit=1", token=user).code == 200
    assert "has failed and restarts" not in node.log(), "a module was started again"
