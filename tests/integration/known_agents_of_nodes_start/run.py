# SPDX-License-Identifier: Apache-2.0
"""Pods shaped like the agents that clusters run on each node start, and get what they ask for: a network agent, a service mesh, an exporter
behind an authorizing proxy. All are a DaemonSet's, on the host's network."""
import json
import pathlib
import subprocess

from node import IMAGE, NETWORK, Node, wait

NS = "agents"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
WAIT = "trap exit TERM; while true; do sleep 1 & wait; done"
FIELD = {"NODE_NAME": "spec.nodeName", "NAMESPACE": "metadata.namespace", "POD_NAME": "metadata.name", "IP": "status.podIP"}
PORT = NETWORK.free_port()
SYSTEM_NODE_CRITICAL, SYSTEM_CLUSTER_CRITICAL = 2000001000, 2000000000


def env(*names):
    return [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": FIELD[name]}}} for name in names]


def container(name, script, *args, **more):
    return {"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", f"{script}\n{WAIT}", name],
            "args": list(args), **more}


def init(name, script, **more):
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", script], **more}


def host_path(name, path, kind=""):
    return {"name": name, "hostPath": {"path": str(path), "type": kind}}


def mount(name, path, **more):
    return {"name": name, "mountPath": path, **more}


def resources(cpu, memory):
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}}


def daemon(name, containers, priority, **spec):
    """A pod as the DaemonSet controller makes it: bound to its node by an affinity, with tolerations for every state of it."""
    taints = ["not-ready", "unreachable"], ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"]
    tolerations = [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
                   for keys, effect in zip(taints, ("NoExecute", "NoSchedule")) for key in keys]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["edge1"]}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": f"{name}-x7k2p", "generateName": f"{name}-", "namespace": NS,
        "labels": {"app": name, "controller-revision-hash": "5f6d7c8b9", "pod-template-generation": "1"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": name, "uid": "0f0e0d0c-0000-4000-8000-000000000001",
                             "controller": True, "blockOwnerDeletion": True}]}, "spec": {
        "hostNetwork": True, "containers": containers, "serviceAccountName": name, "terminationGracePeriodSeconds": 1, "tolerations": [
            {"operator": "Exists", "effect": "NoSchedule"}, *tolerations],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}},
        "priorityClassName": {SYSTEM_NODE_CRITICAL: "system-node-critical", SYSTEM_CLUSTER_CRITICAL: "system-cluster-critical"}[priority],
        "priority": priority, "nodeSelector": {"kubernetes.io/os": "linux"}, **spec}}


def network_agent(host):
    """Init containers that put a plugin and its configuration on the host; capabilities instead of privileges; guaranteed resources."""
    plugin = init("install-plugin", "cp -f /bin/busybox /opt/cni/bin/agent", volumeMounts=[mount("plugins", "/opt/cni/bin")])
    settings = init("install-settings", "cp -f /etc/agent/cni.json /etc/cni/net.d/10-agent.conflist", volumeMounts=[
        mount("cni", "/etc/cni/net.d"), mount("settings", "/etc/agent/")])
    script = ('echo "$POD_NAME $POD_NAMESPACE $QUEUE $(grep CapEff /proc/self/status)"; touch /run/agent/subnet.env /run/xtables.lock;'
              f' mkdir /w; echo ok > /w/healthz; httpd -p 127.0.0.1:{PORT} -h /w')
    probe = {"httpGet": {"host": "127.0.0.1", "path": "/healthz", "port": "healthz"}, "periodSeconds": 2}
    agent = container(
        "agent", script, ports=[{"name": "healthz", "containerPort": PORT, "protocol": "TCP"}], livenessProbe=probe, readinessProbe=probe,
        env=[*env("POD_NAME", "NAMESPACE"), {"name": "POD_NAMESPACE", "value": "$(NAMESPACE)"}, {"name": "QUEUE", "value": "5000"}],
        securityContext={"privileged": False, "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}, **resources("100m", "50Mi"),
        volumeMounts=[mount("run", "/run/agent"), mount("settings", "/etc/agent/"), mount("lock", "/run/xtables.lock")])
    return daemon("network", [agent], SYSTEM_NODE_CRITICAL, initContainers=[plugin, settings], volumes=[
        host_path("run", host / "run/agent"), host_path("plugins", host / "opt"), host_path("cni", host / "net.d"),
        host_path("lock", host / "xtables.lock", "FileOrCreate"), {"name": "settings", "configMap": {"name": "network"}}])


def mesh_agent():
    """Privileged; a ConfigMap inside another one's folder; files of the host over the container's own."""
    script = 'echo "$NODE_NAME $NAMESPACE $(cat /etc/mesh/psk) $(cat /etc/mesh/config/mesh.yaml) $(wc -l < /etc/resolv.conf)"'
    agent = container("mesh", script, env=env("NODE_NAME", "NAMESPACE"), securityContext={"privileged": True}, volumeMounts=[
        mount("conf", "/etc/mesh/config"), mount("resolv", "/etc/resolv.conf"), mount("time", "/etc/localtime", readOnly=True),
        mount("psk", "/etc/mesh")], resources={"limits": {"cpu": "200m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}})
    return daemon("mesh", [agent], SYSTEM_CLUSTER_CRITICAL, volumes=[
        {"name": "conf", "configMap": {"name": "mesh"}}, {"name": "psk", "configMap": {"name": "psk"}},
        host_path("resolv", "/etc/resolv.conf"), host_path("time", "/usr/share/zoneinfo/UTC" if pathlib.Path(
            "/usr/share/zoneinfo/UTC").exists() else "/etc/hostname")])


def shared_mount(path, kind):
    """A mount of the host that containers see as it changes. The machine's own / and /sys may be private ones, which a runtime refuses."""
    path.mkdir()
    for words in (["-t", kind, "edgecore-it", path], ["--make-shared", path]):
        subprocess.run(["mount", *words], check=True)
    return path


def exporter(host):
    """The host's processes and file systems, read only, for a user that is not root; its proxy is another user, and both read the
    account's token."""
    locked = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
    looks = ('echo "$(id -u) $(grep CapEff /proc/self/status) $(cat /host/root/release) $(cat /proc/1/comm | wc -l)'
             ' $(touch /host/root/x /x 2>&1 | grep -c Read-only) $(ls /host/sys/class/net | grep -c uplink0)"')
    shows = f'echo "$(id -u):$(id -g) $1 $(grep CapEff /proc/self/status) $(wc -c < {TOKEN})"'
    return daemon("exporter", [
        container("exporter", looks, securityContext={**locked, "capabilities": {"add": ["SYS_TIME"], "drop": ["ALL"]}}, volumeMounts=[
            mount("sys", "/host/sys", mountPropagation="HostToContainer", readOnly=True),
            mount("root", "/host/root", mountPropagation="HostToContainer", readOnly=True)], **resources("250m", "180Mi")),
        container("proxy", shows, "--secure-listen-address=[$(IP)]:9100", env=env("IP"), ports=[
            {"containerPort": 9100, "hostPort": 9100, "name": "https"}], securityContext={
                **locked, "capabilities": {"drop": ["ALL"]}, "runAsGroup": 65532, "runAsNonRoot": True, "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"}},
                  **resources("20m", "40Mi"))],
        SYSTEM_CLUSTER_CRITICAL, hostPID=True, securityContext={"runAsGroup": 65534, "runAsNonRoot": True, "runAsUser": 65534},
        automountServiceAccountToken=True,
        volumes=[host_path("sys", shared_mount(host / "sys", "sysfs")), host_path("root", shared_mount(host / "root", "tmpfs"))])


class Agents:
    def __init__(self, node):
        self.node = node
        node.create("/api/v1/namespaces", {"metadata": {"name": NS, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})
        for account in ("network", "mesh", "exporter"):
            node.create(f"/api/v1/namespaces/{NS}/serviceaccounts", {"metadata": {"name": account}})
        for name, data in {"network": {"cni.json": '{"name": "cbr0"}'}, "mesh": {"mesh.yaml": "modules"}, "psk": {"psk": "secret"}}.items():
            node.create(f"/api/v1/namespaces/{NS}/configmaps", {"metadata": {"name": name}, "data": data})

    def start(self, made):
        name = made["metadata"]["name"]
        self.node.create(f"/api/v1/namespaces/{NS}/pods", made)

        def ready():
            status = (self.node.get(name, namespace=NS) or {}).get("status", {})
            return any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))

        try:
            wait(f"pod {name} is Ready", ready, 90)
        except AssertionError:
            print(json.dumps((self.node.get(name, namespace=NS) or {}).get("status"), indent=1))
            raise
        return self.node.get(name, namespace=NS)

    def said(self, made, container):
        """The words of the first line that the container has written."""
        path = self.node.dir / "pods" / f"{NS}_{made['metadata']['name']}_{made['metadata']['uid']}" / container / "0.log"
        wait(f"{container} has said something", lambda: path.exists() and path.read_text(), 20)
        return path.read_text().splitlines()[0].split()[3:]

    def process(self, made, index=0):
        container = made["status"]["containerStatuses"][index]["containerID"].split("//")[1]
        return pathlib.Path("/proc") / str(self.node.containers()[container])


def bits(text):
    """The capabilities of a mask as numbers."""
    return {bit for bit in range(64) if int(text, 16) >> bit & 1}


NET_ADMIN, NET_RAW, SYS_ADMIN, SYS_TIME = 12, 13, 21, 25

with Node() as node:
    node.start()
    agents = Agents(node)
    host = node.dir / "host"
    host.mkdir()

    network = agents.start(network_agent(host))
    said = agents.said(network, "agent")
    assert said[:3] == [network["metadata"]["name"], NS, "5000"], said
    assert {NET_ADMIN, NET_RAW} <= bits(said[4]) and SYS_ADMIN not in bits(said[4]), said
    assert (host / "net.d/10-agent.conflist").read_text() == '{"name": "cbr0"}' and (host / "opt/agent").stat().st_size > 100_000
    assert (host / "xtables.lock").is_file() and (host / "run/agent/subnet.env").exists()
    assert network["status"]["qosClass"] == "Burstable", "its init containers have no limits"
    assert network["status"]["podIP"] == network["status"]["hostIP"] == "192.0.2.2", network["status"]

    mesh = agents.start(mesh_agent())
    said = agents.said(mesh, "mesh")
    assert said[:4] == [node.name, NS, "secret", "modules"] and int(said[4]) > 0, said

    made = exporter(host)
    (host / "root/release").write_text("host")
    both = agents.start(made)
    said = agents.said(both, "exporter")
    assert said[0] == "65534" and bits(said[2]) <= {SYS_TIME}, said
    assert said[3:] == ["host", "1", "2", "1"], said
    said = agents.said(both, "proxy")
    assert said[0] == "65532:65532" and said[1] == "--secure-listen-address=[192.0.2.2]:9100", said
    assert not bits(said[3]) and int(said[4]) > 100, said

    scores = {name: int((agents.process(made) / "oom_score_adj").read_text()) for name, made in (("network", network), ("mesh", mesh))}
    assert scores["network"] < scores["mesh"], scores
    for made in (network, mesh, both):
        code, answer = node.api("DELETE", f"/api/v1/namespaces/{NS}/pods/{made['metadata']['name']}")
        assert code in (200, 202), answer
    wait("the agents are gone", lambda: not any(node.get(made["metadata"]["name"], namespace=NS) for made in (network, mesh, both)), 90)
