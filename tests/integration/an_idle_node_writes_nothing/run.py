# SPDX-License-Identifier: Apache-2.0
"""With nothing to do the database and its WAL do not change, and CPU, wake-ups and memory stay within their budget."""
import os
import pathlib
import re
import sys
import time

from node import Node, pod

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 25


def usage(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    switches = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        switches += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), switches


def database(node):
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_size) for p in (node.dir / "db").glob("edgecore.db*") if not p.name.endswith("-shm")}


with Node() as node:
    node.start()
    for i in range(5):
        node.apply(pod(f"p{i}"))
    for i in range(5):
        node.wait_pod_ready(f"p{i}")
    time.sleep(12)
    files, (cpu, switches) = database(node), usage(node.edgecore.pid)
    time.sleep(SECONDS)
    files_after, (cpu_after, switches_after) = database(node), usage(node.edgecore.pid)
    figures = {"cpu_s_per_min": round((cpu_after - cpu) * 60 / SECONDS, 3),
               "wakeups_per_s": round((switches_after - switches) / SECONDS, 1), "pss_mib": round(node.pss_mib(), 1)}
    print(figures)
    assert files_after == files, (files, files_after)
