# SPDX-License-Identifier: Apache-2.0
"""The network of one integration test. Importing `node` moves the test into a network namespace of its own: tests run beside
each other, each with its own ports, bridges and filters, and none touches those of the machine.

It has a loopback, and `uplink0` (192.0.2.2/24) with the default route, behind which nothing answers. Programs that need the machine's
network (npm, apt-get) run with outside().
"""
import ctypes
import itertools
import os
import subprocess

CLONE_NEWNET = 0x40000000


class Network:
    def __init__(self):
        self.machine = os.open("/proc/self/ns/net", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "a network namespace of its own cannot be made")
        self.ports = itertools.count(20000)
        self.ip("link set lo up")
        self.ip("link add uplink0 type veth peer name far0")
        self.ip("address add 192.0.2.2/24 dev uplink0")
        self.ip("link set uplink0 up")
        self.uplink(True)

    def ip(self, words):
        subprocess.run(["ip", *words.split()], check=True)

    def uplink(self, up):
        """Sets the carrier of uplink0, like pulling or plugging in a cable."""
        self.ip(f"link set far0 {'up' if up else 'down'}")
        if up:
            self.ip("route replace default via 192.0.2.1 dev uplink0")

    def swallow(self, port, on):
        """Drops all packets to and from a TCP port, silently."""
        for direction in ("--dport", "--sport"):
            subprocess.run(["iptables", "-w", "-A" if on else "-D", "INPUT", "-p", "tcp", direction, str(port), "-j", "DROP"], check=True)

    def free_port(self):
        """A free port below the kernel's ephemeral range, so that nothing else takes it before it is used."""
        return next(self.ports)

    def outside(self, argv, **more):
        """subprocess.run() in the machine's network."""
        return subprocess.run(["nsenter", f"--net=/proc/self/fd/{self.machine}", *map(str, argv)], pass_fds=[self.machine], **more)
