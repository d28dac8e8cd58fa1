# SPDX-License-Identifier: Apache-2.0
"""Pods with a hostPath on a mount that answers nothing keep no other pods waiting; they say so, and can be deleted.
When the mount is there again, nothing of it is left."""
import ctypes
import os

from node import Node, pod, skip, wait

MNT_DETACH = 2


class DeadMount:
    """A FUSE mount whose server does not answer, as of a network disk that is away."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        try:
            self.server = os.open("/dev/fuse", os.O_RDWR)
        except OSError as error:
            skip(f"no FUSE on this machine: {error}")
        self.libc = ctypes.CDLL(None, use_errno=True)
        options = f"fd={self.server},rootmode=40000,user_id=0,group_id=0".encode()
        if self.libc.mount(b"dead", str(path).encode(), b"fuse", 6, options) != 0:
            os.close(self.server)
            skip(f"no FUSE mount on this machine: {os.strerror(ctypes.get_errno())}")

    def end(self):
        """Calls into it fail from here on."""
        os.close(self.server)
        self.libc.umount2(str(self.path).encode(), MNT_DETACH)


with Node() as node:
    dead = DeadMount(node.dir / "dead")
    try:
        node.start()
        hanging = [{"name": "v", "hostPath": {"path": str(dead.path / "data"), "type": "Directory"}}]
        mount = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
        names = [f"hangs-{n}" for n in range(5)]
        node.apply(*[pod(name, volumes=hanging, container=mount, terminationGracePeriodSeconds=1) for name in names])
        wait("the node has seen them", lambda: all((node.get(name) or {}).get("status", {}).get("conditions") for name in names), 20)
        took = 0
        for n in range(2):
            node.apply(pod(f"other-{n}", volumes=[{"name": "v", "emptyDir": {}}], container=mount))
        for n in range(2):
            took += node.wait_pod_ready(f"other-{n}", 60)
        print(f"two pods beside five with a dead mount were ready after {took:.1f} s")
        node.delete("other-0")
        node.wait_gone("other-0", 30)
        assert not any(node.pod_ready(name) for name in names)
        for name in names:
            node.delete(name)
        took = max(node.wait_gone(name, 40) for name in names)
        print(f"the five were gone within {took:.1f} s more")
        assert node.edgecore.poll() is None
        assert "has failed and restarts" not in node.log(), "a module was started again"
    finally:
        dead.end()
    node.apply(pod("after", volumes=[{"name": "v", "hostPath": {"path": str(dead.path), "type": "Directory"}}], container=mount))
    node.wait_pod_ready("after")
