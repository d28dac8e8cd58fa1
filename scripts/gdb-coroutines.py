# SPDX-License-Identifier: Apache-2.0
"""The command `coroutines` for gdb: where the coroutines of a stopped program are suspended.

    gdb -p PID -x scripts/gdb-coroutines.py -ex coroutines

A suspended coroutine is not on a stack. Its frame is on the heap: two code addresses (g++ calls the functions `.actor` and
`.destroy`), then Asio's awaitable_frame_base, which begins with the frame's own address and points to the frame that awaits
this one. The command looks for that pattern in writable memory. `coroutines TEXT` shows only chains with TEXT in them. It reads
memory and calls nothing, so it works on core files too. For g++ 12 and Boost 1.81 on 64 bits.

After a name comes the point of suspension, if the debug information is `-g`: 2 is before the first statement, 4 the first
co_await in the source, 6 the second, and so on. With `-g1`, as the preset dev has it, there are names only.
"""
import re
import struct

import gdb

WORD = 8
SELF, CALLER = 2, 4  # words of a frame: actor, destroy, coro_, attached_thread_, caller_


def mappings():
    """(begin, end, rights) of the program's mappings, as gdb prints them."""
    for line in gdb.execute("info proc mappings", to_string=True).splitlines():
        columns = line.split()
        if len(columns) >= 5 and columns[0].startswith("0x") and re.fullmatch("[r-][w-][x-][ps]", columns[4]):
            yield int(columns[0], 16), int(columns[1], 16), columns[4]


def words(begin, count):
    try:
        memory = gdb.selected_inferior().read_memory(begin, count * WORD)
    except gdb.MemoryError:
        return ()
    return struct.unpack(f"<{count}Q", memory)


def actor_name(address):
    """The name of the coroutine whose `.actor` begins at this address; None for any other address."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    if not re.search(r"\.actor\](\.\w+)* in section", text):
        return None
    return text.replace("(anonymous namespace)::", "").split("(")[0]


def suspension_point(frame, actor):
    try:
        argument = next(symbol for symbol in gdb.block_for_pc(actor) if symbol.name == "frame_ptr")
        return f" at {int(gdb.Value(frame).cast(argument.type).dereference()['_Coro_resume_index'])}"
    except (gdb.error, StopIteration, TypeError):
        return ""  # no such debug information


def find_frames():
    """Address of each frame: its actor, the coroutine's name, the address of the frame that awaits it."""
    maps = list(mappings())
    code = [(begin, end) for begin, end, rights in maps if "x" in rights]
    names, frames = {}, {}
    for begin, end, rights in maps:
        memory = words(begin, (end - begin) // WORD) if rights.startswith("rw") else ()
        for i in range(len(memory) - CALLER):
            address, actor = begin + i * WORD, memory[i]
            if memory[i + SELF] != address or not any(first <= actor < last for first, last in code):
                continue
            if actor not in names:
                names[actor] = actor_name(actor)
            if names[actor]:
                caller = words(memory[i + CALLER], 1) if memory[i + CALLER] else ()
                frames[address] = (actor, names[actor], caller[0] if caller else None)
    return frames


def chain_of(frames, frame):
    while frame in frames:
        actor, name, caller = frames[frame]
        if not name.startswith("boost::asio::"):
            yield f"{frame:#x} {name}{suspension_point(frame, actor)}"
        frame = caller


class Coroutines(gdb.Command):
    def __init__(self):
        super().__init__("coroutines", gdb.COMMAND_STACK)

    def invoke(self, wanted, _):
        frames = find_frames()
        awaiting = {caller for _, _, caller in frames.values()}
        for frame in sorted(set(frames) - awaiting):
            text = "\n  awaited by ".join(chain_of(frames, frame))
            if wanted in text:
                print(text)


Coroutines()
