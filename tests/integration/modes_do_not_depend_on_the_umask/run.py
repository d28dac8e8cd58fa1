# SPDX-License-Identifier: Apache-2.0
"""edgecore started with umask 0 or 077 makes the same files with the same modes, and none that others may write to."""
import os
import pathlib
import re
import stat

from node import Node, pod, wait

#: Written by any user as on a kubelet's node, in folders that others cannot enter: roots of volumes, a termination log.
FOR_ALL = re.compile(r"^edged/pods/UID/(volumes/kubernetes\.io~[\w-]+/[^/]+|containers/c/MESSAGE)$")
EXPECTED = {
    "manifests": 0o750, "dmi.sock": 0o600, "db/edgecore.db": 0o600, "ca": 0o755, "ca/rootCA.crt": 0o644, "certs": 0o755,
    "certs/server.crt": 0o644, "certs/server.key": 0o600, "edged": 0o750, "edged/pods": 0o750, "pods": 0o755, "containers": 0o755,
    "made": 0o755, "made/folder": 0o755, "made/file": 0o644,
}


def volumes(node):
    source = {"folder": "DirectoryOrCreate", "file": "FileOrCreate"}
    some = [{"name": name, "hostPath": {"path": str(node.dir / "made" / name), "type": kind}} for name, kind in source.items()]
    some += [{"name": "empty", "emptyDir": {}}, {"name": "settings", "configMap": {"name": "settings"}}]
    mounts = [{"name": one["name"], "mountPath": f"/{one['name']}"} for one in some]
    return {"volumes": some, "container": {"volumeMounts": mounts}}


def modes(node, uid):
    """Mode by path below the node's folder, without what differs from run to run."""
    found = {}
    for top in ("manifests", "dmi.sock", "db", "ca", "certs", "edged", "pods", "containers", "made"):
        for path in [node.dir / top, *sorted((node.dir / top).rglob("*"))]:
            if path.is_symlink() or path.name.endswith(".log"):
                continue  # the runtime's
            name = re.sub("kube-api-access-[^/]*", "TOKEN", str(path.relative_to(node.dir)).replace(uid, "UID"))
            name = re.sub(r"\.\.\d{4}_[^/]*", "..TIME", re.sub(r"(containers/c)/\w{8}$", r"\1/MESSAGE", name))
            found[name] = stat.S_IMODE(os.lstat(path).st_mode)
    return found


def run(mask):
    with Node() as node:
        node.modules = {"deviceTwin": {"enable": True}}
        node.start_runtime()
        node.start_cloud()
        node.start_edgecore(wrapper=("sh", "-c", f'umask {mask}; exec "$@"', "sh"))
        node.wait_ready()
        node.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"}, "data": {"a": "1"}})
        node.apply(pod("p", **volumes(node)))
        node.wait_pod_ready("p")
        wait("the static pods' folder is made", (node.dir / "manifests").exists)
        wait("the socket for mappers is made", (node.dir / "dmi.sock").exists)
        status = pathlib.Path(f"/proc/{node.edgecore.pid}/status").read_text()
        umask = next(line for line in status.splitlines() if line.startswith("Umask:"))
        assert umask == "Umask:\t0027", umask
        return modes(node, node.get("p")["metadata"]["uid"])


wide, narrow = run("000"), run("077")
different = {name: (oct(wide.get(name, 0)), oct(narrow.get(name, 0))) for name in wide.keys() | narrow.keys() if wide.get(name) != narrow.get(name)}
assert not different, f"with umask 000 and with 077: {different}"
wrong = {name: oct(wide.get(name, 0)) for name, mode in EXPECTED.items() if wide.get(name) != mode}
assert not wrong, f"not as documented: {wrong}"
open_to_all = {name: oct(mode) for name, mode in wide.items() if mode & 0o002 and not FOR_ALL.search(name)}
assert not open_to_all, f"everybody may write: {open_to_all}"
print(f"{len(wide)} files and folders have the same modes")
