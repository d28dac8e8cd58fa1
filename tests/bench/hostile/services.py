# SPDX-License-Identifier: Apache-2.0
"""Hostile callers of the ServiceBus, and the hostile service that probes, hooks and rules call."""
import asyncio
import contextlib
import json

from .peer import head

URL = "http://127.0.0.1/edge1/default/anything"


async def call(me, request, seconds=10):
    async with me.connected(me.target.service_bus) as (reader, writer):
        writer.write(request)
        await writer.drain()
        await me.status(reader, seconds)


def body(data):
    return head("POST", "/", f"Content-Length: {len(data)}") + data


async def slow_callers(me):
    async with me.connected(me.target.service_bus) as (reader, writer):
        writer.write(b"POST / HT")
        await asyncio.wait_for(reader.read(1), 15)


async def strange_calls(me):
    await call(me, body(me.dice.choice([b"", b"{", b"[" * 100_000, me.dice.randbytes(1000), json.dumps({"method": "BREW", "targetURL": "x" * 5000}).encode(),
                                        json.dumps({"method": "POST", "targetURL": f"{URL}-{me.dice.random()}", "payload": "y" * 1000}).encode()])))


async def large_calls(me):
    await call(me, me.dice.choice([head("POST", "/", "Content-Length: 1000000000") + b"x" * 1000, head("POST", "/", "Transfer-Encoding: chunked") + b"1;" + b"x" * 100_000,
                                   body(b'{"method":"POST","targetURL":"' + URL.encode() + b'","payload":"' + b"z" * 2_000_000 + b'"}')]))


async def rules_that_redirect(me):
    """By the cloud's router to a service on the node that sends the call on to the node's API."""
    async with me.connected(me.target.router) as (reader, writer):
        writer.write(head("GET", f"/edge1/default/svc/{me.dice.choice(['to-api', 'redirect/0', 'framing', 'large'])}", "Connection: close"))
        await me.status(reader, 15)


CLIENTS = {slow_callers: 4, strange_calls: 4, large_calls: 2, rules_that_redirect: 2}


# --- the service ----------------------------------------------------------------------------------------------------
async def endless(writer, begin, piece, pause=0.0, most=64 << 20):
    writer.write(begin)
    for _ in range(most // len(piece)):
        if writer.is_closing():
            return
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


async def answer(target, reader, writer):
    line = await reader.readline()
    path = line.split()[1].decode("latin-1") if len(line.split()) > 1 else "/"
    while (await reader.readline()).strip():
        pass
    if "redirect" in path:
        to = f"/redirect/{'x' * 2000}{path.rpartition('/')[2][-20:]}1"
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
    elif "to-api" in path:
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:{target.api}/api/v1/secrets\r\nContent-Length: 0\r\n\r\n".encode())
    elif "framing" in path:
        await endless(writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 65536)
    elif "headers" in path:
        await endless(writer, b"HTTP/1.1 200 OK\r\n", b"X-Y: " + b"y" * 1000 + b"\r\n", 0.001)
    elif "large" in path:
        await endless(writer, b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, 0.001)
    else:
        await endless(writer, b"", b"H", 1)
    await writer.drain()


async def hostile_service(target):
    """Redirects without end, framing, headers and bodies without end, and a byte a second."""
    async def one(reader, writer):
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(answer(target, reader, writer), 20)
        writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", target.hostile_service)
    async with server:
        await server.serve_forever()
