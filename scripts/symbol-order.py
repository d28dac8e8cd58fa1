#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes cmake/symbol-order.txt: the functions that a node runs, in the order in which the linker lays them out.

    symbol-order.py [--idle SECONDS] [--output FILE]

Runs edgecore with five pods, a broker, MetaServer and devicetwin under valgrind (callgrind) against the test cloud, and
notes each function that is executed: first while the node idles, then from its start until the pods run. The program
is linked with the functions of the idle node first and those of the start next, so that both lie on few pages of
memory. Run it before a release, or when the memory of an idle node grows (docs/benchmarks.md). The linker ignores
names that no longer exist. Needs root, valgrind, and edgecore and cloudsim in
$EDGECORE_BUILD/bin (default build/release). Takes about three minutes.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration/support"))
from metaserver import MetaNode  # noqa: E402
from mqtt import Mosquitto  # noqa: E402
from node import pod  # noqa: E402

PODS = 5
LONGEST = 400  # bytes of a name: what is longer are few functions, and a third of the file
HEADER = """\
# Made by scripts/symbol-order.py: the functions of an idle node, then those of its start. Read by cmake/symbol_order.cmake.
"""


def executed(profile):
    """The names of the program's own functions in a callgrind file, by their cost, dearest first."""
    costs, name, counts = {}, None, True
    for line in profile.read_text(errors="replace").splitlines():
        if line.startswith("ob="):
            counts = line.endswith("/edgecore")
        elif line.startswith("fn="):
            name = line[3:].partition("'")[0]  # 'N: the same function, deeper in a recursion
        elif line.startswith("calls="):
            name, caller = None, name  # the next line's cost is the callee's
            continue
        elif re.match(r"[+\-*\d]", line):
            if name and counts:
                costs[name] = costs.get(name, 0) + int(line.split()[-1])
            elif not name:
                name = caller
    return sorted((n for n in costs if not n.startswith("0x") and len(n) < LONGEST), key=lambda n: (-costs[n], n))


def control(pid, *words):
    subprocess.run(["callgrind_control", *words, str(pid)], check=True, stdout=subprocess.DEVNULL)


def profiles(idle):
    """(profile of the start, profile of idling), as lists of names."""
    with MetaNode() as node:
        node.mqtt = Mosquitto(node.dir / "mqtt")
        node.modules = {"deviceTwin": {"enable": True}}
        out = node.dir / "callgrind"
        node.start_runtime()
        node.start_cloud()
        process = node.start_edgecore(wrapper=(
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--demangle=no", "--compress-strings=no",
            "--compress-pos=no", "--dump-instr=no", "--fair-sched=yes"))
        node.wait_ready(120)
        for i in range(PODS):
            node.apply(pod(f"p{i}"))
        for i in range(PODS):
            node.wait_pod_ready(f"p{i}", 120)
        time.sleep(15)  # what follows a start is over
        control(process.pid, "--dump=start")
        control(process.pid, "--zero")
        time.sleep(idle)
        control(process.pid, "--dump=idle")
        start, resting = sorted(node.dir.glob("callgrind.[0-9]*"), key=lambda p: int(p.suffix[1:]))[:2]
        return executed(start), executed(resting)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--idle", type=int, default=90, metavar="SECONDS")
    options.add_argument("--output", type=pathlib.Path, default=ROOT / "cmake/symbol-order.txt")
    chosen = options.parse_args()
    start, idle = profiles(chosen.idle)
    known = set(idle)
    chosen.output.write_text(HEADER + "\n".join(idle + [name for name in start if name not in known]) + "\n")
    print(f"{chosen.output}: {len(idle)} functions idle, {len(start)} start")


if __name__ == "__main__":
    main()
