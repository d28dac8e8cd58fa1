"""What a broken cloud sends, or does not send, neither ends edgecore nor stops the node: lost acks and answers, late answers,
bad JSON, messages for nobody, empty objects, a message of 4 MB and one beyond the limit of 64 MiB.

run.py [SEED [ROUNDS]]: the seed chooses which answers and acks are lost.
"""
import random
import sys
import time

from node import Node, pod, wait

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 31)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
print(f"seed {SEED}")


def text(value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "news", "namespace": "default"}, "data": {"text": value}}


with Node() as node:
    node.start()
    node.apply(text("first"), pod("reader", volumes=[{"name": "news", "configMap": {"name": "news"}}]))
    node.wait_pod_ready("reader")
    container = node.container_status("reader")["containerID"]
    process = node.edgecore

    def lives(what, patience=15):
        """A change arrives and is reported back: the tunnel works both ways."""
        value = f"after {what} {time.monotonic()}"
        node.apply(text(value))
        shown = node.volume("reader", "configmap", "news") / "text"
        took = wait(f"after {what} a change arrives", lambda: shown.read_text() == value, patience)
        assert node.edgecore is process and process.poll() is None, f"{what}: edgecore ended with {process.returncode}"
        print(f"{what}: a change arrives {took:.2f} s later")

    for turn in range(ROUNDS):
        lives("nothing")
        for action in ("bad-json", "unknown-group", "empty-object"):
            node.action(action)
            lives(action)
        node.action("huge-message", bytes=4_000_000)
        lives("a message of 4 MB")
        node.action("huge-message", bytes=70_000_000)
        lives("a message of 70 MB", 30)

        node.faults(dropAcks=0.5, dropAnswers=0.3, answerDelayMs=500, seed=SEED + turn)
        name = f"late{turn}"
        for change in range(4):
            node.apply(text(f"{change} of turn {turn}"))
        node.apply(pod(name))
        wait("the new pod runs although answers are late or lost", lambda: len(node.containers()) == 4, 30)
        node.faults(dropAcks=0, dropAnswers=0, answerDelayMs=0)
        took = node.wait_pod_ready(name, 40)
        print(f"late and lost answers: its status was in the cloud {took:.2f} s after they ended")
        lives("late and lost answers", 30)
        node.delete(name)
        node.wait_gone(name)

    rows = node.rows("SELECT key FROM meta WHERE key LIKE '%empty%' OR key LIKE '%huge%' AND length(value) > 64000000")
    assert not rows, rows
    status = node.container_status("reader")
    assert status["containerID"] == container and status["restartCount"] == 0, status
    print(f"PSS {node.pss_mib():.1f} MiB")
    assert node.stop("edgecore") == 0
