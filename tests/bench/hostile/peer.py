# SPDX-License-Identifier: Apache-2.0
"""What hostile clients have in common: where to, as whom, and one action after the other at a bounded rate."""
import asyncio
import contextlib
import dataclasses
import logging
import os
import random
import ssl
import time

LONGEST = 20  # seconds of one action; a peer that is kept waiting begins anew


@dataclasses.dataclass
class Target:
    """What the attackers know of the node. Tokens: `poor` may do nothing, `reader` may read."""
    api: int
    dmi: str
    broker: int
    service_bus: int
    router: int
    hostile_service: int
    ca: str
    stranger: str  # a certificate with its key that nobody issued
    poor: str
    reader: str
    devices: list
    chatty_pod: str


class Client:
    """One hostile client: its own dice, and one of a few addresses, as pods have."""

    def __init__(self, target, number):
        self.target = target
        self.dice = random.Random(number)
        self.address = f"127.0.1.{1 + number % 8}"
        self.outcomes = {}

    def note(self, outcome):
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    @contextlib.asynccontextmanager
    async def connected(self, port=None, tls=None):
        """A connection to `port` (the node's API over TLS unless said otherwise) that is reset at the end."""
        secure = {"ssl": tls or self.context(), "server_hostname": "127.0.0.1"} if port is None or tls else {}
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.target.api, local_addr=(self.address, 0), **secure)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    _context = None

    def context(self):
        if Client._context is None:
            Client._context = ssl.create_default_context(cafile=self.target.ca)
        return Client._context

    async def ask(self, request, seconds=LONGEST):
        """Sends a whole request to the node's API; notes the status of its answer."""
        async with self.connected() as (reader, writer):
            writer.write(request)
            await self.status(reader, seconds)

    async def status(self, reader, seconds=LONGEST):
        line = await asyncio.wait_for(reader.readline(), seconds)
        self.note(line.split()[1].decode("latin-1") if line.startswith(b"HTTP/1.1 ") else "closed")
        return line


def head(method, path, *lines, token=None):
    login = [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *login, *lines, "", ""]).encode()


def post(path, body, kind="application/json", token=None):
    return head("POST", path, f"Content-Type: {kind}", f"Content-Length: {len(body)}", token=token) + body


async def act(client, kind, period, over):
    """Repeats `kind`, once in `period` seconds on average. Looks at `over` itself, because wait_for() may swallow a cancellation."""
    await asyncio.sleep(client.dice.random() * period)
    while not over.value:
        begin = time.monotonic()
        try:
            await asyncio.wait_for(kind(client), LONGEST)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as problem:
            client.note(type(problem).__name__)
        client.note("actions")
        left = period * (0.5 + client.dice.random()) - (time.monotonic() - begin)
        await asyncio.sleep(max(0.01, left))


async def attack(clients, period, over, services):
    """`clients`: [(kind, Client)]. `services`: coroutines that serve until the end."""
    running = [asyncio.ensure_future(each) for each in [*services, *(act(client, kind, period, over) for kind, client in clients)]]
    while not over.value:
        await asyncio.sleep(0.5)
    for each in running:
        each.cancel()
    done, _ = await asyncio.wait(running, timeout=LONGEST)
    for each in done:
        if not each.cancelled():
            each.result()  # raises what nobody expected


def totals(clients):
    """{kind: {outcome: count}}"""
    found = {}
    for kind, client in clients:
        row = found.setdefault(kind.__name__, {"clients": 0})
        row["clients"] += 1
        for outcome, count in client.outcomes.items():
            row[outcome] = row.get(outcome, 0) + count
    return found


def run(clients, period, over, services=()):
    """All of it in this process until `over`, behind everybody else: what is measured is the node, not the scheduler."""
    os.nice(19)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of connections that the node has ended
    asyncio.run(attack(clients, period, over, services))
    return totals(clients)
