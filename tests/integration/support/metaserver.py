# SPDX-License-Identifier: Apache-2.0
"""A node with MetaServer enabled, and its clients.

    with MetaNode() as node:
        node.start_meta()
        code, answer = node.meta("GET", "/api/v1/namespaces/default/configmaps")
        done = node.kubectl("get", "pods", "-A")

`gate=True` turns requireAuthorization on, in the cloud and on the node: HTTPS with tokens, and the second address that pods use.
"""
import contextlib
import functools
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import urllib.parse

from node import NETWORK, Node, skip, wait

DUMMY = "169.254.30.10"
INTERFACE = "edge-dummy0"
NEWEST_WITH_JSON = 31  # kubectl 1.32 creates objects in Protobuf, which MetaServer does not read


class Answer:
    """An HTTP answer: `code`, `headers`, `text`, and `json` if the body is JSON."""

    def __init__(self, code, headers, body):
        self.code, self.headers, self.body = code, headers, body
        self.text = body.decode(errors="replace")
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    def __iter__(self):
        return iter((self.code, self.json if self.json is not None else self.text))

    def __repr__(self):
        return f"{self.code} {self.text[:600]}"


class MetaNode(Node):
    def __init__(self, name="edge1", gate=False):
        super().__init__(name)
        self.gate = gate
        self.meta_port = NETWORK.free_port()
        if gate:
            self.cloud_options = ["--require-authorization"]

    def config(self):
        config = super().config()
        config["modules"]["metaManager"] = {"metaServer": {
            "enable": True, "server": f"127.0.0.1:{self.meta_port}", "dummyServer": f"{DUMMY}:{self.meta_port}",
            "tlsCaFile": str(self.dir / "ca/rootCA.crt"), "tlsCertFile": str(self.dir / "certs/server.crt"),
            "tlsPrivateKeyFile": str(self.dir / "certs/server.key")}}
        if self.gate:
            config["featureGates"] = {"requireAuthorization": True}
        return config

    def start_edgecore(self, env=None, config=None, wrapper=()):
        if self.gate:
            self.make_interface()
        env = {"EDGECORE_METASERVER_PKI": str(self.dir / "pki"), **(env or {})}
        return super().start_edgecore(env, config, wrapper)

    def make_interface(self):
        """Makes the interface of the second address: a dummy device, or a bridge if the kernel has none."""
        def ip(*argv):
            return subprocess.run(["ip", *argv], check=False, capture_output=True).returncode == 0

        if ip("link", "show", INTERFACE):
            return
        if not (ip("link", "add", INTERFACE, "type", "dummy") or ip("link", "add", INTERFACE, "type", "bridge")):
            skip("this machine can make neither a dummy device nor a bridge")
        ip("link", "set", INTERFACE, "up")

    def start_meta(self, seconds=40):
        """Starts everything; returns when the node is Ready and its MetaServer answers."""
        self.start()
        self.wait_meta(seconds)

    def wait_meta(self, seconds=40):
        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.meta("GET", "/healthz").code in (200, 401)

        return wait("MetaServer answers", answers, seconds)

    # --- requests -------------------------------------------------------------------------------------------------
    def server(self):
        return f"{'https' if self.gate else 'http'}://127.0.0.1:{self.meta_port}"

    def cluster_ca(self):
        """The CA that pods know from kube-root-ca.crt, as a file."""
        path = self.dir / "cluster-ca.crt"
        if not path.exists():
            path.write_text(self.get("kube-root-ca.crt", "configmaps")["data"]["ca.crt"])
        return path

    def connection(self, timeout=30, address="127.0.0.1"):
        if not self.gate:
            return http.client.HTTPConnection(address, self.meta_port, timeout=timeout)
        context = ssl.create_default_context(cafile=str(self.cluster_ca()))
        return http.client.HTTPSConnection(address, self.meta_port, timeout=timeout, context=context)

    def meta(self, method, path, body=None, token=None, kind="application/json", headers=None, timeout=30, query=None):
        """An Answer of MetaServer. `body` is an object or bytes; OSError if nobody listens."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        sent = {"Accept": "application/json", **({"Content-Type": kind} if body is not None else {}), **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        with contextlib.closing(self.connection(timeout)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    @contextlib.contextmanager
    def watch(self, path, query, token=None, timeout=30):
        """The lines of a watch as objects; closed at the end of the block."""
        connection = self.connection(timeout)
        try:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", f"{path}?{urllib.parse.urlencode({'watch': 'true', **query})}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200, (answer.status, answer.read()[:600])
            yield (json.loads(line) for line in iter(answer.readline, b"") if line.strip())
        finally:
            connection.close()

    def token(self, account="default", namespace="default"):
        """A token of a service account straight from the cloud; the node does not know it."""
        code, answer = self.api("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", {"spec": {}})
        assert code == 201, (code, answer)
        return answer["status"]["token"]

    def pod_token(self, name, namespace="default"):
        """The token in a running pod's volume."""
        uid = self.get(name, namespace=namespace)["metadata"]["uid"]
        paths = list((self.dir / "edged/pods" / uid / "volumes/kubernetes.io~projected").glob("*/token"))
        assert paths, f"pod {name} has no token on the node"
        return paths[0].read_text()

    # --- kubectl --------------------------------------------------------------------------------------------------
    def kubectl(self, *argv, program=None, token=None, stdin=None, env=None, seconds=30, server=None):
        """A finished kubectl against MetaServer (or `server`): returncode, stdout, stderr. Its cache and configuration are the
        test's own."""
        program = program or newest_kubectl() or "kubectl"
        home = self.dir / "kubectl-home"
        home.mkdir(exist_ok=True)
        command = [str(program), "--server", server or self.server(), "--kubeconfig", "/dev/null", "--cache-dir",
                   str(home / pathlib.Path(program).name / "cache")]
        if self.gate and server is None:
            command += ["--certificate-authority", str(self.cluster_ca())]
            if token:
                command += ["--token", token]
        return subprocess.run([*command, *map(str, argv)], check=False, capture_output=True, text=True, input=stdin,
                              timeout=seconds, cwd=self.dir, env={**os.environ, "HOME": str(home), **(env or {})})


@functools.cache
def newest_kubectl():
    """The machine's kubectl, or None. Google's only asks the server for its version and starts another one, which costs twice the
    time: the newest of those that write JSON is taken."""
    own = shutil.which("kubectl")
    if own is None:
        return None
    others = {int(path.suffix[1:]): path for path in pathlib.Path(own).resolve().parent.glob("kubectl.1.*")
              if path.suffix[1:].isdigit()}
    return others.get(max((minor for minor in others if minor <= NEWEST_WITH_JSON), default=None), own)


def old_kubectl(folder):
    """The path of Debian's kubectl 1.20, or None and the reason. Uses the machine's kubectl if it has that version."""
    given = os.environ.get("EDGECORE_OLD_KUBECTL")
    if given:
        return given, ""
    own = shutil.which("kubectl")
    if own and '"v1.20' in subprocess.run([own, "version", "--client", "-o", "json"], check=False, capture_output=True,
                                          text=True).stdout.replace(" ", ""):
        return own, ""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return None, "this machine has no apt-get to fetch Debian's kubernetes-client with"
    folder.mkdir(parents=True, exist_ok=True)
    done = NETWORK.outside(["apt-get", "download", "kubernetes-client"], check=False, capture_output=True, text=True, cwd=folder)
    packages = list(folder.glob("kubernetes-client_1.20*.deb"))
    if not packages:
        return None, f"apt-get could not download kubernetes-client 1.20: {done.stderr.strip()[-200:]}"
    subprocess.run(["dpkg", "-x", packages[0], folder], check=True)
    return folder / "usr/bin/kubectl", ""
