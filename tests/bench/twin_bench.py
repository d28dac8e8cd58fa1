#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many twin updates a node answers, beside what the broker and its clients can do at all; one JSON line per figure.

    twin_bench.py [--seconds S] [--rounds N] [--clients N] [--window N]

Takes turns: an echo by a client that does nothing else, then edgecore, on the same private mosquitto (no delay), QoS 1,
every update of edgecore on disk before its answer. Needs the packages of scripts/packages.sh, and edgecore, cloudsim and
bench_mqtt in $EDGECORE_BUILD/bin (default build/release). docs/benchmarks.md says how to read the lines.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/support"))
from devices import DeviceNode  # noqa: E402
from node import BUILD  # noqa: E402


def say(figure, **values):
    print(json.dumps({"figure": figure, **values}), flush=True)


def clients(node, *arguments):
    done = subprocess.run([BUILD / "bin/bench_mqtt", "--port", str(node.broker.port), *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        sys.exit("bench_mqtt failed: " + done.stderr)
    return json.loads(done.stdout)


def written(pid):
    """Bytes the process has sent to the disk: database and write-ahead log."""
    for line in open(f"/proc/{pid}/io"):
        if line.startswith("write_bytes"):
            return int(line.split()[1])


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def floods(node, options):
    echoes, updates = [], []
    size = ["--clients", options.clients, "--window", options.window, "--seconds", options.seconds]
    for _ in range(options.rounds):
        echoes.append(clients(node, "--echo", *size))
        disk, ticks = written(node.edgecore.pid), cpu(node.edgecore.pid)
        update = clients(node, *size)
        update["disk_bytes_per_1000"] = round((written(node.edgecore.pid) - disk) / max(1, update["answered"]) * 1000)
        update["cpu_us_per_update"] = round((cpu(node.edgecore.pid) - ticks) / max(1, update["answered"]) * 1e6)
        updates.append(update)
    for name, runs in (("echo", echoes), ("twin_updates", updates)):
        middle = {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0] if key != "figure"}
        say(name, **middle, all_per_second=[round(run["per_second"]) for run in runs])
    share = statistics.median(update["per_second"] / echo["per_second"] for echo, update in zip(echoes, updates))
    say("share_of_echo", share=round(share, 3))


def one_in_flight(node, options):
    for name, more in (("echo_one_in_flight", ["--echo"]), ("twin_one_in_flight", [])):
        run = clients(node, "--clients", 1, "--window", 1, "--seconds", options.seconds, *more)
        say(name, p50_ms=round(run["p50_ms"], 3), p99_ms=round(run["p99_ms"], 3), per_second=round(run["per_second"]))


def last_values(node, options):
    """Whether the cloud has the last value of each device, and how long after the flood."""
    begin = time.monotonic()
    late = {f"bench-{i}": node.stored(f"bench-{i}") for i in range(options.clients)}
    for name, value in late.items():
        node.wait_reported(name, value, seconds=60)
    say("last_values_in_the_cloud", devices=len(late), seconds=round(time.monotonic() - begin, 2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--window", type=int, default=20)
    options = parser.parse_args()
    with DeviceNode() as node:
        node.start_without_pods()
        node.add_model()
        names = [f"bench-{i}" for i in range(options.clients)]
        for name in names:
            node.add_device(name)
        node.wait_known(*names)
        one_in_flight(node, options)
        floods(node, options)
        last_values(node, options)
        say("memory", pss_mib=round(node.pss_mib(), 1))
