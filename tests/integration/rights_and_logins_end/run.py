# SPDX-License-Identifier: Apache-2.0
"""A client certificate counts from its beginning to its end and as long as its CA is the node's, a page token for its own list and user,
a watch as long as its right and its pod. Nobody is impersonated. A board that boots in 1970 knows its pods' tokens."""
import contextlib
import datetime
import glob
import shutil
import subprocess
import threading
import time

from accounts import EVERYTHING, accounts, forbid, rule
from metaserver import MetaNode
from node import skip, wait
from raw_http import head, raw, send, status_of

CONFIGS = "/api/v1/namespaces/default/configmaps"
SECRETS = "/api/v1/namespaces/default/secrets"
A_DAY = 24 * 3600

if not shutil.which("faketime") or not glob.glob("/usr/lib/*/faketime/libfaketime.so.1"):
    skip("the package faketime is not installed")


def openssl(node, *argv, begins_in=None):
    """Runs openssl; it believes that it is that many seconds later than now."""
    clock = []
    if begins_in is not None:
        begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=begins_in)
        clock = ["env", "TZ=UTC", "faketime", "-f", begin.strftime("@%Y-%m-%d %H:%M:%S")]
    subprocess.run([*clock, "openssl", *map(str, argv)], check=True, capture_output=True, cwd=node.dir)


def certificate(node, name, begins_in):
    """A certificate of the node's own CA for a day from then on: its files, with the key."""
    openssl(node, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/O=system:nodes/CN=system:node:{node.name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (node.dir / "client.ext").write_text("extendedKeyUsage = clientAuth\n")
    openssl(node, "x509", "-req", "-in", f"{name}.csr", "-CA", "cloud/ca.crt", "-CAkey", "cloud/ca.key", "-set_serial", len(name), "-days", 1,
            "-extfile", "client.ext", "-out", f"{name}.crt", begins_in=begins_in)
    return node.dir / f"{name}.crt", node.dir / f"{name}.key"


def code_with(node, files):
    with raw(node, certificate=files) as one:
        send(one, head("GET", CONFIGS, "Connection: close"))
        return status_of(one)


def certificates(node):
    good = certificate(node, "good", -60)
    early = certificate(node, "early", 6)
    ends = certificate(node, "ends", 8 - A_DAY)
    assert code_with(node, ends) == 200
    assert code_with(node, early) == 401
    wait("a certificate counts from its beginning on", lambda: code_with(node, early) == 200, 15, 0.3)
    wait("a certificate ends, also if no other was seen", lambda: code_with(node, ends) == 401, 15, 0.3)
    assert code_with(node, good) == 200
    ca = node.dir / "ca/rootCA.crt"
    own = ca.read_bytes()
    openssl(node, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 1, "-subj", "/CN=KubeEdge",
            "-keyout", "other.key", "-out", ca)
    assert code_with(node, good) == 401, "the CA was exchanged"
    ca.write_bytes(own)
    assert code_with(node, good) == 200


def page_tokens(node, user, reader):
    for n in range(3):
        node.create(SECRETS, {"metadata": {"name": f"s{n}"}, "data": {}})
        node.create(CONFIGS, {"metadata": {"name": f"c{n}"}, "data": {}})
    assert node.meta("GET", SECRETS, token=reader).code == 403
    page = node.meta("GET", f"{SECRETS}?limit=1", token=user).json["metadata"]["continue"]
    for token in (user, reader):
        answer = node.meta("GET", CONFIGS, token=token, query={"limit": 1, "continue": page})
        assert answer.code == 410 and '"s1"' not in answer.text, answer
    own = node.meta("GET", f"{CONFIGS}?limit=1", token=user).json["metadata"]["continue"]
    assert node.meta("GET", CONFIGS, token=reader, query={"limit": 1, "continue": own}).code == 410
    assert node.meta("GET", SECRETS, token=user, query={"limit": 1, "continue": page}).code == 200


def nobody_is_impersonated(node, user):
    for header in ("Impersonate-User", "impersonate-group", "Impersonate-Uid", "Impersonate-Extra-Scopes"):
        answer = node.meta("GET", CONFIGS, token=user, headers={header: "system:admin"})
        assert answer.code == 403, (header, answer)


class Watch(threading.Thread):
    """Follows ConfigMaps: the names that came, and whether it has ended."""

    def __init__(self, node, token, seconds):
        super().__init__(daemon=True)
        self.names, self.node, self.token, self.seconds, self.ended = [], node, token, seconds, False
        self.start()

    def run(self):
        with contextlib.suppress(OSError), self.node.watch(CONFIGS, {"timeoutSeconds": self.seconds}, self.token, timeout=120) as lines:
            for line in lines:
                self.names.append(line["object"].get("metadata", {}).get("name"))
        self.ended = True


def watches(node, reader, leaver):
    longest = str((1 << 63) - 1)
    by_right, by_pod, other = Watch(node, reader, "4000000000"), Watch(node, leaver, longest), Watch(node, leaver, "2")
    wait("the watches bring what is there", lambda: "c0" in by_right.names and "c0" in by_pod.names, 15)
    wait("a watch ends when its time is up", lambda: other.ended, 10)
    time.sleep(1)
    assert not by_right.ended and not by_pod.ended
    forbid(node, "reader")
    wait("the watch without its right has ended", lambda: by_right.ended, 20)
    assert node.meta("GET", CONFIGS, token=reader).code == 403
    node.delete("leaver")
    node.wait_gone("leaver")
    wait("the watch of the pod that has gone has ended", lambda: by_pod.ended, 20)
    assert node.meta("GET", CONFIGS, token=leaver).code == 401
    node.create(CONFIGS, {"metadata": {"name": "later"}, "data": {}})
    time.sleep(1)
    assert "later" not in by_right.names + by_pod.names


def a_boot_in_1970(node, user):
    node.stop("edgecore")
    node.stop("cloudsim")
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]
    node.start_edgecore(env={"LD_PRELOAD": library, "FAKETIME": "@1970-01-01 00:02:00", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"})
    node.wait_meta()
    wait("the token of a pod counts", lambda: node.meta("GET", CONFIGS, token=user).code == 200, 15)
    assert "1970-01-01T" in node.log(), "the clock of edgecore was not wrong at all"
    assert code_with(node, (node.dir / "good.crt", node.dir / "good.key")) == 200


with MetaNode(gate=True) as node:
    node.start_meta()
    user, reader, leaver = accounts(node, user=[EVERYTHING], reader=[rule("configmaps")], leaver=[rule("configmaps")])
    certificates(node)
    page_tokens(node, user, reader)
    nobody_is_impersonated(node, user)
    watches(node, reader, leaver)
    a_boot_in_1970(node, user)
