# SPDX-License-Identifier: Apache-2.0
"""What docs/architecture.md says about rooms and the folders inside them."""

import re
from typing import NamedTuple

from tree import Fault, Tree

DOCUMENT = "docs/architecture.md"
ROOT = "(root)"
WIRING = "app"
# Of these none may include another: they meet on the bus. `app` puts them together.
MODULES = ("edgehub", "metamanager", "metaserver", "edged", "devicetwin", "eventbus", "servicebus", "keadm")


class Row(NamedTuple):
    """A room or a folder: what it may include, and of a folder, which of its headers others may include."""

    line: int
    may_include: frozenset[str]
    door: frozenset[str] | None  # stems; None: all


class Table(NamedTuple):
    line: int
    rows: dict[str, Row]  # in their order


class Plan(NamedTuple):
    rooms: Table
    inside: dict[str, Table]  # by room
    faults: list[Fault]


def read_plan(tree: Tree) -> Plan:
    """Reads the tables. What is wrong with them by themselves comes back as faults."""
    faults: list[Fault] = []
    rooms, inside = Table(1, {}), {}
    for line, level, title, table in sections(tree.text(DOCUMENT)):
        if level == 2 and title == "Rooms":
            rooms = read_rooms(line, table, faults)
        elif level == 3 and (match := re.fullmatch(r"Inside `(\w+)`", title)):
            inside[match[1]] = read_folders(line, match[1], table, faults)
    if not rooms.rows:
        faults.append(Fault(DOCUMENT, rooms.line, "the table of rooms is not there; write it under "
                            "`## Rooms`"))
    for room, table in inside.items():
        if room not in rooms.rows:
            faults.append(Fault(DOCUMENT, table.line, f"`{room}` is no room of the table under `## Rooms`"))
    return Plan(rooms, inside, faults)


def sections(text: str) -> list[tuple[int, int, str, list[tuple[int, list[str]]]]]:
    """Each heading: its line, its level, its title, and the rows of the first table below it."""
    found: list[tuple[int, int, str, list[tuple[int, list[str]]]]] = []
    ended = False
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"(#+) +(.*?) *$", line):
            found.append((number, len(match[1]), match[2], []))
            ended = False
        elif found and line.startswith("|") and not ended:
            found[-1][3].append((number, [cell.strip() for cell in line.strip().strip("|").split("|")]))
        elif found and found[-1][3]:
            ended = True
    return found


def read_rooms(line: int, cells: list, faults: list[Fault]) -> Table:
    """`| room | may include | holds |`: a room may include rooms above it, and no module but from `app`."""
    table = Table(line, {})
    for number, row in named_rows(cells, "room", ("may include",), faults):
        name = unquoted(row["room"])
        above = frozenset(table.rows)
        may_include = listed(row["may include"], above)
        for other in sorted(may_include - above):
            faults.append(Fault(DOCUMENT, number, f"`{name}` may not include `{other}`: no row above has it"))
        if name != WIRING and row["may include"] != "all above":
            for other in sorted(may_include & set(MODULES)):
                faults.append(Fault(DOCUMENT, number, f"`{name}` may not include the module `{other}`: "
                                    f"modules meet on the bus, only `{WIRING}` knows them"))
        if name != WIRING:
            may_include -= set(MODULES)
        table.rows[name] = Row(number, may_include & above, None)
    return table


def read_folders(line: int, room: str, cells: list, faults: list[Fault]) -> Table:
    """`| folder | may include | door | holds |`: a folder may include folders above it, by their doors."""
    table = Table(line, {})
    for number, row in named_rows(cells, "folder", ("may include", "door"), faults):
        name = unquoted(row["folder"])
        above = frozenset(table.rows)
        may_include = listed(row["may include"], above)
        for other in sorted(may_include - above if name != ROOT else ()):
            faults.append(Fault(DOCUMENT, number, f"`{name}` of `{room}` may not include `{other}`: no row "
                                "above has it"))
        door = None if row["door"] == "all" else listed(row["door"], frozenset())
        table.rows[name] = Row(number, may_include & above, door)
    if ROOT in table.rows:
        everything = frozenset(table.rows)
        table.rows[ROOT] = table.rows[ROOT]._replace(may_include=everything)
    return table


def named_rows(cells: list, first: str, others: tuple[str, ...], faults: list[Fault]):
    """The rows of a table as dictionaries. A column that is not there is a fault, and counts as `all`."""
    if not cells:
        return
    number, header = cells[0]
    for column in (first, *others):
        if column not in header:
            faults.append(Fault(DOCUMENT, number, f"the table has no column `{column}`; write one"))
    for number, row in cells[2:]:
        values = {"may include": "all above", "door": "all"} | dict(zip(header, row))
        if values.get(first):
            yield number, values


def listed(cell: str, above: frozenset[str]) -> frozenset[str]:
    """`all above`, `–` for none, or names with commas."""
    if cell == "all above":
        return above
    return frozenset(name for part in cell.split(",") if (name := unquoted(part)) not in ("", "–", "-", "—"))


def unquoted(text: str) -> str:
    return text.strip().strip("`").strip()
