# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to its connection, the node recovers by itself once the cause is gone: it renews its lease, is Ready, gets the
changes made meanwhile, and edgecore neither ends nor needs a restart. The test flips every switch of the test cloud that affects the
connection on a running node, and takes its network away like a cable or a radio link. (Switches that leave the
connection alone: strange_messages_do_no_harm.)

run.py [SECONDS [SEED]]: how long each fault lasts, and the seed of the order and the exact lengths. By default 1.5 s, each in a
fresh edgecore. With an argument one edgecore with the default heartbeat lives through all of them with stable times in between,
including a cloud whose node limit is reached, which looks healthy until no request was answered for 75 s.

What is asserted: 3 s from the end of the fault to a renewed lease where the node can know of the end (the connection was cut, or
an interface came up). Where it cannot, because the cloud refused it, the delay between attempts is added: it doubles from 1 to 30 s
and varies by a quarter. What changed meanwhile comes with the cloud's next round of its 5 s loop. A dead connection is noticed
within 30 s.
"""
import random
import sys
import time

from node import NETWORK, Node, pod, wait

LONG = len(sys.argv) > 1
LASTS = float(sys.argv[1]) if LONG else 1.5
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 31)
HEARTBEAT = 15 if LONG else 3
READY_WITHIN = 3.0
NOTICED_WITHIN = 30.0
SYNC_ROUND = 5.0
print(f"seed {SEED}")


def text(value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "news", "namespace": "default"}, "data": {"text": value}}


def longest_delay(lasted):
    """The longest possible delay before the next attempt, when a refusal has lasted this many seconds."""
    delay, since = 1.0, 0.0
    while since < lasted:
        since += delay * 0.75
        delay = min(30.0, delay * 2)
    return min(30.0, delay / 2 * 1.25) if since else delay


class Trial:
    def __init__(self, node):
        self.node = node
        self.rows = []

    def connects(self):
        return self.node.sim_state().get("connects", 0)

    def heard(self, value):
        rows = self.node.rows("SELECT value FROM meta WHERE key = 'default/configmap/news'")
        return bool(rows) and f'"{value}"' in rows[0][0]

    def pod_change_arrives(self, what):
        """Changes the pod and waits until the node's database has the change; returns the time it took."""
        value = f"{what} {time.monotonic()}"
        patch = {"metadata": {"annotations": {"test/seen": value}}}
        code, answer = self.node.api("PATCH", "/api/v1/namespaces/default/pods/reader", patch, "application/merge-patch+json")
        assert code == 200, (code, answer)
        row = "SELECT value FROM meta WHERE key = 'default/pod/reader'"
        return wait(f"{what}: a change of a pod arrives", lambda: f'"{value}"' in self.node.rows(row)[0][0], READY_WITHIN + SYNC_ROUND)

    def recovered(self, what, lease, news=None, noticed=None, lasted=0.0, ready_within=READY_WITHIN, begin=None):
        """Checks after a fault: the lease is renewed, the node Ready, and changes made meanwhile and now arrive."""
        begin = begin or time.monotonic()
        wait(f"{what}: the lease is renewed", lambda: self.node.lease() != lease, ready_within)
        wait(f"{what}: Ready", self.node.ready, ready_within)
        leased = time.monotonic() - begin
        if news:
            wait(f"{what}: what changed meanwhile arrives", lambda: self.heard(news), READY_WITHIN + SYNC_ROUND)
        told = time.monotonic() - begin if news else None
        changed = self.pod_change_arrives(what)
        assert self.node.edgecore.poll() is None, f"{what}: edgecore ended with {self.node.edgecore.returncode}"
        self.row(what, lasted, noticed, leased, ready_within, told, changed)

    def row(self, what, lasted, noticed, leased, bound, told=None, changed=None):
        def cell(value):
            return "-" if value is None else f"{value:.2f}"

        self.rows.append(f"{what:44} {cell(lasted):>8} {cell(noticed):>8} {cell(leased):>8} {cell(bound):>8} {cell(told):>8} {cell(changed):>8}")
        print(self.rows[-1], flush=True)

    def table(self):
        print("\nin seconds; lease: from the end of the fault until it is renewed and the node Ready, at most bound; news: until what\n"
              "changed meanwhile is there; pod: what is changed now")
        print(f"{'fault':44} {'lasted':>8} {'noticed':>8} {'lease':>8} {'bound':>8} {'news':>8} {'pod':>8}")
        print("\n".join(self.rows))

    def prepare(self, what):
        if LONG:
            time.sleep(22)  # a connection that lasted this long resets the delays
        else:  # a new life starts with the first delay too
            connects, lease = self.connects(), self.node.lease()
            status = self.node.restart_edgecore()
            assert status == 0, f"before {what}: edgecore ended with {status}"
            wait("connected again", lambda: self.connects() > connects, 10)
            wait("the first lease", lambda: self.node.lease() != lease, 10)
        return len(self.node.log())

    def lasts(self, seconds=LASTS):
        span = seconds * random.uniform(0.9, 1.1)
        time.sleep(span)
        return span

    def closed_door(self, what, *faults, within=None, interface_comes_up=False, seconds=LASTS):
        """Cuts the connection; new ones meet one fault after the other for a while. Each fault: (switches, its trace in the log)."""
        mark = self.prepare(what)
        value = f"during {what}"
        begin = time.monotonic()
        for at, (switches, trace) in enumerate(faults):
            self.node.faults(**DEFAULTS | switches)
            if at == 0:
                self.node.action("cut")
                self.node.apply(text(value))
            self.lasts(seconds)
            if at == 0 or not LONG:  # the log reports repeated failures ever more rarely
                wait(f"{what}: the log says \"{trace}\"", lambda: trace in self.node.log()[mark:], longest_delay(seconds) + 2)
        assert not self.heard(value), f"{what}: the fault did nothing"
        lease = self.node.lease()
        lasted = time.monotonic() - begin
        self.node.faults(**DEFAULTS)
        if interface_comes_up:
            NETWORK.uplink(False)
            NETWORK.uplink(True)
            within = READY_WITHIN
        self.recovered(what, lease, value, lasted=lasted, ready_within=within or READY_WITHIN + longest_delay(lasted))

    def cut(self, what, action):
        self.prepare(what)
        connects = self.connects()
        value = f"during {what}"
        lease = self.node.lease()
        self.node.action(action)
        self.node.apply(text(value))
        self.recovered(what, lease, value)
        assert self.connects() > connects, f"{what}: the connection was not cut"

    def half_open(self, what, successor_dies=False):
        """The cloud neither reads nor writes. CloudCore may close the next connection when it ends this one."""
        mark = self.prepare(what)
        value = f"during {what}"
        self.node.faults(halfOpen=True, closeSuccessor=successor_dies)
        self.node.apply(text(value))
        noticed = wait("the dead connection is noticed", lambda: "silent for two heartbeats" in self.node.log()[mark:], NOTICED_WITHIN)
        if successor_dies:
            ended = "disconnected from the cloud"
            wait("the next connection is closed", lambda: self.node.log()[mark:].count(ended) >= 2, READY_WITHIN)
        lasted = noticed + (self.lasts() if LONG else 0)
        assert not self.heard(value), f"{what}: the fault did nothing"
        lease = self.node.lease()
        self.node.faults(**DEFAULTS)
        self.recovered(what, lease, value, noticed, lasted, READY_WITHIN + (2.5 if successor_dies else 0))

    def lost_path(self, what, seconds):
        """Drops the tunnel's packets both ways; then the uplink comes up again, as after a change of the radio cell."""
        self.prepare(what)
        connects = self.connects()
        value = f"during {what}"
        NETWORK.swallow(self.node.cloud["hub"], True)
        NETWORK.uplink(False)
        self.node.apply(text(value))
        lasted = self.lasts(seconds)
        assert not self.heard(value), f"{what}: the fault did nothing"
        lease = self.node.lease()
        NETWORK.swallow(self.node.cloud["hub"], False)
        NETWORK.uplink(True)
        begin = time.monotonic()
        wait(f"{what}: alive again", lambda: self.node.lease() != lease or self.heard(value), READY_WITHIN)
        alive = time.monotonic() - begin
        if self.connects() > connects:
            return self.recovered(what, lease, value, lasted=lasted, begin=begin)
        # The connection survived and no lease is due: the node never was anything but Ready.
        assert self.node.ready(), f"{what}: not Ready"
        wait(f"{what}: what changed meanwhile arrives", lambda: self.heard(value), READY_WITHIN)
        self.row(what, lasted, None, alive, READY_WITHIN, time.monotonic() - begin, self.pod_change_arrives(what))


DEFAULTS = {"refuseConnections": False, "upgradeStatus": 0, "serverIdentity": "right", "nodeLimit": 500, "halfOpen": False,
            "expiredTokens": False, "closeSuccessor": False}


def main():
    random.seed(SEED)
    with Node() as node:
        node.start_runtime()
        node.start_cloud()
        config = node.config()
        config["modules"]["edgeHub"]["heartbeat"] = HEARTBEAT
        trial = Trial(node)

        # A node without a certificate: an expired token is refused until a valid one is set.
        node.faults(expiredTokens=True)
        node.start_edgecore(config=config)
        lasted = trial.lasts()
        assert node.edgecore.poll() is None and not (node.dir / "certs/server.crt").exists()
        assert "cannot enrol" in node.log(), node.log()
        node.faults(expiredTokens=False)
        bound = READY_WITHIN + longest_delay(lasted)
        trial.row("expired token", lasted, None, node.wait_ready(bound), bound)

        node.apply(text("first"), pod("reader", volumes=[{"name": "news", "configMap": {"name": "news"}}]))
        node.wait_pod_ready("reader")
        container = node.container_status("reader")["containerID"]

        identities = "certificates for another name and of another CA"
        faults = [
            lambda: trial.cut("cut", "cut"),
            lambda: trial.cut("cut in mid-message", "cut-mid-message"),
            lambda: trial.closed_door("refused", ({"refuseConnections": True}, "Connection reset by peer")),
            lambda: trial.closed_door("refused, then an interface comes up", ({"refuseConnections": True}, "Connection reset by peer"),
                                      interface_comes_up=True, seconds=max(LASTS, 8)),
            lambda: trial.closed_door("403 and 500 on upgrade", ({"upgradeStatus": 403}, "with status 403"),
                                      ({"upgradeStatus": 500}, "with status 500")),
            lambda: trial.closed_door(identities, ({"serverIdentity": "wrong-name"}, "IP address mismatch"),
                                      ({"serverIdentity": "wrong-ca"}, "certificate signature failure")),
            lambda: trial.half_open("half-open"),
            lambda: trial.half_open("half-open, the next connection is closed", successor_dies=True),
            lambda: trial.lost_path("path lost for a moment", LASTS),
            lambda: trial.lost_path("path lost for longer", max(LASTS, 2 * HEARTBEAT + 4)),
        ]
        if LONG:
            faults.append(lambda: trial.closed_door("node limit", ({"nodeLimit": 0}, "connected to the cloud"), within=100))
        random.shuffle(faults)
        for fault in faults:
            fault()
        assert node.stop("edgecore") == 0
        status = node.container_status("reader")
        assert status["containerID"] == container and status["restartCount"] == 0, status
        trial.table()


main()
