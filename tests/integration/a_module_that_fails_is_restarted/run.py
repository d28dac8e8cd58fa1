# SPDX-License-Identifier: Apache-2.0
"""Each module is made to throw and to hang (edgecore_faulty, tests/faulty) while pods run and objects change: it is
restarted, process and containers stay, changes made meanwhile arrive, leases are renewed. A message that makes a module fail twice is
set aside, acknowledged, and does not come back. /readyz names the module that does not run.
"""
import socket
import threading
import time

from metaserver import MetaNode
from node import pod, wait

HANG_AFTER = 3.0  # seconds; the product waits 30
WATCHDOG = 8.0    # seconds, of the service; it is fed twice as often
MODULES = ("websocket", "metamanager", "edged")


class Watchdog(threading.Thread):
    """Plays the service manager at the notification socket."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.last, self.longest = None, 0.0

    def run(self):
        while True:
            if self.socket.recv(4096).startswith(b"WATCHDOG=1"):
                now = time.monotonic()
                self.longest = max(self.longest, now - (self.last or now))
                self.last = now


def config(name, text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"text": text}}


def reader(name):
    sources = [{"configMap": {"name": c, "optional": True, "items": [{"key": "text", "path": c}]}} for c in ("news", "poison", "venom")]
    return pod(name, volumes=[{"name": "all", "projected": {"sources": sources}}],
               container={"volumeMounts": [{"name": "all", "mountPath": "/all"}]}, terminationGracePeriodSeconds=1)


with MetaNode() as node:
    node.program = "edgecore_faulty"
    faults = node.dir / "faults"
    faults.mkdir()
    watchdog = Watchdog(node.dir / "notify")
    watchdog.start()
    node.start_runtime()
    node.start_cloud()
    settings = node.config()
    settings["modules"]["edged"]["tailoredKubeletConfig"]["nodeLeaseDurationSeconds"] = 8  # renewed every 2 s
    (faults / "troublemaker.start").touch()
    node.start_edgecore(config=settings, env={
        "EDGECORE_FAULTS": str(faults), "EDGECORE_HANG_AFTER_MS": str(int(HANG_AFTER * 1000)),
        "NOTIFY_SOCKET": str(node.dir / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))})
    process = node.edgecore

    def failures(module):
        return node.log().count(f"module {module} has failed and restarts")

    def shown(name):
        path = node.volume("calm", "projected", "all") / name
        return path.read_text() if path.exists() else None

    def cause(module, fault):
        """Causes a fault, and returns when it has happened."""
        (faults / f"{module}.{fault}").touch()
        wait(f"{module} takes its {fault}", lambda: not (faults / f"{module}.{fault}").exists(), 30)

    def check_untouched():
        assert process.poll() is None, f"the process ended with {process.returncode}"
        status = node.container_status("calm")
        assert (status["containerID"], status["restartCount"]) == calm, status
        container = calm[0].split("//")[1]
        assert node.containers().get(container) == pid, "the container is another process"

    # A module that cannot start does not affect the others.
    node.wait_ready()
    assert failures("troublemaker") >= 1
    unready = node.meta("GET", "/readyz")
    assert unready.code == 500 and "[-]module/troublemaker failed: it " in unready.text, unready
    assert "[+]module/edged ok" in unready.text and node.meta("GET", "/livez").code == 200, unready
    assert node.meta("GET", "/readyz?exclude=module/troublemaker").text == "ok"
    node.apply(config("news", "first"), reader("calm"))
    node.wait_pod_ready("calm")
    status = node.container_status("calm")
    calm = (status["containerID"], status["restartCount"])
    pid = node.containers()[calm[0].split("//")[1]]
    (faults / "troublemaker.start").unlink()
    (faults / "troublemaker.throw").touch()
    wait("the test's module has come to run, and failed again", lambda: not (faults / "troublemaker.throw").exists(), 40)

    for module in MODULES:
        other = f"during-{module}"
        for fault in ("throw", "hang"):
            before = failures(module)
            cause(module, fault)
            lease = node.lease()
            node.apply(config("news", f"{module} {fault}"))
            if fault == "throw":
                node.apply(reader(other))
            else:
                node.delete(other)
            took = wait(f"{module} is given up and started again", lambda: failures(module) == before + 1, HANG_AFTER * 3 + 10)
            assert (fault == "hang") == (took > HANG_AFTER / 3), f"{module}: {fault} was noticed after {took:.1f} s"
            seen = wait("a change made during the fault arrives", lambda: shown("news") == f"{module} {fault}", 40)
            if fault == "throw":
                node.wait_pod_ready(other, 40)
            else:
                node.wait_gone(other, 40)
            wait("the lease goes on", lambda: node.lease() != lease, 40)
            node.apply(config("news", f"after {module} {fault}"))
            wait("a change made after the fault arrives", lambda: shown("news") == f"after {module} {fault}", 10)
            check_untouched()
            print(f"{module} {fault}: noticed {took:.1f} s after it struck, the change was there after {took + seen:.1f} s")

    # A message that a module fails on twice.
    for module, name in (("metamanager", "poison"), ("edged", "venom")):
        what = f"default/configmap/{name}"
        before = failures(module)
        (faults / f"{module}.throw-on").write_text(f"insert {what}\n")
        node.apply(config(name, "evil"))
        wait(f"{what} is set aside", lambda: node.rows(
            "SELECT count(*) FROM edgecore_poison WHERE module = ? AND resource = ?", module, what)[0][0], 60)
        assert failures(module) == before + 2, (module, failures(module) - before)
        wait(f"the cloud has an acknowledgement of {what}", lambda: any(
            row[0] == "ConfigMap" and row[2] == name and row[4] > 0 for row in node.acknowledged()), 30)
        time.sleep(7)  # the cloud sends what is not acknowledged again after 5 s
        (faults / f"{module}.throw-on").unlink()
        assert failures(module) == before + 2, f"{what} comes back"
        node.apply(config(name, "better"))
        wait("a later version arrives", lambda: shown(name) == "better", 40)
        check_untouched()

    # Abandoned threads run again and must do no harm.
    for module in MODULES:
        (faults / f"{module}.let-go").touch()
    time.sleep(1)
    node.apply(config("news", "last"))
    wait("a change arrives", lambda: shown("news") == "last", 10)
    check_untouched()
    assert watchdog.last and watchdog.longest < WATCHDOG, f"the watchdog was not fed for {watchdog.longest:.1f} s"
    # Messages that arrived while a module hung were acknowledged late; there is no other violation.
    violations = [text for text in node.sim_state().get("violations", []) if not text.startswith("No ack within 5 s")]
    assert not violations, violations

    # A hanging module does not delay the end of the program.
    (faults / "edged.let-go").unlink()
    cause("edged", "hang")
    begin = time.monotonic()
    status = node.stop("edgecore")
    took = time.monotonic() - begin
    assert status == 0 and took < 8, f"edgecore ended with {status} after {took:.1f} s"
    assert "edged hangs and is replaced; its old thread is cut off from the bus: it did not stop in time" in node.log()
    assert node.containers().get(calm[0].split("//")[1]) == pid
