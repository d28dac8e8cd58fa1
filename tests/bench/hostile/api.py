# SPDX-License-Identifier: Apache-2.0
"""Hostile clients of the node's Kubernetes API, most of them with the token of a pod that has no rights."""
import asyncio
import base64
import json
import socket
import ssl
import urllib.parse
import uuid

from .peer import head, post

CONFIGS = "/api/v1/namespaces/default/configmaps"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MEGABYTE = 1 << 20
LARGEST = 3 * MEGABYTE - 1024  # of a body


# --- connections ----------------------------------------------------------------------------------------------------
async def slow_heads(me):
    """A byte a second."""
    async with me.connected() as (reader, writer):
        for byte in head("GET", "/healthz", "X-Slow: " + "y" * 100):
            if reader.at_eof():
                return
            writer.write(bytes([byte]))
            await asyncio.sleep(1)


async def silent_connections(me):
    """No handshake at all."""
    async with me.connected(me.target.api) as (reader, _):
        await reader.read(1)


async def broken_handshakes(me):
    """The begin of a ClientHello, then noise or nothing."""
    async with me.connected(me.target.api) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + me.dice.randbytes(me.dice.randrange(0, 2000)))
        await reader.read(100)


async def strange_certificates(me):
    context = ssl.create_default_context(cafile=me.target.ca)
    context.load_cert_chain(me.target.stranger)
    async with me.connected(None, context) as (reader, writer):
        writer.write(head("GET", CONFIGS))
        await me.status(reader)


async def pipelined_requests(me):
    """A hundred requests at once; the answers are not read."""
    async with me.connected() as (_, writer):
        writer.write(head("GET", me.dice.choice(["/version", "/api", "/openapi/v3"]), token=me.target.poor) * 100)
        await asyncio.sleep(5)


async def unread_answers(me):
    """Long lists of which nothing is read."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.bind((me.address, 0))
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", me.target.api))
    _, writer = await asyncio.open_connection(sock=plain, ssl=me.context(), server_hostname="127.0.0.1", limit=4096)
    try:
        writer.write(head("GET", f"{CONFIGS}?labelSelector=n!%3D{me.dice.randrange(1000)}", token=me.target.reader))
        await asyncio.sleep(15)
    finally:
        writer.transport.abort()


async def aborted_bodies(me):
    """Half of the largest body, then a reset."""
    async with me.connected() as (_, writer):
        writer.write(head("POST", me.dice.choice([CONFIGS, REVIEW]), "Content-Type: application/json", f"Content-Length: {LARGEST}",
                          token=me.dice.choice([None, me.target.poor])) + b" " * (LARGEST // 2))
        await asyncio.wait_for(writer.drain(), 2)
        await asyncio.sleep(2)


# --- framing --------------------------------------------------------------------------------------------------------
async def endless_framing(me):
    """A chunk's extension, its size or a trailer that does not end."""
    async with me.connected() as (reader, writer):
        writer.write(head("POST", REVIEW, "Content-Type: application/json", "Transfer-Encoding: chunked", token=me.target.poor))
        writer.write(me.dice.choice([b"1;", b"0" * 100, b"1\r\n{\r\n0\r\nX: "]))
        for _ in range(16):
            writer.write(b"0" * 65536)
            await writer.drain()
            if reader.at_eof():
                break
        await me.status(reader)


async def strange_encodings(me):
    lines = me.dice.choice([["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, chunked"], ["Transfer-Encoding: gzip, chunked"],
                            ["Transfer-Encoding: chunked", "Content-Length: 5"], ["Content-Length: 5", "Content-Length: 6"],
                            ["Host: evil.example", "Origin: http://evil.example"], ["Impersonate-User: system:admin"]])
    await me.ask(head("POST", REVIEW, *lines, token=me.target.poor) + b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")


# --- bodies ---------------------------------------------------------------------------------------------------------
def aliases():
    """A long scalar that is repeated: each list is a few times the bytes before it."""
    return b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 30_000 + b"*a]\n"


def alias_bomb():
    lines = [b"a: &a [x,x,x,x,x,x,x,x,x]\n"]
    lines += [f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(9)]
    return b"".join(lines)


YAML = [aliases(), alias_bomb(), b"a: &a [*a]\n", b"[" * 900 + b"]" * 900, b"a: [" + b"{}," * 80_000 + b"{}]\n", b"- " * 100_000]
JSON = [b"[" * 100_000, b'{"a":' * 100_000, b'{"spec":' + b'{"a":' * 90 + b"1" + b"}" * 91, b"\xff\xfe" * 1000, b'{"spec":{"a":"' + b"\\u0000" * 50_000 + b'"}}']
MANY = [b'{"spec":{"extra":{"a":[' + b'{},' * (LARGEST // 3 - 20) + b"{}]}}}", b'{"spec":[' + b"0," * (LARGEST // 2 - 20) + b"0]}",
        b'{"spec":{' + b",".join(b'"%d":""' % n for n in range(220_000)) + b"}}"]
BIG = b'{"spec":{"resourceAttributes":{"name":"' + b"\\u0001" * 280_000 + b'"}}}'


async def yaml_that_grows(me):
    await me.ask(post(REVIEW, me.dice.choice(YAML), "application/yaml", me.target.poor))


async def deep_json(me):
    await me.ask(post(REVIEW, me.dice.choice(JSON), token=me.target.poor))


async def many_values(me):
    await me.ask(post(REVIEW, me.dice.choice(MANY), token=me.target.poor))


async def large_reviews(me):
    await me.ask(post(REVIEW + "?pretty=1", BIG, token=me.target.poor))


# --- who is it ------------------------------------------------------------------------------------------------------
def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def bad_tokens(me):
    header, payload, signature = me.target.poor.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["sub"] = f"system:serviceaccount:made-up-{me.dice.randrange(1 << 30)}:default"
    token = me.dice.choice([f"{header}.{encoded(claims)}.{signature}", f"{encoded({'alg': 'none'})}.{payload}.", "a" * 30_000, "a.b.c",
                            f"{header}.{payload}.{'A' * len(signature)}", me.target.poor[:-4]])
    await me.ask(head("GET", CONFIGS, token=token))


async def issued_tokens(me):
    await me.ask(post("/api/v1/namespaces/default/serviceaccounts/default/token", b'{"spec":{"audiences":["vault"]}}', token=me.target.reader))


# --- what costs a message or memory ---------------------------------------------------------------------------------
async def made_up_names(me):
    """Twenty names at a time, each of which the node has to ask the cloud for."""
    async with me.connected() as (reader, writer):
        for _ in range(20):
            writer.write(head("GET", f"{CONFIGS}/made-up-{uuid.uuid4()}", token=me.target.reader))
        await me.status(reader)


async def made_up_watches(me):
    space = f"made-up-{me.dice.randrange(1000)}"
    async with me.connected() as (reader, writer):
        writer.write(head("GET", f"/api/v1/namespaces/{space}/configmaps?watch=1&timeoutSeconds=4000000000", token=me.target.reader))
        await me.status(reader)
        await asyncio.sleep(10)


async def page_tokens(me):
    async with me.connected() as (reader, writer):
        writer.write(head("GET", f"{CONFIGS}?limit=1", "Connection: close", token=me.target.reader))
        answer = await reader.read(200_000)
        token = answer.rpartition(b'"continue":"')[2].partition(b'"')[0].decode("latin-1")[:200]
    at = me.dice.randrange(len(token) + 1)
    token = me.dice.choice([token, token[:at] + "A" + token[at + 1:], "x" * 5000])
    path = me.dice.choice([CONFIGS, "/api/v1/pods", "/api/v1/namespaces/default/secrets"])
    await me.ask(head("GET", f"{path}?limit=2&continue={urllib.parse.quote(token)}", token=me.target.reader))


async def spelt_paths(me):
    """Documents by many spellings of their paths."""
    path = me.dice.choice(["/openapi/v3/api/v1", "/openapi/v2", "/openapi/v3/apis/apps/v1", "/apis", "/api/v1"])
    await me.ask(head("GET", path + "/" * me.dice.randrange(3000) + me.dice.choice(["", f"?{me.dice.random()}"]), token=me.target.poor))


async def followed_logs(me):
    async with me.connected() as (reader, writer):
        writer.write(head("GET", f"/api/v1/namespaces/default/pods/{me.target.chatty_pod}/log?follow=1", token=me.target.reader))
        await me.status(reader)
        await asyncio.sleep(15)


WORDS = ["api", "apis", "v1", "namespaces", "default", "pods", "configmaps", "..", "%2e%2e", "%00", "%", "watch", "proxy", "log", "nodes", "edge1",
         "status", "scale", "openapi", "metrics", "", "a" * 300]
QUERIES = ["watch=1&timeoutSeconds=1", "limit=-1", "continue=xx", "resourceVersion=abc", "labelSelector=%28", "fieldSelector==", "pretty=1", "%zz"]


async def noise(me):
    path = "/" + "/".join(me.dice.choice(WORDS) for _ in range(me.dice.randrange(0, 8)))
    method = me.dice.choice(["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])
    body = me.dice.choice([b"", b"{}", b"null", b"\xff\xfe", b'[{"op":"add"}]', b"{" * 50])
    await me.ask(head(method, f"{path}?{me.dice.choice(QUERIES)}", f"Content-Length: {len(body)}", "Connection: close", token=me.target.poor) + body)


CLIENTS = {slow_heads: 15, silent_connections: 8, broken_handshakes: 8, strange_certificates: 4, pipelined_requests: 6, unread_answers: 10,
           aborted_bodies: 6, endless_framing: 8, strange_encodings: 6, yaml_that_grows: 8, deep_json: 8, many_values: 4, large_reviews: 4,
           bad_tokens: 8, issued_tokens: 3, made_up_names: 6, made_up_watches: 8, page_tokens: 6, spelt_paths: 6, followed_logs: 4, noise: 4}
