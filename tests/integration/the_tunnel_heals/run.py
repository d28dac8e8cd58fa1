"""Whatever happens to its connection, the node finds back by itself once the cause is gone: it holds a lease again and has
what changed meanwhile, within seconds, and edgecore neither ends nor has to be started again.

run.py [SECONDS]: how long each fault lasts. By default 1.5, each in a fresh edgecore; with an argument one edgecore lives
through all of them with stable times in between, and a cloud whose node limit is reached belongs to them: it looks healthy
until no request was answered for 75 s.
"""
import sys
import time

from node import Node, pod, wait

LONG = len(sys.argv) > 1
LASTS = float(sys.argv[1]) if LONG else 1.5
HEARTBEAT = 3
# Delays between attempts double up to 30 s while a fault lasts, and vary by a quarter.
PATIENCE = 45 if LASTS > 10 else 12


def text(value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "news", "namespace": "default"}, "data": {"text": value}}


class Trial:
    def __init__(self, node):
        self.node = node
        self.turn = 0
        self.slowest = 0

    def connects(self):
        return self.node.sim_state().get("connects", 0)

    def heard(self, value):
        rows = self.node.rows("SELECT value FROM meta WHERE key = 'default/configmap/news'")
        return bool(rows) and f'"{value}"' in rows[0][0]

    def recovered(self, what, value, lease, patience):
        """From the end of a fault: the news are in the database, the lease is renewed, the node is Ready."""
        begin = time.monotonic()
        wait(f"{what}: the lease is renewed", lambda: self.node.lease() != lease, patience)
        leased = time.monotonic() - begin
        wait(f"{what}: what changed meanwhile arrives", lambda: self.heard(value), patience)
        heard = time.monotonic() - begin
        wait(f"{what}: Ready", self.node.ready, patience)
        assert self.node.edgecore.poll() is None, f"{what}: edgecore ended with {self.node.edgecore.returncode}"
        self.slowest = max(self.slowest, heard, leased)
        print(f"{what}: lease after {leased:.1f} s, the news after {heard:.1f} s")

    def prepare(self, what):
        if LONG:
            time.sleep(22)  # a connection that held so long lets the delays start from the beginning
        elif self.turn:
            connects = self.connects()
            status = self.node.restart_edgecore()
            assert status == 0, f"before {what}: edgecore ended with {status}"
            wait("connected again", lambda: self.connects() > connects, 10)
        self.turn += 1

    def closed_door(self, what, *faults, patience=PATIENCE):
        """The connection is cut and new ones meet one fault after the other for a while."""
        self.prepare(what)
        self.node.faults(**faults[0])
        self.node.action("cut")
        value = f"during {what}"
        self.node.apply(text(value))
        for fault in faults:
            self.node.faults(**fault)
            time.sleep(LASTS)
        assert not self.heard(value), f"{what}: the fault did nothing"
        lease = self.node.lease()
        self.node.faults(**DEFAULTS)
        self.recovered(what, value, lease, patience)

    def cut(self, what, action):
        self.prepare(what)
        value = f"during {what}"
        lease = self.node.lease()
        self.node.action(action)
        self.node.apply(text(value))
        self.recovered(what, value, lease, 12)

    def half_open(self):
        what = "half-open"
        self.prepare(what)
        mark = len(self.node.log())
        self.node.faults(halfOpen=True)
        self.node.apply(text("during half-open"))
        noticed = wait("the dead connection is noticed", lambda: "silent for two heartbeats" in self.node.log()[mark:], 30)
        print(f"half-open: noticed after {noticed:.1f} s with a heartbeat of {HEARTBEAT} s")
        lease = self.node.lease()
        self.node.faults(halfOpen=False)
        self.recovered(what, "during half-open", lease, PATIENCE)


DEFAULTS = {"refuseConnections": False, "upgradeStatus": 0, "serverIdentity": "right", "nodeLimit": 500, "halfOpen": False}

with Node() as node:
    node.start_runtime()
    node.start_cloud()
    config = node.config()
    config["modules"]["edgeHub"]["heartbeat"] = HEARTBEAT

    # A node that has no certificate yet: an expired token is refused until it is one that counts.
    node.faults(expiredTokens=True)
    node.start_edgecore(config=config)
    time.sleep(LASTS)
    assert node.edgecore.poll() is None and not (node.dir / "certs/server.crt").exists()
    node.faults(expiredTokens=False)
    print(f"expired token: Ready after {node.wait_ready(PATIENCE):.1f} s")

    news = [{"name": "news", "configMap": {"name": "news"}}]
    node.apply(text("first"), pod("reader", volumes=news))
    node.wait_pod_ready("reader")
    container = node.container_status("reader")["containerID"]

    trial = Trial(node)
    trial.cut("cut", "cut")
    trial.cut("cut in mid-message", "cut-mid-message")
    trial.closed_door("refused", {"refuseConnections": True})
    trial.closed_door("403 and 500 on upgrade", {"upgradeStatus": 403}, {"upgradeStatus": 500})
    trial.closed_door("certificates for another name and of another CA", {"serverIdentity": "wrong-name"},
                      {"serverIdentity": "wrong-ca"})
    trial.half_open()
    if LONG:
        trial.closed_door("node limit", {"nodeLimit": 0}, patience=100)
    assert node.stop("edgecore") == 0
    status = node.container_status("reader")
    assert status["containerID"] == container and status["restartCount"] == 0, status
    print(f"slowest recovery {trial.slowest:.1f} s")
