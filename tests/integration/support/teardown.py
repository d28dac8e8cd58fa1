# SPDX-License-Identifier: Apache-2.0
"""Ends and removes what an integration test has made: processes by its network namespace and folder, cgroups by the folder's name,
mounts and containers below the folder.

Also a program, `teardown.py FOLDER`, which each test starts first. It waits for the end of its standard input, that is for the end of
the test, and cleans up if the test was killed and could not.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

RUNTIME = pathlib.Path(__file__).resolve().parents[3] / "scripts/test-runtime.sh"


def hierarchies():
    """The roots of the cgroup hierarchies: one with cgroup v2."""
    base = pathlib.Path("/sys/fs/cgroup")
    if (base / "cgroup.controllers").exists():
        return [base]
    return [path for path in base.iterdir() if path.is_mount() and not path.is_symlink()]


def cgroups(name):
    """All cgroups of that name and below, the innermost first."""
    found = [pathlib.Path(path) for root in hierarchies() for path, _, _ in os.walk(root / name)]
    return sorted(found, key=lambda path: -len(path.parts))


def kill(pid):
    if pid != os.getpid():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_started_in(folder):
    """Processes in this network namespace that were started with a path below the folder. Not containerd and its shims:
    test-runtime.sh ends those."""
    network = os.readlink("/proc/self/ns/net")
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv = (path / "cmdline").read_bytes()
            if f"{folder}/".encode() in argv and b"containerd" not in argv.split(b"\0")[0] and os.readlink(path / "ns/net") == network:
                kill(int(path.name))


def remove_cgroups(name, seconds=5):
    deadline = time.monotonic() + seconds
    while left := cgroups(name):
        for path in left:
            with contextlib.suppress(OSError):
                for pid in (path / "cgroup.procs").read_text().split():
                    kill(int(pid))
            with contextlib.suppress(OSError):
                path.rmdir()
        if time.monotonic() > deadline:
            print(f"{len(left)} cgroups could not be removed, {left[0]} is one", file=sys.stderr)
            return
        time.sleep(0.02)


def unmount_below(folder):
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        mounts = [line.split()[4] for line in table if line.split()[4].startswith(f"{folder}/")]
    for mount in sorted(mounts, reverse=True):
        subprocess.run(["umount", "-l", mount], check=False)


def remove_runtime(folder):
    runtime = folder / "runtime"
    if (runtime / "containerd.toml").exists():  # in a session of its own: a Ctrl-C is for the test
        subprocess.run([RUNTIME, "down", runtime], check=False, capture_output=True, start_new_session=True)


def teardown(folder):
    """Ends and removes everything. A failing step does not affect the others."""
    folder = pathlib.Path(folder)
    for step, of in ((kill_started_in, folder), (remove_runtime, folder), (unmount_below, folder),
                     (remove_cgroups, folder.name)):
        try:
            step(of)
        except Exception as problem:  # the next step may work
            print(f"{step.__name__} of {of}: {problem}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if os.path.isdir(sys.argv[1]):
        teardown(sys.argv[1])
