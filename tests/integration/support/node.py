# SPDX-License-Identifier: Apache-2.0
"""A whole node for one integration test: private containerd, test cloud and edgecore below one temporary folder.

    with Node() as node:
        node.start()
        node.apply(pod("p"))
        node.wait_pod("p", phase="Running")

On exit all processes are ended by pid and all files removed; if the test failed, logs are shown. A test is a script that exits
0 (passed), 77 (cannot run here: says why) or anything else. Environment: EDGECORE_BUILD, the build directory; EDGECORE_KEEP, a
folder into which the logs and the database of a test that fails are copied.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from network import Network
from teardown import hierarchies, teardown

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("EDGECORE_BUILD", ROOT / "build/release")).resolve()
IMAGE = "localhost/busybox:1.35"


def skip(why):
    print("skipped:", why)
    sys.exit(77)


if os.geteuid() != 0:
    skip("a node needs root")
for needed in ("ip", "iptables", "containerd", "runc"):
    if not shutil.which(needed):
        skip(f"{needed} is not installed")
try:
    NETWORK = Network()  # this process and its children are in it from here on
except PermissionError:
    skip("a network namespace of its own needs CAP_SYS_ADMIN")
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))


def wait(what, condition, seconds=20, every=0.02):
    """Waits until condition() is true and returns how long it took; AssertionError names `what`."""
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return time.monotonic() - begin
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def alive(pid):
    """False also for zombies, whose parent has not waited yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pod(name, command="trap exit TERM; while true; do sleep 1 & wait; done", **spec):
    """A pod of one busybox container; `spec` adds to or replaces members of its spec."""
    container = {"name": "c", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command]}
    container.update(spec.pop("container", {}))
    body = {"terminationGracePeriodSeconds": 2, "containers": [container], "tolerations": [{"operator": "Exists"}]}
    body.update(spec)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": body}


class Node:
    def __init__(self, name="edge1"):
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="edgecore-it-"))
        # Cleans up if this process is killed, when its standard input ends.
        self.cleaner = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("teardown.py"), self.dir],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        self.processes = {}
        self.endpoint = None
        self.cloud = None
        self.failed = False
        self.program = "edgecore"  # or "edgecore_faulty" (tests/faulty)
        self.cloud_options = []  # more arguments of cloudsim
        self.mqtt = None  # a Mosquitto (mqtt.py): then eventBus is enabled, with it as the external broker
        self.modules = {}  # settings in addition to config()'s, by module: {"serviceBus": {"enable": True}}

    # --- life -----------------------------------------------------------------------------------------------------
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second signal must not interrupt the clean-up
        self.failed = kind is not None and not (kind is SystemExit and value.code in (0, 77))
        try:
            if self.failed:
                self.tell()
            for name in ("edgecore", "cloudsim"):
                self.stop(name)
            if self.mqtt:
                self.mqtt.stop()
        finally:
            teardown(self.dir)
            self.stop("containerd")
            self.cleaner.stdin.close()
            self.cleaner.wait()

    def tell(self):
        """Shows the logs of a failed test. A failure here must not prevent the clean-up."""
        try:
            for log in ("edgecore", "cloudsim"):
                path = self.dir / f"{log}.log"
                if path.exists():
                    print(f"--- the end of {log}.log\n" + "\n".join(path.read_text(errors="replace").splitlines()[-60:]))
            if os.environ.get("EDGECORE_KEEP"):
                self.keep(pathlib.Path(os.environ["EDGECORE_KEEP"]) / self.dir.name)
        except Exception as problem:
            with contextlib.suppress(OSError):
                print(f"logs could not be shown or kept: {problem}", file=sys.stderr)

    def keep(self, where):
        """Copies logs and database to `where`."""
        where.mkdir(parents=True, exist_ok=True)
        for path in [*self.dir.glob("*.log"), *self.dir.glob("*.yaml"), *self.dir.glob("db/*"), self.dir / "cloud/state.json",
                     self.dir / "runtime/containerd.log"]:
            if path.is_file():
                shutil.copy(path, where)
        for name, argv in (("containers", ("containers", "ls")), ("tasks", ("task", "ls"))):
            done = self.run("ctr", "--address", self.dir / "runtime/containerd.sock", "--namespace", "k8s.io", *argv, check=False, timeout=20)
            (where / f"{name}.txt").write_text(done.stdout + done.stderr)
        print(f"logs and database are kept in {where}")

    def start(self):
        """Starts runtime, cloud and edgecore; returns when the node is Ready in the cloud."""
        self.start_runtime()
        self.start_cloud()
        self.start_edgecore()
        self.wait_ready()

    def run(self, *argv, check=True, **more):
        return subprocess.run([str(a) for a in argv], check=check, capture_output=True, text=True, **more)

    def start_runtime(self):
        done = self.run(ROOT / "scripts/test-runtime.sh", "up", self.dir / "runtime", check=False)
        if done.returncode != 0:
            raise AssertionError("containerd did not start: " + done.stderr[-2000:])
        self.endpoint = done.stdout.strip().splitlines()[-1]

    def spawn(self, name, argv, env=None):
        log = open(self.dir / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                env={**os.environ, **(env or {})}, start_new_session=True)
        return self.processes[name]

    def stop(self, name, how=signal.SIGTERM, seconds=15):
        """Ends a process; returns its exit status (negative: the signal that ended it)."""
        process = self.processes.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def start_cloud(self):
        """Starts the cloud, or restarts it after stop("cloudsim") with the same ports, certificates and objects."""
        argv = [BUILD / "bin/cloudsim", "--dir", self.dir / "cloud", *self.cloud_options]
        if self.cloud:
            argv += [word for port in ("api", "http", "hub", "router") for word in (f"--{port}", self.cloud[port])]
        log = self.dir / "cloudsim.log"
        begin = log.stat().st_size if log.exists() else 0
        process = self.spawn("cloudsim", argv)

        def announced():
            if process.poll() is not None:
                raise AssertionError(f"cloudsim ended with {process.returncode}")
            for line in log.read_bytes()[begin:].decode(errors="replace").splitlines():
                if line.startswith("{") and '"token"' in line:
                    return json.loads(line)

        wait("cloudsim says its ports", announced, 10)
        self.cloud = announced()

    def config(self):
        config = {
            "apiVersion": "edgecore.config.kubeedge.io/v1alpha2",
            "kind": "EdgeCore",
            "database": {"dataSource": str(self.dir / "db/edgecore.db")},
            "modules": {
                "edgeHub": {
                    "httpServer": f"https://127.0.0.1:{self.cloud['http']}",
                    "token": self.cloud["token"],
                    "tlsCaFile": str(self.dir / "ca/rootCA.crt"),
                    "tlsCertFile": str(self.dir / "certs/server.crt"),
                    "tlsPrivateKeyFile": str(self.dir / "certs/server.key"),
                    "websocket": {"enable": True, "server": f"127.0.0.1:{self.cloud['hub']}"},
                },
                "edged": {
                    "hostnameOverride": self.name,
                    "rootDirectory": str(self.dir / "edged"),
                    "podSandboxImage": "localhost/pause:3.9",
                    "tailoredKubeletConfig": {
                        "containerRuntimeEndpoint": self.endpoint,
                        "imageServiceEndpoint": self.endpoint,
                        "staticPodPath": str(self.dir / "manifests"),
                        "cgroupRoot": self.cgroup,
                        "readOnlyPort": 0,
                        # the machine's own shortages must not matter
                        "evictionHard": {signal: "0%" for signal in ("imagefs.available", "memory.available",
                                                                     "nodefs.available", "nodefs.inodesFree")},
                        "imageGCHighThresholdPercent": 100,
                    },
                },
                "eventBus": {"enable": True, "mqttServerExternal": self.mqtt.address} if self.mqtt else {"enable": False},
                "deviceTwin": {"enable": False, "dmiSockPath": str(self.dir / "dmi.sock")},
            },
        }
        for module, settings in self.modules.items():
            config["modules"].setdefault(module, {}).update(settings)
        return config

    def start_edgecore(self, env=None, config=None, wrapper=()):
        path = self.dir / "edgecore.yaml"
        if config is not None or not path.exists():
            (self.dir / "db").mkdir(exist_ok=True)
            self.make_cgroup()
            path.write_text(json.dumps(config or self.config()))
        env = {"CHECK_EDGECORE_ENVIRONMENT": "false", "EDGECORE_POD_LOGS": str(self.dir / "pods"),
               "EDGECORE_CONTAINER_LOGS": str(self.dir / "containers"), **(env or {})}
        return self.spawn("edgecore", [*wrapper, BUILD / "bin" / self.program, "--config", path], env)

    def restart_edgecore(self, how=signal.SIGTERM):
        status = self.stop("edgecore", how)
        self.start_edgecore()
        return status

    def private_broker(self):
        """The process id of edgecore's private mosquitto (mqttMode 0 and 1); None if it does not run."""
        directory = self.dir / "db/mosquitto"
        try:
            pid = int((directory / "mosquitto.pid").read_text())
            started_with = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if str(directory / "mosquitto.conf").encode() in started_with else None

    @property
    def edgecore(self):
        return self.processes["edgecore"]

    # --- cgroups --------------------------------------------------------------------------------------------------
    @property
    def cgroup(self):
        return f"/{self.dir.name}"

    def make_cgroup(self):
        for hierarchy in hierarchies():
            made = hierarchy / self.cgroup.strip("/")
            made.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):  # a new cpuset of v1 is empty and takes no process
                if (made / file).exists() and not (hierarchy / "cgroup.controllers").exists():
                    (made / file).write_text((hierarchy / file).read_text())

    # --- the cloud's API ------------------------------------------------------------------------------------------
    def api(self, method, path, body=None, kind="application/json"):
        """(status code, object) of a request to the cloud's Kubernetes API."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.cloud['api']}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"message": text.decode(errors="replace")}

    PLURALS = {"Pod": "pods", "ConfigMap": "configmaps", "Secret": "secrets"}

    def path_of(self, item, name=True):
        meta = item["metadata"]
        path = f"/api/v1/namespaces/{meta.get('namespace', 'default')}/{self.PLURALS[item['kind']]}"
        return f"{path}/{meta['name']}" if name else path

    def create(self, path, body):
        """POSTs an object of any kind to the cloud; returns the stored one."""
        code, answer = self.api("POST", path, body)
        assert code == 201, (path, code, answer)
        return answer

    def apply(self, *items):
        for item in items:
            code, answer = self.api("POST", self.path_of(item, name=False), item)
            if code == 409:
                code, answer = self.api("PATCH", self.path_of(item), item, "application/merge-patch+json")
            assert code in (200, 201), (code, answer)

    def get(self, name, kind="pods", namespace="default"):
        code, answer = self.api("GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}")
        return answer if code == 200 else None

    def delete(self, name, kind="pods"):
        code, answer = self.api("DELETE", f"/api/v1/namespaces/default/{kind}/{name}")
        assert code in (200, 202), (code, answer)

    def node_object(self):
        code, answer = self.api("GET", f"/api/v1/nodes/{self.name}")
        return answer if code == 200 else {}

    def ready(self):
        for condition in self.node_object().get("status", {}).get("conditions", []):
            if condition["type"] == "Ready":
                return condition["status"] == "True"
        return False

    def wait_ready(self, seconds=15):
        return wait("the node is Ready in the cloud", self.ready, seconds)

    def lease(self):
        code, answer = self.api("GET", f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{self.name}")
        return answer["spec"]["renewTime"] if code == 200 else None

    def pod_ready(self, name):
        conditions = (self.get(name) or {}).get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def wait_pod(self, name, phase="Running", seconds=30):
        return wait(f"pod {name} is {phase}", lambda: (self.get(name) or {}).get("status", {}).get("phase") == phase, seconds)

    def wait_pod_ready(self, name, seconds=30):
        return wait(f"pod {name} is Ready", lambda: self.pod_ready(name), seconds)

    def wait_gone(self, name, seconds=30):
        return wait(f"pod {name} is gone", lambda: self.get(name) is None, seconds)

    def container_status(self, name, index=0):
        statuses = (self.get(name) or {}).get("status", {}).get("containerStatuses") or []
        return statuses[index] if len(statuses) > index else {}

    def faults(self, **switches):
        code, answer = self.api("POST", "/sim/faults", switches)
        assert code == 200, (code, answer)

    def action(self, action, **more):
        """Triggers one of the cloud's one-time faults (tests/cloudsim/README.md)."""
        code, answer = self.api("POST", "/sim/actions", {"action": action, **more})
        assert code == 200, (code, answer)

    def sim_state(self):
        """The cloud's record of this node: up, down, connects, resends, violations."""
        code, answer = self.api("GET", "/sim/state")
        assert code == 200, (code, answer)
        return answer["nodes"].get(self.name, {})

    def acknowledged(self):
        """[(kind, namespace, name, uid, version)] of all objects that the cloud has delivered to this node; version 0: not acknowledged."""
        code, answer = self.api("GET", "/apis/reliablesyncs.kubeedge.io/v1alpha1/objectsyncs")
        assert code == 200, (code, answer)
        rows = []
        for item in answer["items"]:
            owner, _, uid = item["metadata"]["name"].rpartition(".")
            if owner == self.name:
                rows.append((item["spec"]["objectKind"], item["metadata"]["namespace"], item["spec"]["objectName"], uid,
                             int(item["status"]["objectResourceVersion"] or 0)))
        return rows

    # --- the machine ----------------------------------------------------------------------------------------------
    def containers(self):
        """{container id: pid} of running containers, pauses included, as containerd lists them."""
        done = self.run("ctr", "--address", self.dir / "runtime/containerd.sock", "--namespace", "k8s.io", "task", "ls")
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        return {row[0]: int(row[1]) for row in rows if row[2] == "RUNNING"}

    def made_containers(self):
        """All containers that containerd knows, pauses and ended ones included."""
        done = self.run("ctr", "--address", self.dir / "runtime/containerd.sock", "--namespace", "k8s.io", "containers", "ls", "-q")
        return set(done.stdout.split())

    def containers_of(self, uid):
        """Those of them that belong to the pod with that UID."""
        done = self.run("ctr", "--address", self.dir / "runtime/containerd.sock", "--namespace", "k8s.io", "containers", "ls", "-q",
                        f'labels."io.kubernetes.pod.uid"=={uid}')
        return set(done.stdout.split())

    def kill_runtime(self):
        """kill -9 of containerd alone; containers run on under their shims."""
        path = self.dir / "runtime/containerd.pid"
        pid = int(path.read_text())
        os.kill(pid, signal.SIGKILL)
        wait("containerd has ended", lambda: not alive(pid), 10)

    def restart_runtime(self):
        """Starts containerd after kill_runtime(), on the same folders."""
        runtime = self.dir / "runtime"
        with open(runtime / "containerd.log", "ab") as log:
            process = subprocess.Popen(["containerd", "--config", str(runtime / "containerd.toml")], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, start_new_session=True)
        self.processes["containerd"] = process  # ended by test-runtime.sh, reaped here
        (runtime / "containerd.pid").write_text(f"{process.pid}\n")

    def rows(self, query, *arguments):
        """Rows of the database, read only; edgecore may have it open."""
        with contextlib.closing(sqlite3.connect(f"file:{self.dir}/db/edgecore.db?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(query, arguments).fetchall()

    def dead_rows(self, query, *arguments):
        """Rows of the database as a killed edgecore left it; from a copy, so that SQLite does not recover the original."""
        with tempfile.TemporaryDirectory(dir=self.dir) as copy:
            for path in (self.dir / "db").glob("edgecore.db*"):
                if path.name in ("edgecore.db", "edgecore.db-wal"):
                    shutil.copy(path, copy)
            with contextlib.closing(sqlite3.connect(f"{copy}/edgecore.db")) as db:
                return db.execute(query, arguments).fetchall()

    def log_of(self, name, container="c", attempt=0):
        uid = self.get(name)["metadata"]["uid"]
        path = self.dir / "pods" / f"default_{name}_{uid}" / container / f"{attempt}.log"
        return path.read_text() if path.exists() else ""

    def volume(self, name, plugin, volume):
        uid = self.get(name)["metadata"]["uid"]
        return self.dir / "edged/pods" / uid / "volumes" / f"kubernetes.io~{plugin}" / volume

    def pss_mib(self):
        text = pathlib.Path(f"/proc/{self.edgecore.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024

    def log(self, name="edgecore"):
        return (self.dir / f"{name}.log").read_text(errors="replace")
