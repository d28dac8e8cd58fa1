# SPDX-License-Identifier: Apache-2.0
"""A second edgecore on the same database ends with a sentence and status 1, and the first is not affected. So does one with bad input."""
import json
import subprocess

from node import BUILD, Node

with Node() as node:
    node.start_runtime()
    node.start_cloud()
    node.start_edgecore()
    node.wait_ready()
    second = subprocess.run([BUILD / "bin/edgecore", "--config", node.dir / "edgecore.yaml"], capture_output=True, text=True,
                            timeout=20, env={"CHECK_EDGECORE_ENVIRONMENT": "false", "PATH": "/usr/bin"})
    assert second.returncode == 1, second
    assert str(node.dir / "db/edgecore.db") in second.stderr, second.stderr
    assert node.ready() and node.edgecore.poll() is None

    def refused(text):
        path = node.dir / "bad.yaml"
        path.write_text(text)
        done = subprocess.run([BUILD / "bin/edgecore", "--config", path], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and done.stderr.strip(), (text[:80], done)
        return done.stderr

    refused("modules: [")
    refused(json.dumps({"modules": {"edgeHub": {"heartbeat": "soon"}}}))
    assert "quic" in refused(json.dumps({"modules": {"edgeHub": {"quic": {"enable": True}, "websocket": {"enable": False}}}})).lower()
    missing = subprocess.run([BUILD / "bin/edgecore", "--config", node.dir / "none.yaml"], capture_output=True, text=True)
    assert missing.returncode == 1 and "none.yaml" in missing.stderr, missing
    unknown = subprocess.run([BUILD / "bin/edgecore", "--no-such-flag"], capture_output=True, text=True)
    assert unknown.returncode == 1, unknown
    version = subprocess.run([BUILD / "bin/edgecore", "--version"], capture_output=True, text=True)
    assert version.returncode == 0 and "v1.17" in version.stdout, version
