# SPDX-License-Identifier: Apache-2.0
"""KUBERNETES_SERVICE_HOST and _PORT in a container: what its own env and envFrom say wins, references to them are expanded, and without an
own API for pods the two variables of edgecore's unit count, as with the Go agent."""
from metaserver import DUMMY, MetaNode
from node import pod, wait

NAMES = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
SAYS = 'echo "said $KUBERNETES_SERVICE_HOST|$KUBERNETES_SERVICE_PORT|$API|$1"'


def says(name, **container):
    return pod(name, restartPolicy="Never", container={"command": ["sh", "-c", SAYS, "sh"], **container})


def said(node, name):
    wait(f"pod {name} has said something", lambda: "said " in node.log_of(name), 30)
    return node.log_of(name).split("said ")[1].splitlines()[0]


def both(host, port):
    return [{"name": name, "value": value} for name, value in zip(NAMES, (host, port))]


def check(node, host, port, only=None):
    """What pods are told when the node tells them this address."""
    url = [{"name": "API", "value": "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)/"}]
    node.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "api", "namespace": "default"},
                "data": dict(zip(NAMES, ("127.0.0.8", "6443")))})
    from_map = {"envFrom": [{"configMapRef": {"name": "api", "optional": True}}]}
    expected = {
        "plain": ({}, f"{host}|{port}||"),
        "own": ({"env": both("127.0.0.9", "10550")}, "127.0.0.9|10550||"),
        "from": (from_map, "127.0.0.8|6443||"),
        "refers": ({"env": url, "args": ["$(KUBERNETES_SERVICE_HOST)"]}, f"{host}|{port}|https://{host}:{port}/|{host}"),
        "both": ({"env": [*both("h", "1"), *url], **from_map}, "h|1|https://h:1/|"),
        "half": ({"env": [{"name": NAMES[0], "value": "h"}]}, f"h|{port}||"),
    }
    expected = {name: what for name, what in expected.items() if only is None or name in only}
    node.apply(*[says(name, **container) for name, (container, _) in expected.items()])
    for name, (_, text) in expected.items():
        assert said(node, name) == text, (name, said(node, name), text)


with MetaNode(gate=True) as node:
    node.start_meta()
    check(node, DUMMY, node.meta_port)
with MetaNode() as node:
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore(env={"METASERVER_DUMMY_IP": "kubernetes.default.svc.cluster.local", "METASERVER_DUMMY_PORT": "443"})
    node.wait_ready()
    check(node, "kubernetes.default.svc.cluster.local", 443, only=("plain", "from", "refers"))
