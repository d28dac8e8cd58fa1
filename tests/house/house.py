#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house test: is the order of the source still what docs/architecture.md and CONTRIBUTING.md say?

  python3 tests/house/house.py [ROOT]    prints each fault as `path:line: sentence`; exits 1 if there is one

Each rule is a function that takes the tree and the plan (what docs/architecture.md says) and returns faults.
"""

import sys
from pathlib import Path

from includes import (folders_are_kept, headers_stay_in_their_rooms, includes_do_not_turn_in_circles,
                      rooms_are_kept)
from layout import folders_are_small, tests_mirror_the_source
from plan import Plan, read_plan
from tree import Fault, Tree
from words import (citations_resolve, each_file_names_its_licence, json_is_parsed_in_one_place,
                   lines_are_short, links_resolve)


def the_plan_is_sound(tree: Tree, plan: Plan) -> list[Fault]:
    """The tables of docs/architecture.md: a row names only rows above it."""
    return plan.faults


RULES = (
    the_plan_is_sound,
    rooms_are_kept,
    folders_are_kept,
    folders_are_small,
    includes_do_not_turn_in_circles,
    tests_mirror_the_source,
    each_file_names_its_licence,
    citations_resolve,
    links_resolve,
    lines_are_short,
    headers_stay_in_their_rooms,
    json_is_parsed_in_one_place,
)


def faults_of(root: Path) -> list[Fault]:
    tree = Tree(root)
    plan = read_plan(tree)
    return sorted({fault for rule in RULES for fault in rule(tree, plan)})


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        print(f"error: {' '.join(arguments)}: house.py takes one folder or nothing", file=sys.stderr)
        return 2
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    if not (root / "src").is_dir():
        print(f"error: {root} has no folder src; name the folder of the project", file=sys.stderr)
        return 2
    faults = faults_of(root)
    for fault in faults:
        print(fault)
    if faults:
        print(f"error: {len(faults)} faults in the house; each line above says what to do", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
