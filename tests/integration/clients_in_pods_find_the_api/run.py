# SPDX-License-Identifier: Apache-2.0
"""The client libraries find the API from inside a pod by themselves: address and port from the environment, token and CA from the
mounted volume. Python's runs in a pod; JavaScript's runs here, in the pod's network and with the pod's files."""
import pathlib
import re
import shutil
import time

import python_image
from metaserver import DUMMY, MetaNode
from node import NETWORK, pod, skip, wait

CONFIGS = "/api/v1/namespaces/default/configmaps"

PYTHON = r"""
import os, sys, time
from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
config.load_incluster_config()
api = client.CoreV1Api()
for attempt in range(60):
    try:
        found = api.list_namespaced_config_map("default")
        break
    except ApiException as error:
        if error.status not in (401, 403):
            raise
        time.sleep(1)  # the rights are on their way
print("listed", sorted(item.metadata.name for item in found.items), flush=True)
print("version", client.VersionApi().get_code().git_version, flush=True)
print("groups", sorted(group.name for group in client.ApisApi().get_api_versions().groups)[:3], flush=True)
try:
    api.list_namespaced_secret("default")
except ApiException as error:
    print("secrets", error.status, flush=True)
api.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="from-python"), data={"a": "b"}))
for event in watch.Watch().stream(api.list_namespaced_config_map, "default", resource_version=found.metadata.resource_version):
    print(event["type"], event["object"].metadata.name, flush=True)
"""

JAVASCRIPT = r"""
import * as k8s from "@kubernetes/client-node";
const kc = new k8s.KubeConfig();
kc.loadFromCluster(process.argv[2]);
console.log("server", kc.getCurrentCluster().server);
const api = kc.makeApiClient(k8s.CoreV1Api);
const list = () => api.listNamespacedConfigMap({ namespace: "default" });
const informer = k8s.makeInformer(kc, "/api/v1/namespaces/default/configmaps", list);
for (const event of ["add", "update", "delete"]) informer.on(event, (object) => console.log(event, object.metadata.name));
informer.on("error", (error) => { console.log("error", error.message ?? error); setTimeout(() => informer.start(), 500); });
await informer.start();
await api.createNamespacedConfigMap({ namespace: "default", body: { metadata: { name: "from-javascript" }, data: { a: "b" } } });
setInterval(() => {}, 1000);
"""


def allow_configmaps(node):
    """The default account may read and make ConfigMaps of its namespace, and read non-resource paths."""
    base = "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create"]}]
    node.create(f"{base}/namespaces/default/roles", {"metadata": {"name": "configs"}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    node.create(f"{base}/namespaces/default/rolebindings", {"metadata": {"name": "configs"}, "subjects": [subject], "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "configs"}})


def seen(node, name, text):
    lines = node.log_of(name)
    return bool(re.search(text, lines))


def follow(node, who, output):
    """Checks that the client sees an object created, changed and deleted in the cloud."""
    name = f"for-{who}"
    words = {"python": ("ADDED", "MODIFIED", "DELETED"), "javascript": ("add", "update", "delete")}[who]
    node.create(CONFIGS, {"metadata": {"name": name}, "data": {"k": "1"}})
    wait(f"{who} sees a new object", lambda: f"{words[0]} {name}" in output(), 30, 0.2)
    node.api("PATCH", f"{CONFIGS}/{name}", {"data": {"k": "2"}}, "application/merge-patch+json")
    wait(f"{who} sees a change", lambda: f"{words[1]} {name}" in output(), 30, 0.2)
    node.delete(name, "configmaps")
    wait(f"{who} sees a deletion", lambda: f"{words[2]} {name}" in output(), 30, 0.2)


def import_image(node):
    """Imports the Python image; returns why it cannot, or ""."""
    archive = node.dir / "python.tar"
    why = python_image.build(archive, ["kubernetes"])
    if not why:
        node.run("ctr", "--address", node.dir / "runtime/containerd.sock", "--namespace", "k8s.io", "images", "import", archive)
    return why


def python_in_a_pod(node):
    why = import_image(node)
    if why:
        print(f"the Python client is left out: {why}")
        return False
    made = pod("python")
    made["spec"]["containers"][0].update(image=python_image.IMAGE, command=["/usr/bin/python3", "-c", PYTHON])
    node.apply(made)
    node.wait_pod("python", seconds=60)
    wait("the Python client lists", lambda: seen(node, "python", "listed .*kube-root-ca.crt"), 60, 0.2)
    wait("what it may not is refused", lambda: seen(node, "python", "secrets 403"), 20, 0.2)
    wait("what it makes is in the cloud", lambda: node.get("from-python", "configmaps"), 20, 0.2)
    follow(node, "python", lambda: node.log_of("python"))

    # The cloud goes and comes back, and the watch still reports changes.
    node.stop("cloudsim")
    time.sleep(1)
    node.start_cloud()
    node.wait_ready(60)
    node.create(CONFIGS, {"metadata": {"name": "after"}, "data": {}})
    wait("the watch of before goes on", lambda: seen(node, "python", "ADDED after"), 60, 0.2)
    return True


def javascript_in_its_network(node):
    if not shutil.which("npm") or not shutil.which("nsenter"):
        print("the JavaScript client is left out: npm or nsenter is not installed")
        return False
    folder = node.dir / "javascript"
    folder.mkdir()
    (folder / "package.json").write_text('{"type":"module"}')
    done = NETWORK.outside(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@kubernetes/client-node@1"], cwd=folder,
                           check=False, capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        print(f"the JavaScript client is left out: npm could not install it: {done.stderr.strip()[-300:]}")
        return False
    (folder / "client.mjs").write_text(JAVASCRIPT)
    node.apply(pod("host"))
    node.wait_pod_ready("host", 60)
    pid = node.containers()[node.container_status("host")["containerID"].split("//")[1]]
    variables = dict(item.split("=", 1) for item in pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in item)
    assert variables.get("KUBERNETES_SERVICE_HOST") == DUMMY, variables
    assert variables.get("KUBERNETES_SERVICE_PORT") == str(node.meta_port), variables
    log = node.dir / "javascript.log"
    node.spawn("javascript", ["nsenter", "-t", pid, "-n", "node", folder / "client.mjs", f"/proc/{pid}/root"], {
        name: variables[name] for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")})
    try:
        wait("the JavaScript client lists", lambda: "add kube-root-ca.crt" in log.read_text(), 60, 0.2)
        wait("what it makes is in the cloud", lambda: node.get("from-javascript", "configmaps"), 20, 0.2)
        follow(node, "javascript", log.read_text)
    except AssertionError:
        print(log.read_text()[-2000:])
        raise
    finally:
        node.stop("javascript")
    return True


with MetaNode(gate=True) as node:
    node.start_meta(60)
    allow_configmaps(node)
    ran = [client(node) for client in (python_in_a_pod, javascript_in_its_network)]
    if not any(ran):
        skip("neither client library can be had")
    print(f"{sum(ran)} client libraries")
