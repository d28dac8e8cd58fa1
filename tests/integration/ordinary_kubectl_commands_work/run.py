# SPDX-License-Identifier: Apache-2.0
"""kubectl works at a node as at a cluster: reading commands print what they print at the cluster, with and without the cloud; writing
commands reach the cloud. With the machine's kubectl and with Debian's 1.20.
"""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time

from metaserver import MetaNode, newest_kubectl, old_kubectl
from node import pod, skip, wait

failures = []
commands = []


def check(what, good, detail=""):
    if not good:
        failures.append(what)
        print(f"FAILED {what}\n    {detail}")


def shown(done):
    return f"exit {done.returncode}\n    stdout: {done.stdout[-1500:]}\n    stderr: {done.stderr[-800:]}"


def normal(text):
    """The text without parts that change with time: ages, versions, the width of columns."""
    text = re.sub(r'^\s*"?resourceVersion"?: .*\n', "", text, flags=re.M)
    text = re.sub(r"\b\d+[smhdy](\d+[smhd])?\b( ago)?", "AGE", text)
    text = re.sub(r"(RenewTime|AcquireTime|LastHeartbeatTime|lastHeartbeatTime):.*", r"\1", text)
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


# Reading commands and what they must print; None: the same as at the cloud. Starting kubectl takes longer than what it does: one
# command shows many things.
READS = [
    ("get pods,cm,nodes,namespaces,secrets,services,deployments,sa,gateways,roles,rolebindings", None),
    ("get pods,nodes -o wide", None),
    ("get pod web -o json", None),
    ("get pod/web cm/cm1 gateways.mesh.example/g1 -o yaml", None),
    ("get pods,nodes,crd -o name", None),
    ("get pod web -o jsonpath={.spec.nodeName}", None),
    ("get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase", None),
    ("get pods -A", None),
    ("get pods -n default -l role=server", None),
    ("get pods --field-selector spec.nodeName=edge1", None),
    ("get pods --field-selector status.phase!=Running -o name", None),
    ("get cm -l app=demo,tier!=b -o name", None),
    ("get cm -l app --show-labels -L tier", None),
    ("get cm --field-selector metadata.name=cm1 -o name", None),
    ("get cm --sort-by=.metadata.name --no-headers -l app=demo", None),
    ("get cm cm1 cm2 -o name", None),
    ("get cm --chunk-size=2 -o name", None),
    ("get secret s1 -o jsonpath={.data.password}", None),
    ("get leases -A -o name", None),
    ("get gw -A -o jsonpath={.items[*].spec.port}", None),
    ("get cm cm1 none", None),
    ("get nonsense", None),
    ("get cm --field-selector data.x=1", None),
    ("get pods -n nowhere", None),
    ("describe pod/web node/edge1 cm/cm1 svc/svc1 gateway/g1", None),
    ("rollout status deployment/web --timeout=10s", None),
    ("get --raw /api/v1/namespaces/default/configmaps/cm1", None),
    ("get --raw /version", [r'"gitVersion"']),
    ("get --raw /healthz", [r"^ok"]),
    ("get --raw /readyz?verbose", [r"^\[\+\]module/edged ok$", r"^\[\+\]module/metaserver ok$", r"^readyz check passed$"]),
    ("version", [r"Server Version"]),
    ("cluster-info", [r"running at"]),
    ("api-versions", [r"^apps/v1$", r"^mesh.example/v1$", r"^v1$"]),
    ("api-resources", [r"^configmaps\s+cm\s", r"^gateways\s+gw\s.*Gateway$", r"^pods\s+po\s"]),
    ("api-resources --namespaced=false -o name", [r"^nodes$", r"^namespaces$"]),
    ("explain configmap", [r"KIND:\s+ConfigMap", r"binaryData"]),
    ("explain gateways.spec", [r"KIND:\s+Gateway", r"port"]),
    ("explain pod.spec.containers.securityContext.seccompProfile --recursive", [
        r"KIND:\s+Pod", r"System calls that the processes may use", r"^\s+localhostProfile\s+<string>", r"^\s+type\s+<string>"]),
    ("explain pods --recursive", [r"^\s+preStop\s+<", r"^\s+httpHeaders\s+<\[\]", r"^\s+exitCode\s+<integer>", r"^\s+ownerReferences\s+<\[\]"]),
    ("explain device.spec.properties.desired", [r"KIND:\s+Device", r"value\s+<string>"]),
    ("explain deployment.spec.template.spec.volumes.projected.sources", [r"serviceAccountToken\s+<"]),
    ("explain pod.spec.containers.imagee", r"field \"imagee\" does not exist"),
    ("auth can-i get pods", [r"^yes"]),
    ("logs web", [r"^one$", r"^two$", r"^three$"]),
    ("logs web -c c --since=1h --timestamps --tail=1", [r"\A\d{4}-\d\d-\d\dT\S+ three$"]),
    ("logs -l role=server --tail=1", [r"three$"]),
    ("logs crash --previous", [r"^attempt$"]),
    ("logs -f ended", [r"\Abye$"]),
]
FAILING = {"get cm cm1 none", "get nonsense", "get cm --field-selector data.x=1"}

GATEWAYS = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "gateways.mesh.example"},
            "spec": {"group": "mesh.example", "scope": "Namespaced",
                     "names": {"kind": "Gateway", "plural": "gateways", "singular": "gateway", "shortNames": ["gw"]},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                         "type": "object", "properties": {"spec": {"type": "object", "properties": {
                             "port": {"type": "integer", "description": "where it listens"}}}}}}}]}}


def furnish(node):
    """Creates the objects that the commands use."""
    core = "/api/v1/namespaces/default"
    for name, labels in (("cm1", {"app": "demo", "tier": "a"}), ("cm2", {"app": "demo", "tier": "b"}), ("other", {})):
        node.create(f"{core}/configmaps", {"metadata": {"name": name, "labels": labels}, "data": {"k": name}})
    node.create(f"{core}/secrets", {"metadata": {"name": "s1"}, "stringData": {"password": "x"}})
    node.create(f"{core}/services", {"metadata": {"name": "svc1"}, "spec": {
        "type": "ClusterIP", "clusterIP": "10.96.0.7", "selector": {"role": "server"},
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]}})
    node.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", GATEWAYS)
    node.create("/apis/mesh.example/v1/namespaces/default/gateways", {
        "apiVersion": "mesh.example/v1", "kind": "Gateway", "metadata": {"name": "g1"}, "spec": {"port": 8443}})
    labels = {"app": "web"}
    node.create("/apis/apps/v1/namespaces/default/deployments", {"metadata": {"name": "web", "generation": 1}, "spec": {
        "replicas": 1, "selector": {"matchLabels": labels}, "strategy": {"type": "RollingUpdate"}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}})
    code, answer = node.api("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/status", {"status": {
        "observedGeneration": 9, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}},
        "application/merge-patch+json")
    assert code == 200, answer
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    node.create("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", {"metadata": {"name": "r"}, "rules": rules})
    web = pod("web", "echo one; echo two; echo three; trap exit TERM; while true; do sleep 1 & wait; done")
    web["metadata"]["labels"] = {"role": "server"}
    crash = pod("crash", "echo attempt; exit 1")
    ended = pod("ended", "echo bye; exit 0", restartPolicy="Never")
    node.apply(web, crash, ended)


def wait_pods(node):
    """Waits until the pods are as the reading commands need them."""
    node.wait_pod_ready("web", 60)
    node.wait_pod("ended", "Succeeded", 60)
    wait("crash has started twice", lambda: node.container_status("crash").get("restartCount", 0) >= 1, 90)


def read_all(node, programs, references):
    """Runs the reading commands; stores the cloud's output in `references`, or compares with it while the cloud is stopped."""
    online = "cloudsim" in node.processes

    def one(entry):
        tag, (line, expected) = entry
        asked = node.kubectl(*line.split(), program=programs[tag], seconds=60)
        told = references.get((tag, line))
        if expected is None and online:
            there = node.kubectl(*line.split(), program=programs[tag], server=f"http://127.0.0.1:{node.cloud['api']}")
            told = references[tag, line] = (there.returncode, normal(there.stdout), normal(there.stderr))
        return tag, line, expected, asked, told

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, [(tag, entry) for entry in READS for tag in programs]))
    for tag, line, expected, done, told in results:
        commands.append(line)
        what = f"{tag}: {line}" + ("" if online else " (offline)")
        if expected is None:
            mine = (done.returncode, normal(done.stdout), normal(done.stderr))
            same = mine == told or unsteady(line, mine, told)
            check(what, same, f"{shown(done)}\n    the cloud: {told}")
        elif isinstance(expected, str):
            check(what, done.returncode == 1 and re.search(expected, done.stderr), f"no {expected} in {shown(done)}")
        else:
            missing = [pattern for pattern in expected if not re.search(pattern, done.stdout, re.M)]
            check(what, done.returncode == 0 and not missing, f"no {missing} in {shown(done)}")
        if line in FAILING:
            check(f"{what} fails", done.returncode == 1, shown(done))


def unsteady(line, mine, told):
    """Whether a list differs only in the pod that restarts for ever: its line changes with time."""
    def steady(text):
        return [entry for entry in text.splitlines() if not re.search(r"\bcrash\b", entry)]

    return "pods" in line and mine[0] == told[0] and steady(mine[1]) == steady(told[1])


def deep_objects(name):
    """Objects with fields far inside, all of them valid."""
    meta = {"name": name, "namespace": "default"}
    probe = {"httpGet": {"path": "/", "port": "web", "httpHeaders": [{"name": "A", "value": "b"}]}, "periodSeconds": 5}
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    container = {
        "name": "c", "image": "i", "ports": [{"name": "web", "containerPort": 80}], "readinessProbe": probe,
        "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "resources": {"limits": {"cpu": 1, "memory": "64Mi"}}, "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}
    sources = [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}, {"configMap": {"name": "cm1"}}]
    spec = {"containers": [container], "volumes": [{"name": "v", "projected": {"sources": sources}}],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}},
            "tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 5, "effect": "NoExecute"}]}
    prop = {"name": "t", "desired": {"value": "1", "metadata": {"a": "b"}}, "reportCycle": 1000,
            "pushMethod": {"mqtt": {"address": "a", "topic": "t", "qos": 1, "retained": True}},
            "visitors": {"protocolName": "modbus", "configData": {"register": "Coil", "offset": 2}}}
    model = {"properties": [{"name": "t", "type": "INT", "accessMode": "ReadWrite", "minimum": "0"}]}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec},
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"a": "b"}, "immutable": True},
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": {"leaseDurationSeconds": 4}},
        {"apiVersion": "devices.kubeedge.io/v1beta1", "kind": "Device", "metadata": meta, "spec": {
            "deviceModelRef": {"name": "m"}, "nodeName": "edge1", "properties": [prop]}},
        {"apiVersion": "devices.kubeedge.io/v1beta1", "kind": "DeviceModel", "metadata": meta, "spec": model}]


def write_all(node, program, tag):
    """Runs the writing commands, and checks the cloud after each. Another kubectl does the same beside it, with other names."""
    def do(line, code=0, out=None, stdin=None, env=None, err=None):
        commands.append(line)
        done = node.kubectl(*line.split(), program=program, stdin=stdin, env=env, seconds=60)
        good = (done.returncode == code and (out is None or re.search(out, done.stdout, re.M))
                and (err is None or re.search(err, done.stderr, re.M)))
        check(f"{tag}: {line}", good, f"wanted exit {code} {out or ''} {err or ''}, got {shown(done)}")
        return done

    def cloud(path):
        code, answer = node.api("GET", path)
        return answer if code == 200 else None

    def data(name):
        return (node.get(name, "configmaps") or {}).get("data")

    cm, applied = f"made-{tag}", f"applied-{tag}"
    do(f"create configmap {cm} --from-literal=a=1", out="created")
    check("it is in the cloud", data(cm) == {"a": "1"})
    do(f"create configmap {cm} --from-literal=a=1", code=1, err="already exists")
    do(f"get cm {cm} -o jsonpath={{.data.a}}", out=r"\A1\Z")
    do(f"create secret generic sec-{tag} --from-literal=k=v", out="created")

    folder = node.dir / tag
    folder.mkdir()

    def manifest(name, **data):
        path = folder / f"{name}.yaml"
        lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
        path.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: default\ndata:\n{lines}")
        return path

    path = manifest(applied, k="one")
    do(f"apply -f {path}", out="created")
    do(f"apply -f {path}", out="unchanged")
    manifest(applied, k="two")
    do(f"diff -f {path}", code=1, out=r"^\+.*two")
    check("diff has changed nothing", data(applied) == {"k": "one"})
    do(f"apply -f {path}", out="configured")
    check("apply arrived", data(applied) == {"k": "two"})
    deep = folder / "deep.json"
    deep.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": deep_objects(f"deep-{tag}")}))
    do(f"create --validate=true --dry-run=server -f {deep}", out=r"(.*created.*\n){5}")
    typo = folder / "typo.yaml"
    typo.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: typo-{tag}\ndataa: {{}}\n")
    do(f"apply --validate=true -f {typo}", code=1, err='unknown field "dataa"')
    typo.write_text(json.dumps(pod(f"typo-{tag}", container={"imagee": "x"})))
    do(f"create --validate=true -f {typo}", code=1, err=r'unknown field "(spec\.containers\[0\]\.)?imagee"')
    check("nothing was made of objects with unknown fields", cloud(f"/api/v1/namespaces/default/configmaps/typo-{tag}") is None
          and node.get(f"typo-{tag}") is None)
    do(f"apply -f {folder / 'nowhere.yaml'}", code=1, err="does not exist")
    bad = folder / "bad.yaml"
    bad.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Bad_Name\n")
    do(f"apply -f {bad}", code=1, err="[Ii]nvalid")
    service = folder / "service.json"
    service.write_text('{"apiVersion":"v1","kind":"Service","metadata":{"name":"svc-%s"},"spec":{"ports":[{"port":80}]}}' % tag)
    do(f"create -f {service}", out="created")
    gateway = folder / "gateway.yaml"
    gateway.write_text(f"apiVersion: mesh.example/v1\nkind: Gateway\nmetadata:\n  name: gate-{tag}\nspec:\n  port: 1\n")
    do(f"apply -f {gateway}", out="created")
    gateway.write_text(gateway.read_text().replace("port: 1", "port: 2"))
    do(f"apply -f {gateway}", out="configured")
    check("the gateway arrived",
          (cloud(f"/apis/mesh.example/v1/namespaces/default/gateways/gate-{tag}") or {}).get("spec") == {"port": 2})

    do(f"edit cm {cm}", out="edited", env={"EDITOR": "sed -i 's/a: \"1\"/a: \"5\"/'", "KUBE_EDITOR": ""})
    check("edit arrived", data(cm) == {"a": "5"})
    do(f'patch cm {cm} --type=merge -p {{"data":{{"b":"2"}}}}', out="patched")
    do(f'patch cm {cm} -p {{"data":{{"c":"3"}}}}', out="patched")
    do(f'patch cm {cm} --type=json -p [{{"op":"remove","path":"/data/a"}}]', out="patched")
    do(f'patch cm none-{tag} -p {{}}', code=1, err="not found")
    check("patches arrived", data(cm) == {"b": "2", "c": "3"})
    do(f"label cm {cm} color=red-{tag}", out="labeled")
    do(f"label cm {cm} color=blue-{tag}", code=1)
    do(f"label cm {cm} color=blue-{tag} --overwrite", out="labeled")
    do(f"annotate cm {cm} note=x", out="annotated")
    meta = (node.get(cm, "configmaps") or {}).get("metadata", {})
    check("label and annotation arrived", (meta.get("labels"), meta.get("annotations")) == ({"color": f"blue-{tag}"}, {"note": "x"}), meta)
    do(f"label cm {cm} color-", out=r"labeled|unlabeled")
    do(f"get cm -l color=blue-{tag} -o name", out=r"\A\Z")

    old = node.kubectl("get", "cm", cm, "-o", "json", program=program).stdout
    do("replace -f -", out="replaced", stdin=old.replace('"c": "3"', '"c": "4"'))
    do("replace -f -", code=1, err="Conflict|object has been modified", stdin=old.replace('"c": "3"', '"c": "5"'))
    check("replace arrived", data(cm) == {"b": "2", "c": "4"})

    deployment = f"dep-{tag}"
    do(f"create deployment {deployment} --image=localhost/busybox:1.35", out="created")
    do(f"scale deployment {deployment} --replicas=2", out="scaled")
    scaled = cloud(f"/apis/apps/v1/namespaces/default/deployments/{deployment}") or {}
    check("scale arrived", scaled.get("spec", {}).get("replicas") == 2, scaled)

    run = folder / "pod.json"
    run.write_text(json.dumps(pod(f"p-{tag}")))
    do(f"create -f {run}", out="created")
    do(f"wait --for=condition=Ready pod/p-{tag} --timeout=40s", out="condition met")
    do(f"delete pod p-{tag} --timeout=40s", out="deleted")
    check("the pod is gone when delete returns", node.get(f"p-{tag}") is None)
    do(f"delete -f {path}", out="deleted")
    do(f"delete cm {cm}", out="deleted")
    do(f"delete cm {cm}", code=1, err="NotFound")
    do(f"get cm {cm}", code=1, err="NotFound")
    do(f"delete secret,svc sec-{tag} svc-{tag}", code=1)
    do(f"delete deployment/{deployment} gateway/gate-{tag}", out="deleted")
    do(f"delete cm -l run={tag}", out="No resources found")
    check("deletions arrived", node.get(cm, "configmaps") is None and node.get(applied, "configmaps") is None)


def watch(node, program, tag):
    """get -w prints the objects, then the changes."""
    commands.append("get cm -w")
    out = node.dir / f"watch-{tag}.txt"
    with open(out, "wb") as sink:
        process = subprocess.Popen([str(program), "--server", node.server(), "--kubeconfig", "/dev/null", "--cache-dir",
                                    str(node.dir / "kubectl-home" / "watch"), "get", "cm", "-w", "--no-headers"],
                                   stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        wait("the watch shows what there is", lambda: "cm1" in out.read_text(), 30)
        node.create("/api/v1/namespaces/default/configmaps", {"metadata": {"name": f"seen-{tag}"}, "data": {}})
        wait("the watch shows what is new", lambda: f"seen-{tag}" in out.read_text(), 20)
        node.delete(f"seen-{tag}", "configmaps")
        time.sleep(0.5)
        check("the watch goes on", process.poll() is None, out.read_text())
    except AssertionError as error:
        check(f"get cm -w: {error}", False, out.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


def programs(node):
    """{tag: kubectl}: the machine's own, Debian's 1.20, and what $EDGECORE_KUBECTL names besides."""
    found = {}
    own = newest_kubectl()
    if own:
        found["new"] = own
    old, why = old_kubectl(node.dir / "old-kubectl")
    if old and str(old) != str(own):
        found["old"] = old
    elif not old:
        print(f"kubectl 1.20 is left out: {why}")
    for index, path in enumerate(filter(None, os.environ.get("EDGECORE_KUBECTL", "").split(":"))):
        found[f"given{index}"] = path
    return found


with MetaNode() as node:
    available = programs(node)
    if not available:
        skip("there is no kubectl")
    node.start_meta()
    furnish(node)

    def write(entry):
        tag, program = entry
        print(f"{tag}: {program}")
        watch(node, program, tag)
        write_all(node, program, tag)

    with concurrent.futures.ThreadPoolExecutor(len(available)) as pool:
        list(pool.map(write, available.items()))
    wait_pods(node)
    references = {}
    read_all(node, available, references)
    node.stop("cloudsim")
    read_all(node, available, references)
    print(f"{len(commands)} commands, {len(failures)} failed")
    if failures:
        print("failed: " + "; ".join(failures))
        sys.exit(1)
