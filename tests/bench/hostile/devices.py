# SPDX-License-Identifier: Apache-2.0
"""Hostile MQTT clients and hostile mappers."""
import asyncio
import contextlib
import json
import struct

CONNECT, PUBLISH, SUBSCRIBE = 0x10, 0x30, 0x82


def packet(kind, body):
    length, size = b"", len(body)
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def publish(topic, payload):
    return packet(PUBLISH, text(topic) + payload)


@contextlib.asynccontextmanager
async def broker(me):
    async with me.connected(me.target.broker) as (reader, writer):
        writer.write(packet(CONNECT, text("MQTT") + b"\x04\x02\x00\x3c" + text(f"hostile-{me.dice.randrange(1 << 40)}")))
        await reader.readexactly(4)
        yield reader, writer


def update(device):
    return f"$hw/events/device/{device}/twin/update"


async def send(me, *messages):
    async with broker(me) as (_, writer):
        for message in messages:
            writer.write(message)
        await writer.drain()
        await asyncio.sleep(0.1)


async def oversized_messages(me):
    value = b'{"twin":{"t":{"actual":{"value":"' + b"x" * me.dice.choice([1000, 100_000, 3 << 20]) + b'"}}}}'
    await send(me, publish(update(me.dice.choice(me.target.devices)), value))


async def deep_messages(me):
    value = me.dice.choice([b'{"twin":' + b"[" * 5000, b'{"twin":' + b'{"a":' * 5000, b'{"twin":{"t":[' + b"{}," * 80_000 + b"{}]}}",
                            me.dice.randbytes(500), b"", json.dumps({"twin": {f"p{n}": {"actual": {"value": [n]}} for n in range(500)}}).encode()])
    await send(me, publish(update(me.dice.choice(me.target.devices)), value))


async def made_up_devices(me):
    """Also twins that nobody declared: each message names new ones."""
    names = [f"default/made-up-{me.dice.randrange(1 << 30)}" for _ in range(10)] + [me.dice.choice(me.target.devices)]
    twin = {"twin": {f"made-up-{me.dice.randrange(1 << 30)}": {"actual": {"value": "1"}, "metadata": {"type": "string"}}}}
    await send(me, *(publish(update(name), json.dumps(twin).encode()) for name in names))


async def strange_topics(me):
    topics = ["$hw/events/device/hw/events/twin/update", "$hw/events/device///twin/update", f"$hw/events/{'/' * 500}", "SYS/dis/upload_records",
              "$hw/events/upload/x", "anyone/user/x", "$hw/events/node/edge1/membership/get", "$hw/events/device/" + "d" * 5000 + "/twin/get",
              f"{update(me.target.devices[0])}/cloud_updated", f"default/user/{me.dice.randrange(1 << 30)}"]
    await send(me, *(publish(me.dice.choice(topics), me.dice.randbytes(200)) for _ in range(10)))


async def endless_subscriptions(me):
    async with broker(me) as (reader, writer):
        for number in range(50):
            writer.write(packet(SUBSCRIBE, struct.pack(">H", number + 1) + text(f"$hw/events/device/{me.dice.randrange(1 << 30)}/#") + b"\x01"))
        await reader.read(1000)
        await asyncio.sleep(5)


async def twin_gets(me):
    await send(me, *(publish(f"$hw/events/device/{device}/twin/get", b'{"event_id":"x"}') for device in me.target.devices[:10]))


# --- DMI ------------------------------------------------------------------------------------------------------------
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


async def mapper(me, data, seconds):
    reader, writer = await asyncio.open_unix_connection(me.target.dmi)
    try:
        writer.write(data)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1 << 16), seconds)
            await asyncio.sleep(seconds)
    finally:
        writer.transport.abort()


async def hanging_mappers(me):
    await mapper(me, me.dice.choice([b"", PREFACE[:10], PREFACE]), 15)


async def noise_for_dmi(me):
    await mapper(me, me.dice.choice([b"", PREFACE]) + me.dice.randbytes(me.dice.randrange(1, 5000)), 1)


async def floods_of_frames(me):
    """Pings and settings of HTTP/2, whose acknowledgements are not read."""
    await mapper(me, PREFACE + (b"\0\0\x08\x06\0\0\0\0\0" + b"pingpong" + b"\0\0\0\4\0\0\0\0\0") * 2000, 5)


CLIENTS = {oversized_messages: 4, deep_messages: 6, made_up_devices: 8, strange_topics: 6, endless_subscriptions: 3, twin_gets: 3,
           hanging_mappers: 4, noise_for_dmi: 4, floods_of_frames: 2}
