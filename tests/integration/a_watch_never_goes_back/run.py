# SPDX-License-Identifier: Apache-2.0
"""20 times a second an object is deleted and made again at once. Over a watch no version of a name decreases, and no event is lost or
comes twice, whether the cloud's deletions have their own version, the object's last one or none. EDGECORE_SECONDS is the duration,
12 by default.
"""
import os
import time

from informer import Informer
from metaserver import MetaNode
from node import wait

SECONDS = float(os.environ.get("EDGECORE_SECONDS", "12"))
RATE = 20
NAMES = 15
PATH = "/api/v1/namespaces/default/configmaps"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
PLANS = {  # path, query, headers, seconds of one watch
    "plain": (PATH, {}, {}, 600),
    "resumed": (PATH, {}, {}, 1),
    "selected": ("/api/v1/configmaps", {"labelSelector": "color=red"}, {}, 2),
    "table": (PATH, {}, TABLE, 3),
}


def config_map(index, count):
    return {"metadata": {"name": f"c{index}", "labels": {"color": "red" if index % 2 else "blue"}}, "data": {"n": str(count)}}


def make_anew(node, index, count):
    """Deletes an object and creates it again; returns the uid of the new one."""
    if count >= NAMES:
        code, answer = node.api("DELETE", f"{PATH}/c{index}")
        assert code == 200, answer
    code, answer = node.api("POST", PATH, config_map(index, count))
    assert code == 201, answer
    return answer["metadata"]["uid"]


with MetaNode() as node:
    node.start_meta()
    informers = {title: Informer(lambda: node.connection(timeout=60), path, query, headers, watch_seconds=seconds)
                 for title, (path, query, headers, seconds) in PLANS.items()}
    for title, informer in informers.items():
        informer.start()
        assert informer.synced.wait(60), f"{title}: no list within 60 s"

    uids = {index: [] for index in range(NAMES)}
    begin, slowest = time.monotonic(), 0.0
    total = int(SECONDS * RATE)
    for count in range(total):
        if count % (total // 6) == 0:
            node.faults(deletionVersion=("none", "own", "last")[count // (total // 6) % 3])
        behind = begin + count / RATE - time.monotonic()
        slowest = max(slowest, -behind)
        time.sleep(max(0, behind))
        uids[count % NAMES].append(make_anew(node, count % NAMES, count))

    problems = []
    for title, informer in informers.items():
        mine = [index for index in uids if title != "selected" or index % 2]
        wait(f"{title} has the newest objects",
             lambda: {uid for uid, _ in informer.versions().values()} >= {uids[index][-1] for index in mine}, 30, 0.2)
        informer.stop()
        gone = [uid for index in mine for uid in uids[index][:-1]]
        problems += [f"{title}: {sentence}" for sentence in informer.wrong[:10]]
        missing = [uid for uid in gone if uid not in informer.seen]
        if missing:
            problems.append(f"{title}: {len(missing)} of {len(gone)} objects were never told")
        counts = {uid: informer.deleted.count(uid) for uid in gone}
        if informer.lists == 1 and any(count != 1 for count in counts.values()):
            problems.append(f"{title}: deletions not told once: {[uid for uid, count in counts.items() if count != 1][:5]}")
        print(f"{title}: {informer.events} events, {informer.watches} watches, {informer.lists} lists, {informer.bookmarks} bookmarks, "
              f"{informer.expired} times 410")
        if informer.expired:
            problems.append(f"{title}: {informer.expired} times 410")
    print(f"{total} objects made anew in {time.monotonic() - begin:.0f} s, at most {slowest:.2f} s late")
    assert not problems, "\n".join(problems)
