# SPDX-License-Identifier: Apache-2.0
"""With requireAuthorization every route is answered with 401, with every method, if the token is missing or invalid. With a pod's token
the routes exist."""
import base64
import json

from metaserver import MetaNode
from node import pod

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PLAIN = ["/", "/api", "/api/", "/apis", "/version", "/metrics", "/openapi/v2", "/openapi/v3", "/debug/pprof/", "/logs", "/swagger.json",
         "/nonsense", "/api/v1/watch/pods", "/api/v1/namespaces/default/pods/p/log", "/api/v1/namespaces/default/pods/p/exec",
         "/api/v1/namespaces/default/pods/restart", "/api/v1/taskupgrade/confirm-upgrade", "/api/v1/nodes/edge1/proxy/pods",
         "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "//api/v1/pods", "/api/v1/../v1/pods", "/api/v1/pods?watch=true"]
HEALTH = ["/healthz", "/livez", "/readyz"]  # may be open: they reveal nothing


def routes(node, token):
    """The paths of all collections and objects in discovery."""
    paths = []
    groups = [("/api/v1", node.meta("GET", "/api/v1", token=token))]
    for group in node.meta("GET", "/apis", token=token).json["groups"]:
        for version in group["versions"]:
            path = f"/apis/{version['groupVersion']}"
            paths += [path, f"/apis/{group['name']}"]
            groups.append((path, node.meta("GET", path, token=token)))
    for base, answer in groups:
        assert answer.code == 200, (base, answer)
        for resource in answer.json["resources"]:
            name, _, sub = resource["name"].partition("/")
            scope = f"{base}/namespaces/default" if resource["namespaced"] else base
            paths.append(f"{scope}/{name}/x/{sub}" if sub else f"{scope}/{name}/x")
            if not sub:
                paths += [f"{base}/{name}", f"{scope}/{name}"]
    return sorted(set(paths))


def forged(token, **claims):
    """The token with other claims and an invalid signature."""
    head, body, signature = token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    payload.update(claims)
    text = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return f"{head}.{text}.{signature}"


def refused(node, paths, methods=METHODS, token=None, headers=None):
    """(method, path, code) of all answers other than 401."""
    through = []
    for path in paths:
        for method in methods:
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answer = node.meta(method, path, body, token=token, headers=headers)
            if answer.code != 401:
                through.append((method, path, answer.code))
            elif method != "HEAD" and path.startswith("/api"):
                assert answer.json and answer.json["reason"] == "Unauthorized" and answer.json["kind"] == "Status", answer
    return through


with MetaNode(gate=True) as node:
    node.start_meta(60)
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    node.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": "all"}, "rules": [
        rule, {"nonResourceURLs": ["*"], "verbs": ["*"]}]})
    node.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {"metadata": {"name": "all"}, "subjects": [
        {"kind": "ServiceAccount", "name": "default", "namespace": "default"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"}})
    node.apply(pod("p"))
    node.wait_pod_ready("p", 60)
    token = node.pod_token("p")

    known = routes(node, token)
    assert len(known) > 50, known
    through = refused(node, known + PLAIN)
    assert not through, f"without a token: {through[:20]}"
    for path in HEALTH:
        assert node.meta("GET", path).code in (200, 401)

    some = ["/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/secrets/x", "/apis", "/version"]
    strange = node.token()  # signed by the cluster, but never given to this node
    for title, bad in {
            "empty": "", "nonsense": "nonsense", "three parts": "a.b.c", "not JSON": "eyJ.eyJ.eyJ",
            "forged namespace": forged(token, sub="system:serviceaccount:kube-system:default"),
            "forged expiry": forged(token, exp=4102444800), "another issuer": forged(token, iss="https://else.example"),
            "cut": token[:-4], "of the cluster, unknown here": strange, "none": forged(token).rpartition(".")[0] + ".",
    }.items():
        # few enough to stay below the rate limit for failures of one address
        through = refused(node, some, ("GET", "DELETE"), headers={"Authorization": f"Bearer {bad}"})
        assert not through, f"token {title}: {through}"
    for scheme in ("Basic", "Token", "bearer:", ""):
        through = refused(node, some, ("GET",), headers={"Authorization": f"{scheme} {token}".strip()})
        assert not through, f"scheme {scheme!r}: {through}"
    assert node.meta("GET", some[0], token=token).code == 200
    assert node.meta("GET", some[0], headers={"Authorization": f"bearer {token}"}).code == 200
    print(f"{len(known) + len(PLAIN)} routes, {len(METHODS)} methods")
