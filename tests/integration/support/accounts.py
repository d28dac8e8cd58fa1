# SPDX-License-Identifier: Apache-2.0
"""Service accounts with rights of their own, each with a pod on the node, for tests of MetaServer with the gate on."""
from node import pod, wait

RBAC = "/apis/rbac.authorization.k8s.io/v1"
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def rule(*resources, verbs=("get", "list", "watch"), group=""):
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def allow(node, name, *rules):
    """Binds the rules to the service account, in the whole cluster."""
    node.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
    node.create(f"{RBAC}/clusterrolebindings", {
        "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]})


def forbid(node, name):
    """Takes back what allow() gave."""
    for kind in ("clusterrolebindings", "clusterroles"):
        code, answer = node.api("DELETE", f"{RBAC}/{kind}/{name}")
        assert code == 200, (code, answer)


def accounts(node, **rules_of):
    """Makes service accounts with these rights and a pod of each, both called by the keyword; returns their pods' tokens in this
    order. Returns when the rights count."""
    for name, rules in rules_of.items():
        node.create("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": name}})
        if rules:
            allow(node, name, *rules)
        node.apply(pod(name, serviceAccountName=name))
    tokens = []
    for name, rules in rules_of.items():
        node.wait_pod_ready(name, 60)
        tokens.append(node.pod_token(name))
        # Everybody's /version shows that the token is known, a right of its own that its rights are.
        path = "/api/v1/namespaces/default/configmaps" if rules else "/version"
        wait(f"the account {name} is known", lambda: node.meta("GET", path, token=tokens[-1]).code == 200, 30)
    return tokens
