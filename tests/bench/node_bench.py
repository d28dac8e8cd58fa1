#!/usr/bin/env python3
"""What edgecore costs and how fast it is, beside the container runtime alone; one JSON line per figure.

    node_bench.py [--rounds N] [--pods N] [--idle SECONDS] [--settle SECONDS] [--restarts N] [FIGURE...]

FIGURE: bare, start, pods, idle, restart (all when none is given; ratios need bare and pods). Root, the packages of
scripts/packages.sh, and edgecore, cloudsim and bench_bare_cri in $EDGECORE_BUILD/bin (default build/release). Everything
runs privately below one temporary folder, on this machine alone; docs/benchmarks.md says how to read the lines.
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
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/support"))
from node import BUILD, Node, pod, wait  # noqa: E402

FIGURES = ("bare", "start", "pods", "idle", "restart")
DAY = 86400


def say(figure, **values):
    print(json.dumps({"figure": figure, **values}), flush=True)


def middle(values):
    return round(statistics.median(values), 3)


# --- the floor: the runtime alone -----------------------------------------------------------------------------------
def bare(node, options):
    """Seconds of the runtime alone for the same pods: {"start", "end", "all_running", "all_gone"}. Before edgecore is
    started: it would take these pods for leftovers."""
    node.make_cgroup()
    done = node.run(BUILD / "bin/bench_bare_cri", "--endpoint", node.endpoint, "--cgroup", f"{node.cgroup}/bare",
                    "--rounds", options.rounds, "--pods", options.pods)
    floor = {}
    for line in done.stdout.splitlines():
        print(line, flush=True)
        figure = json.loads(line)
        if figure["figure"] == "cri_burst":
            floor["all_running"], floor["all_gone"] = figure["all_running_s"], figure["all_gone_s"]
        elif figure["figure"] in ("cri_pod_start", "cri_pod_end") and figure["at_once"] == 1:
            floor[figure["call"]] = figure["median_ms"] / 1000
    return floor


def ratios(floor, **seconds):
    return {f"{name}_ratio": round(value / floor[name], 2) for name, value in seconds.items() if floor.get(name)}


# --- pods -----------------------------------------------------------------------------------------------------------
def timed(body, what, done, seconds=120):
    """From before the request until the cloud's API shows the outcome."""
    begin = time.monotonic()
    body()
    wait(what, done, seconds, every=0.01)
    return time.monotonic() - begin


def is_running(node, name):
    return (node.get(name) or {}).get("status", {}).get("phase") == "Running"


def pods(node, options, floor):
    started, ended = [], []
    for i in range(options.rounds + 1):
        name = f"one-{i}"
        started.append(timed(lambda: node.apply(pod(name)), f"{name} runs", lambda: is_running(node, name)))
        ended.append(timed(lambda: node.delete(name), f"{name} is gone", lambda: node.get(name) is None))
    started, ended = started[1:], ended[1:]  # the first one warms up, as in bench_bare_cri
    say("pod_one_by_one", n=options.rounds, running_median_s=middle(started), running_max_s=round(max(started), 3),
        gone_median_s=middle(ended), gone_max_s=round(max(ended), 3),
        **ratios(floor, start=statistics.median(started), end=statistics.median(ended)))

    names = [f"burst-{i}" for i in range(options.pods)]
    running = timed(lambda: node.apply(*map(pod, names)), "all run", lambda: all(is_running(node, n) for n in names))
    gone = timed(lambda: [node.delete(n) for n in names], "all are gone", lambda: all(node.get(n) is None for n in names))
    say("pod_burst", pods=options.pods, all_running_s=round(running, 2), all_gone_s=round(gone, 2),
        **ratios(floor, all_running=running, all_gone=gone))


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
    parser.add_argument("--rounds", type=int, default=20, help="pods one after the other")
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
        floor = bare(node, options) if "bare" in wanted else {}
        if set(wanted) - {"bare"}:
            node.start_cloud()
            first_start(node)  # also where it is not asked for: the node has to be Ready
        if "pods" in wanted:
            pods(node, options, floor)
        if "idle" in wanted:
            idle(node, options)
        if "restart" in wanted:
            restart(node, options)


if __name__ == "__main__":
    main()
