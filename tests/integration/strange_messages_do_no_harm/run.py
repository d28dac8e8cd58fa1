# SPDX-License-Identifier: Apache-2.0
"""A misbehaving cloud neither ends edgecore nor stops the node, and everything works again once the cloud does. Faults:
late answers, lost answers, lost acks, all three at once, bad JSON, messages for nobody, empty objects, node jobs, a message of 4 MB and one
beyond the limit of 64 MiB. (Switches that touch the connection: the_tunnel_heals.)

run.py [SEED [ROUNDS]]: the seed chooses which answers and acks are lost and the order of the faults.

What is asserted after each: edgecore is the same process, the node is Ready and renews its lease (where answers were lost: renews it again), a change of a pod made after the
fault arrives within 3 s (within the cloud's 5 s more where it waits for an ack it had lost), and no message but the one beyond
the limit costs the connection.
"""
import datetime
import random
import sys
import time

from node import Node, pod, wait

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 31)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
ARRIVES_WITHIN = 3.0
RESEND = 5.0  # the cloud's wait for an ack
ASKED_AGAIN_WITHIN = 65.0
LEASE_EVERY = 2.0  # a lease of 8 s, so that the test need not wait long for the next
print(f"seed {SEED}")


def text(value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "news", "namespace": "default"}, "data": {"text": value}}


class Trial:
    def __init__(self, node):
        self.node = node
        self.process = node.edgecore
        self.rows = []
        self.changes = 0

    def connects(self):
        return self.node.sim_state()["connects"]

    def change_arrives(self, what, within):
        """Changes the pod and its ConfigMap, and waits for the database and the volume; returns the time of the slower one."""
        self.changes += 1
        value = f"change {self.changes}"
        begin = time.monotonic()
        patch = {"metadata": {"annotations": {"test/seen": value}}}
        code, answer = self.node.api("PATCH", "/api/v1/namespaces/default/pods/reader", patch, "application/merge-patch+json")
        assert code == 200, (code, answer)
        self.node.apply(text(value))
        row = "SELECT value FROM meta WHERE key = 'default/pod/reader'"
        shown = self.node.volume("reader", "configmap", "news") / "text"
        wait(f"after {what} a change of a pod arrives", lambda: f'"{value}"' in self.node.rows(row)[0][0], within)
        wait(f"after {what} a ConfigMap is updated", lambda: shown.read_text() == value, within)
        return time.monotonic() - begin

    def over(self, what, within=ARRIVES_WITHIN, reconnects=0, begin=None, connects=None, answers_lost=False):
        """Checks after a fault that everything works, and that it cost no more connections than necessary."""
        begin = begin or time.monotonic()
        lease = self.node.lease()
        changed = self.change_arrives(what, within)
        # A request whose answer was lost is made again after a minute, the lease's too (docs/status.md).
        wait(f"after {what} the lease is renewed", lambda: self.node.lease() != lease,
             ASKED_AGAIN_WITHIN if answers_lost else LEASE_EVERY + ARRIVES_WITHIN)
        leased = time.monotonic() - begin
        assert answers_lost or self.node.ready(), f"after {what} the node is not Ready"
        assert self.node.edgecore is self.process and self.process.poll() is None, f"{what}: edgecore ended with {self.process.returncode}"
        lost = self.connects() - connects
        assert lost <= reconnects, f"{what} cost {lost} connections"
        self.rows.append(f"{what:32} {changed:8.2f} {within:8.1f} {leased:8.2f} {lost:12}")
        print(self.rows[-1], flush=True)

    def message(self, what, action, trace=None, within=ARRIVES_WITHIN, reconnects=0, **more):
        connects = self.connects()
        mark = len(self.node.log())
        begin = time.monotonic()
        self.node.action(action, **more)
        if trace:
            wait(f"the log says \"{trace}\"", lambda: trace in self.node.log()[mark:], 10)
        self.over(what, within, reconnects, begin=begin, connects=connects)

    def late_answers(self):
        """Each answer comes 1.5 s late: slow, but nothing else changes."""
        connects = self.connects()
        self.node.faults(answerDelayMs=1500)
        begin = time.monotonic()
        self.node.apply(pod("late", automountServiceAccountToken=False))
        self.node.wait_pod_ready("late", 30)
        assert time.monotonic() - begin > 1.5, "answers were not late"
        self.node.faults(answerDelayMs=0)
        self.remove("late")
        self.over("late answers", connects=connects)

    def lost_acks(self):
        """The cloud loses acks: it sends the same message again, which is stored once and acknowledged again."""
        connects, resends = self.connects(), self.node.sim_state()["resends"]
        self.node.faults(dropAcks=1)
        self.node.apply(text("unheard"))
        shown = self.node.volume("reader", "configmap", "news") / "text"
        wait("the change arrives all the same", lambda: shown.read_text() == "unheard", ARRIVES_WITHIN)
        wait("the cloud sends it again", lambda: self.node.sim_state()["resends"] > resends, RESEND + 1)
        self.node.faults(dropAcks=0)
        self.over("lost acks", RESEND + ARRIVES_WITHIN, connects=connects)

    def lost_answers(self):
        """No answer at all for a while, the lease's among them."""
        connects = self.connects()
        self.node.faults(dropAnswers=1)
        lease = self.node.lease()
        wait("a lease is written whose answer is lost", lambda: self.node.lease() != lease, LEASE_EVERY + 2)
        self.node.faults(dropAnswers=0)
        self.over("lost answers", connects=connects, answers_lost=True)

    def all_at_once(self):
        connects = self.connects()
        self.node.faults(dropAcks=0.5, dropAnswers=0.3, answerDelayMs=500, seed=SEED)
        running = len(self.node.containers())
        for change in range(4):
            self.node.apply(text(f"storm {change}"))
        self.node.apply(pod("storm", automountServiceAccountToken=False))  # a request for a token would be repeated only after a minute
        wait("the new pod runs although answers are late or lost", lambda: len(self.node.containers()) == running + 2, 60)
        self.node.faults(dropAcks=0, dropAnswers=0, answerDelayMs=0)
        took = self.node.wait_pod_ready("storm", ASKED_AGAIN_WITHIN)
        print(f"late and lost answers: a pod's status was in the cloud {took:.2f} s after they ended")
        self.over("late and lost answers and acks", 30, connects=connects, answers_lost=True)
        self.remove("storm")

    def node_jobs(self):
        """Every kind of job of a later cloud ends with one failed action; one without a job's name is ignored."""
        connects = self.connects()
        round_ = self.changes
        jobs = [f"operations.kubeedge.io/v1alpha2/{kind}/j-{round_}/node/{self.node.name}" for kind in
                ("nodeupgradejob", "imageprepulljob", "configupdatejob", "laterjob")]
        for number, resource in enumerate(["operations.kubeedge.io/v1alpha2/nodeupgradejob/node", *jobs, jobs[0]]):
            self.node.action("send", message={
                "header": {"msg_id": f"job-{round_}-{number}", "timestamp": 1718000000000},
                "route": {"source": "taskmanager", "group": "taskmanager", "operation": "Check", "resource": resource},
                "content": {"nodeNames": [self.node.name], "timeoutSeconds": 300}})

        def reports():
            return [kept for kept in self.node.sim_state()["kept"] if kept["route"]["operation"] == "UpdateNodeActionStatus"
                    and kept["route"]["resource"] in jobs]

        wait("each job is answered", lambda: len(reports()) >= len(jobs), 5)
        self.over("node jobs", connects=connects)
        assert sorted(report["route"]["resource"] for report in reports()) == sorted(jobs), reports()
        for report in reports():
            content = report["content"]
            assert sorted(content) == ["action", "extend", "finishTime", "reason", "succ"], content
            assert content["action"] == "Check" and content["succ"] is False and content["reason"], content
            datetime.datetime.strptime(content["finishTime"], "%Y-%m-%dT%H:%M:%SZ")

    def remove(self, name):
        self.node.delete(name)
        self.node.wait_gone(name)

    def table(self):
        print("\nin seconds after the fault; change: until a change of a pod and of a ConfigMap is there, at most bound; lease: until it is renewed")
        print(f"{'fault':32} {'change':>8} {'bound':>8} {'lease':>8} {'reconnects':>12}")
        print("\n".join(self.rows))




def main():
    with Node() as node:
        node.start_runtime()
        node.start_cloud()
        config = node.config()
        config["modules"]["edged"]["tailoredKubeletConfig"]["nodeLeaseDurationSeconds"] = int(4 * LEASE_EVERY)
        node.start_edgecore(config=config)
        node.wait_ready()
        node.apply(text("first"), pod("reader", volumes=[{"name": "news", "configMap": {"name": "news"}}]))
        node.wait_pod_ready("reader")
        container = node.container_status("reader")["containerID"]
        trial = Trial(node)
        for turn in range(ROUNDS):
            faults = [
                lambda: trial.message("bad JSON", "bad-json", trace="that cannot be read" if turn == 0 else None),
                lambda: trial.message("a message for nobody", "unknown-group", trace="ignoring a message from the cloud about"),
                lambda: trial.message("an empty object", "empty-object"),
                lambda: trial.message("a message of 4 MB", "huge-message", bytes=4_000_000),
                lambda: trial.message("a message of 70 MB", "huge-message", bytes=70_000_000, trace="disconnected", within=10, reconnects=1),
                trial.node_jobs,
                trial.late_answers,
                trial.lost_acks,
            ]
            random.Random(SEED + turn).shuffle(faults)
            for fault in faults:
                fault()
        # Last, because the cloud may mark the node as lost until the lease is renewed and the status reported.
        trial.all_at_once()
        trial.lost_answers()

        rows = node.rows("SELECT key FROM meta WHERE key LIKE '%empty%' OR key LIKE '%huge%' AND length(value) > 64000000")
        assert not rows, rows
        status = node.container_status("reader")
        assert status["containerID"] == container and status["restartCount"] == 0, status
        trial.table()
        print(f"PSS {node.pss_mib():.1f} MiB")
        assert node.stop("edgecore") == 0


main()
