# SPDX-License-Identifier: Apache-2.0
"""The cloud comes back with another CA (it was installed anew). The node trusts the old one until an operator writes the
new join token into edgecore.yaml; then it enrols again by itself and keeps process, containers and database.
"""
import json
import time

from node import Node, pod, wait

with Node() as node:
    node.start()
    node.apply(pod("p"))
    node.wait_pod_ready("p")
    container = node.container_status("p")["containerID"]
    files = {name: node.dir / name for name in ("ca/rootCA.crt", "certs/server.crt", "certs/server.key")}
    before = {name: path.read_bytes() for name, path in files.items()}

    old_token = node.cloud["token"]
    time.sleep(0.5)  # the cloud saves its objects within 0.3 s
    node.stop("cloudsim")
    [(node.dir / "cloud" / name).unlink() for name in ("ca.key", "ca.crt")]
    node.start_cloud()
    assert node.cloud["token"].split(".")[0] != old_token.split(".")[0], "the CA is the old one"
    connects = node.sim_state().get("connects", 0)
    wait("the node refuses a cloud it does not know", lambda: "cannot connect to the cloud" in node.log(), 30)
    time.sleep(2)
    assert node.sim_state().get("connects", 0) == connects, "the node connected to a stranger"
    assert {name: path.read_bytes() for name, path in files.items()} == before

    path = node.dir / "edgecore.yaml"
    settings = json.loads(path.read_text())
    settings["modules"]["edgeHub"]["token"] = node.cloud["token"]
    path.write_text(json.dumps(settings))
    took = wait("the node is connected", lambda: node.sim_state().get("connects", 0) > connects, 60)
    after = {name: path.read_bytes() for name, path in files.items()}
    assert after["ca/rootCA.crt"] != before["ca/rootCA.crt"] and after["certs/server.crt"] != before["certs/server.crt"]
    node.apply(pod("later"))
    node.wait_pod_ready("later", 40)
    status = node.container_status("p")
    assert (status["containerID"], status["restartCount"]) == (container, 0), status
    assert node.edgecore.poll() is None
    assert not list((node.dir / "db").glob("*.corrupt-*")) and node.log().count("starts as node") == 1
    print(f"connected {took:.1f} s after the new token was there")
