#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What edgecore costs and how fast it is, beside the container runtime alone; one JSON line per figure.

    node_bench.py [--rounds N] [--pods N] [--idle SECONDS] [--settle SECONDS] [--restarts N] [FIGURE...]

FIGURE: start, pods, idle, restart (all when none is given). Root, the packages of scripts/packages.sh, and edgecore,
cloudsim and bench_bare_cri in $EDGECORE_BUILD/bin (default build/release). Everything runs privately below temporary
folders, on this machine alone; docs/benchmarks.md says how to read the lines.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/support"))
from node import BUILD, Node, pod, wait  # noqa: E402

FIGURES = ("start", "pods", "idle", "restart")
BLOCKS = 4  # of pods: the runtime alone and the agent take turns, so that both meet the same weather
DAY = 86400


def say(figure, **values):
    print(json.dumps({"figure": figure, **values}), flush=True)


def middle(values):
    return round(statistics.median(values), 3)


# --- time spans ------------------------------------------------------------------------------------------------------
def timed(body, what, done, seconds=120):
    """From before the request until the cloud's API shows the outcome."""
    begin = time.monotonic()
    body()
    wait(what, done, seconds, every=0.01)
    return time.monotonic() - begin


class PodWatch:
    """When the cloud's API first told a watcher that a pod runs, and that it is gone: asking again and again would take
    from the two cores what is to be measured."""

    def __init__(self, node):
        self.running, self.gone = {}, {}
        self.changed = threading.Condition()
        self.stream = urllib.request.urlopen(f"http://127.0.0.1:{node.cloud['api']}/api/v1/namespaces/default/pods?watch=1")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.stream:
            now, event = time.monotonic(), json.loads(line)
            name, phase = event["object"]["metadata"]["name"], event["object"].get("status", {}).get("phase")
            with self.changed:
                if event["type"] == "DELETED":
                    self.gone.setdefault(name, now)
                elif phase == "Running":
                    self.running.setdefault(name, now)
                self.changed.notify_all()

    def timed(self, body, seen, names, seconds=120):
        """From before body() until the last of `names` was seen; AssertionError after `seconds`."""
        begin = time.monotonic()
        body()
        with self.changed:
            if not self.changed.wait_for(lambda: all(name in seen for name in names), seconds):
                raise AssertionError(f"not within {seconds} s: {[name for name in names if name not in seen]}")
            return max(seen[name] for name in names) - begin


# --- pods -----------------------------------------------------------------------------------------------------------
def bare_block(bare, rounds, count):
    """The runtime alone, without an agent: ({call: median ms}, {"start", "end", "all_running", "all_gone"} in seconds)."""
    done = bare.run(BUILD / "bin/bench_bare_cri", "--endpoint", bare.endpoint, "--cgroup", f"{bare.cgroup}/bare",
                    "--rounds", rounds, "--pods", count)
    calls, floor = {}, {}
    for figure in map(json.loads, done.stdout.splitlines()):
        if figure["figure"] == "cri_burst":
            floor["all_running"], floor["all_gone"] = figure["all_running_s"], figure["all_gone_s"]
        elif figure["at_once"] == 1 and figure["figure"] == "cri_call":
            calls[figure["call"]] = figure["median_ms"]
        elif figure["at_once"] == 1:
            floor[figure["call"]] = figure["median_ms"] / 1000
    return calls, floor


def pods(node, options):
    """Blocks of the same pods: first by the runtime alone (a second, equal runtime), then by the node."""
    watch = PodWatch(node)
    calls, floors, started, ended, bursts = [], [], [], [], []
    with Node("bare") as bare:
        bare.start_runtime()
        bare.make_cgroup()
        rounds = max(1, options.rounds // BLOCKS)
        for block in range(BLOCKS):
            of_calls, floor = bare_block(bare, rounds, options.pods)
            calls.append(of_calls)
            floors.append(floor)
            for i in range(rounds + 1):
                name = f"one-{block}-{i}"
                start = watch.timed(lambda: node.apply(pod(name)), watch.running, [name])
                end = watch.timed(lambda: node.delete(name), watch.gone, [name])
                if i > 0:  # the first one warms up, as in bench_bare_cri
                    started.append(start)
                    ended.append(end)
            names = [f"burst-{block}-{i}" for i in range(options.pods)]
            bursts.append((watch.timed(lambda: node.apply(*map(pod, names)), watch.running, names),
                           watch.timed(lambda: [node.delete(n) for n in names], watch.gone, names)))
    floor = {name: middle([one[name] for one in floors]) for name in floors[0]}
    running, gone = (middle(values) for values in zip(*bursts))
    say("cri_calls", **{f"{name}_median_ms": middle([one[name] for one in calls]) for name in calls[0]})
    say("pod_one_by_one", n=len(started), running_median_s=middle(started), running_max_s=round(max(started), 3),
        bare_running_s=floor["start"], over_bare_ms=round((middle(started) - floor["start"]) * 1000),
        gone_median_s=middle(ended), gone_max_s=round(max(ended), 3), bare_gone_s=floor["end"],
        gone_over_bare_ms=round((middle(ended) - floor["end"]) * 1000))
    say("pod_burst", pods=options.pods, n=len(bursts), all_running_median_s=running, bare_running_s=floor["all_running"],
        running_ratio=round(running / floor["all_running"], 2), all_gone_median_s=gone, bare_gone_s=floor["all_gone"],
        gone_ratio=round(gone / floor["all_gone"], 2))


# --- idle -----------------------------------------------------------------------------------------------------------
def memory_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
    return {"pss_mib": round(kib["Pss"] / 1024, 1), "rss_mib": round(kib["Rss"] / 1024, 1),
            "private_mib": round((kib["Private_Clean"] + kib["Private_Dirty"]) / 1024, 1)}


def usage(pid):
    """CPU seconds, times a thread went to sleep, and bytes the process made the disk write."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    switches = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            switches += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
        except FileNotFoundError:  # a thread that ended meanwhile
            pass
    written = int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M)[1])
    return {"cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), "switches": switches, "written": written}


def tunnel_bytes(node):
    """(sent, received) so far on the process's connection to the hub, TLS included, as the kernel counts them."""
    text = subprocess.run(["ss", "-tinpH", "dport", "=", f":{node.cloud['hub']}"], check=True, capture_output=True,
                          text=True).stdout
    lines = text.splitlines()
    for owner, counters in zip(lines, lines[1:]):
        if f"pid={node.edgecore.pid}," in owner:
            values = dict(re.findall(r"(bytes_sent|bytes_received):(\d+)", counters))
            return int(values.get("bytes_sent", 0)), int(values.get("bytes_received", 0))
    raise AssertionError("edgecore has no connection to the hub")


def database(node):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_size)
            for path in (node.dir / "db").glob("edgecore.db*") if not path.name.endswith("-shm")}


def idle(node, options):
    count = 5
    for i in range(count):
        node.apply(pod(f"idle-{i}"))
    for i in range(count):
        node.wait_pod_ready(f"idle-{i}", 60)
    time.sleep(options.settle)
    pid, seconds = node.edgecore.pid, options.idle
    log = node.dir / "edgecore.log"
    before, files, tunnel, logged = usage(pid), database(node), tunnel_bytes(node), log.stat().st_size
    begin = time.monotonic()
    time.sleep(seconds)
    after, files_after, tunnel_after = usage(pid), database(node), tunnel_bytes(node)
    passed = time.monotonic() - begin
    sent, received = tunnel_after[0] - tunnel[0], tunnel_after[1] - tunnel[1]
    # The kernel counts a process's bytes, not a file's: unless the database's files are untouched the figure is an upper
    # bound, in which its log is.
    untouched = files == files_after
    say("idle", pods=count, seconds=round(passed), **memory_mib(pid),
        threads=len(list(pathlib.Path(f"/proc/{pid}/task").iterdir())),
        cpu_s_per_min=round((after["cpu"] - before["cpu"]) * 60 / passed, 3),
        wakeups_per_s=round((after["switches"] - before["switches"]) / passed, 2))
    say("idle_tunnel", sent_bytes_per_day=round(sent * DAY / passed), received_bytes_per_day=round(received * DAY / passed),
        mb_per_day=round((sent + received) * DAY / passed / 1e6, 2))
    say("idle_disk", seconds=round(passed), database_untouched=untouched,
        database_bytes_at_most=0 if untouched else after["written"] - before["written"],
        process_bytes=after["written"] - before["written"], log_bytes=log.stat().st_size - logged)
    for i in range(count):
        node.delete(f"idle-{i}")
    for i in range(count):
        node.wait_gone(f"idle-{i}", 60)


# --- start ----------------------------------------------------------------------------------------------------------
def first_start(node):
    seconds = timed(node.start_edgecore, "the node is Ready in the cloud", node.ready)
    say("first_start", exec_to_ready_s=round(seconds, 3))


def restart(node, options):
    """From exec until the cloud has the node's lease renewed: enrolled, connected, answered."""
    for name, how in (("clean", signal.SIGTERM), ("kill", signal.SIGKILL)):
        times = []
        for _ in range(options.restarts):
            node.stop("edgecore", how)
            before = node.lease()
            times.append(timed(node.start_edgecore, "the lease is renewed", lambda: node.lease() != before))
        say("restart", after=name, n=options.restarts, exec_to_lease_median_s=middle(times),
            exec_to_lease_max_s=round(max(times), 3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=24, help="pods one after the other")
    parser.add_argument("--pods", type=int, default=8, help="pods at once")
    parser.add_argument("--idle", type=float, default=180, help="seconds an idle node is watched")
    parser.add_argument("--settle", type=float, default=30, help="seconds of rest before that")
    parser.add_argument("--restarts", type=int, default=5, help="restarts of each kind")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=" ".join(FIGURES))
    options = parser.parse_args()
    wanted = options.figures or FIGURES
    unknown = set(wanted) - set(FIGURES)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")

    with Node() as node:
        node.start_runtime()
        node.start_cloud()
        first_start(node)  # also where it is not asked for: the node has to be Ready
        if "pods" in wanted:
            pods(node, options)
        if "idle" in wanted:
            idle(node, options)
        if "restart" in wanted:
            restart(node, options)


if __name__ == "__main__":
    main()
