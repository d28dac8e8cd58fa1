# SPDX-License-Identifier: Apache-2.0
"""Rules about who may include whom."""

import re

from plan import DOCUMENT, ROOT, Plan
from tree import Fault, Include, Tree, stem

NO_ROOMS = ("precompiled",)  # below src/, but no room: headers for the compiler
BEAST_AND_TLS = re.compile(r"boost/(beast|asio/ssl)\b")
GRPC = re.compile(r"grpc(pp)?/|.*\.pb\.h$")
BEAST_HOMES = ("src/net/",)
GRPC_HOMES = ("src/rpc/", "src/cri/", "src/devicetwin/", "include/edgecore/rpc/")


def place(path: str) -> tuple[str, str, bool] | None:
    """The room of a file, its folder there, and whether it is private. None: not in a room."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2 and parts[1] not in NO_ROOMS:
        return parts[1], "/".join(parts[2:-1]) or ROOT, True
    if parts[:2] == ["include", "edgecore"] and len(parts) > 3:
        return parts[2], ROOT, False
    return None


def rooms_are_kept(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 1. A room includes its own headers and those of the rooms it may include, never a private one of
    another. Each folder of src/ and include/edgecore/ is a room of the table, and the other way round."""
    faults = known_rooms(tree, plan)
    for path in tree.code("src", "include"):
        here = place(path)
        if here is None or here[0] not in plan.rooms.rows:
            continue
        room, allowed = here[0], plan.rooms.rows[here[0]].may_include
        for include in tree.includes(path):
            there = place(include.target) if include.target else None
            if there is None:
                continue
            other, _, private = there
            if other == room:
                if private and not here[2]:
                    faults.append(Fault(path, include.line, f"a public header includes the private "
                                        f"{include.name}; others cannot read it"))
            elif other in plan.rooms.rows and other not in allowed:
                faults.append(Fault(path, include.line, f"`{room}` includes {include.name} and may not "
                                    f"include `{other}` ({DOCUMENT}, Rooms)"))
            elif private:
                faults.append(Fault(path, include.line, f"`{room}` includes {include.name}, a private header "
                                    f"of `{other}`; use include/edgecore/{other}, or move what you need "
                                    "there"))
    return faults


def known_rooms(tree: Tree, plan: Plan) -> list[Fault]:
    faults, found = [], {}
    for path in tree.code("src", "include"):
        if here := place(path):
            found.setdefault(here[0], path)
    for room in sorted(found.keys() - plan.rooms.rows.keys()):
        faults.append(Fault(found[room], 1, f"`{room}` is no room of the table in {DOCUMENT}; add it"))
    for room in plan.rooms.rows.keys() - found.keys():
        faults.append(Fault(DOCUMENT, plan.rooms.rows[room].line, f"the room `{room}` has no files; "
                            "take it out"))
    return faults


def folders_are_kept(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 2. Inside a room a folder includes its own headers and the doors of the folders it may include;
    the files beside the folders include all of them. Each folder is in the room's table, and the other way
    round. Names are written from src/."""
    faults = known_folders(tree, plan)
    for path in tree.code("src"):
        here = place(path)
        if here is None:
            continue
        for include in tree.includes(path):
            there = place(include.target) if include.target else None
            if there is None or not there[2]:
                continue
            if include.target != f"src/{include.name}":
                faults.append(Fault(path, include.line, f"{include.name} is found only from here; write "
                                    f'"{include.target.removeprefix("src/")}"'))
            if there[0] == here[0] and there[1] != here[1]:
                faults += through_doors(path, include, plan, here, there)
    return faults


def through_doors(path: str, include: Include, plan: Plan, here: tuple, there: tuple) -> list[Fault]:
    table = plan.inside.get(here[0])
    mine, other = table and table.rows.get(here[1]), table and table.rows.get(there[1])
    if mine is None or other is None:
        return []  # known_folders says so
    where = f"({DOCUMENT}, Inside `{here[0]}`)"
    if there[1] not in mine.may_include:
        return [Fault(path, include.line, f"the folder `{here[1]}` includes {include.name} and may not "
                      f"include `{there[1]}` {where}")]
    if here[1] != ROOT and other.door is not None and stem(include.target) not in other.door:
        return [Fault(path, include.line, f"{include.name} is no door of `{there[1]}` {where}: include a "
                      "door, or make it one")]
    return []


def known_folders(tree: Tree, plan: Plan) -> list[Fault]:
    faults, found = [], {}
    for path in tree.code("src"):
        if here := place(path):
            found.setdefault(here[0], {}).setdefault(here[1], []).append(path)
    for room, folders in found.items():
        table = plan.inside.get(room)
        if table is None:
            faults += [Fault(files[0], 1, f"src/{room}/{folder} is in no table; write `### Inside `{room}`` "
                             f"in {DOCUMENT}") for folder, files in folders.items() if folder != ROOT]
            continue
        for folder in sorted(folders.keys() - table.rows.keys()):
            faults.append(Fault(folders[folder][0], 1, f"the folder `{folder}` of `{room}` is not in the "
                                f"table under `### Inside `{room}`` in {DOCUMENT}; add it"))
        for folder, row in table.rows.items():
            if folder not in folders:
                faults.append(Fault(DOCUMENT, row.line, f"`{room}` has no folder `{folder}`; take it out"))
                continue
            headers = {stem(path) for path in folders[folder] if path.endswith(".hpp")}
            for door in sorted((row.door or frozenset()) - headers):
                faults.append(Fault(DOCUMENT, row.line, f"the door `{door}` of `{folder}` is not there: "
                                    f"no file {folder}/{door}.hpp"))
    return faults


def includes_do_not_turn_in_circles(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 4. No file includes itself by way of others. A .cpp and the .hpp beside it count as one."""
    edges: dict[str, dict[str, tuple[str, int]]] = {}  # from, to: the file and line that say so
    for path in tree.code("src", "include"):
        mine = node(tree, path)
        edges.setdefault(mine, {})
        for include in tree.includes(path):
            if include.target and include.target.startswith(("src/", "include/")):
                other = node(tree, include.target)
                if other != mine:
                    edges[mine].setdefault(other, (path, include.line))
    faults = []
    for group in circles(edges):
        way = shortest_circle(edges, group)
        path, line = edges[way[0]][way[1]]
        steps = "; ".join(f"{edges[a][b][0]}:{edges[a][b][1]} includes {b}" for a, b in zip(way, way[1:]))
        faults.append(Fault(path, line, f"files include each other in a circle: {steps}; take out one of "
                            "these"))
    return faults


def node(tree: Tree, path: str) -> str:
    """The header that stands for a file: a .cpp belongs to the header beside it. A public header stands
    alone: the private ones below it may use its words."""
    beside = path.removesuffix(".cpp") + ".hpp"
    return beside if path.endswith(".cpp") and beside in tree else path


def circles(edges: dict[str, dict]) -> list[set[str]]:
    """Groups of nodes that reach each other (Tarjan), without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups = []
    for start in sorted(edges):
        if start in index:
            continue
        work = [(start, iter(sorted(edges[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            here, rest = work[-1]
            there = next(rest, None)
            if there is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == index[here]:
                    group = set()
                    while not group or here not in group:
                        group.add(last := stack.pop())
                        on_stack.discard(last)
                    if len(group) > 1:
                        groups.append(group)
            elif there not in index:
                index[there] = low[there] = len(index)
                stack.append(there)
                on_stack.add(there)
                work.append((there, iter(sorted(edges.get(there, {})))))
            elif there in on_stack:
                low[here] = min(low[here], index[there])
    return groups


def shortest_circle(edges: dict[str, dict], group: set[str]) -> list[str]:
    """The nodes of one, the first again at its end."""
    best: list[str] = []
    for start in sorted(group):
        ways, seen = [[start]], {start}
        while ways and (not best or len(ways[0]) < len(best)):
            way = ways.pop(0)
            for there in sorted(edges[way[-1]].keys() & group):
                if there == start:
                    if not best or len(way) + 1 < len(best):
                        best = [*way, start]
                elif there not in seen:
                    seen.add(there)
                    ways.append([*way, there])
    return best


def headers_stay_in_their_rooms(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 9. Each header is read once; Beast and Asio's TLS stay in `net`, gRPC in the rooms that speak it:
    they cost seconds in each file that includes them."""
    faults = []
    for path in tree.named(".hpp", below=("src", "include", "tests")):
        if not re.search(r"^#pragma once$", tree.text(path), re.MULTILINE):
            faults.append(Fault(path, 1, "`#pragma once` is missing; write it before the first include"))
    for path in tree.code("src", "include"):
        for include in tree.includes(path):
            if BEAST_AND_TLS.match(include.name) and not path.startswith(BEAST_HOMES):
                faults.append(Fault(path, include.line, f"{include.name} belongs to src/net alone; use a "
                                    "header of include/edgecore/net"))
            if GRPC.match(include.name) and not path.startswith(GRPC_HOMES):
                faults.append(Fault(path, include.line, f"{include.name} is gRPC, which only "
                                    f"{', '.join(GRPC_HOMES)} include"))
    return faults
