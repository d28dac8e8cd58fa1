# SPDX-License-Identifier: Apache-2.0
"""Rules of the cloud reach HTTP services and MQTT clients on the node, and these reach the cloud's targets,
over restarts and kill -9, and get a quick refusal while the cloud is unreachable.
"""
import concurrent.futures
import contextlib
import http.client
import http.server
import json
import queue
import signal
import threading
import time

from mqtt import Mosquitto
from node import NETWORK, Node, wait

MEGABYTE = 1_000_000
READ_OF_AN_ANSWER = 5 * MEGABYTE
RULES = "/apis/rules.kubeedge.io/v1/namespaces/default"
URL = "http://cloud.example/up"


class Service(http.server.ThreadingHTTPServer):
    """An HTTP service on 127.0.0.1, on the node or as a target in the cloud. `received` has (path, body) of each POST."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def nothing_comes(self, seconds=1.0):
        with contextlib.suppress(queue.Empty):
            raise AssertionError(f"unexpected: {self.received.get(timeout=seconds)}")

    def handle_error(self, request, client_address):
        pass  # the caller has closed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what, _, value = self.path.removeprefix("/p/").removeprefix("/").partition("/")
        if what == "target":
            self.server.received.put((self.path, body))
            self.say(200, b"the target got " + body)
        elif what == "status":
            self.say(int(value), b"" if value == "204" else b"as asked")
        elif what == "big":
            self.say(200, b"x" * int(value))
        elif what == "slow":
            time.sleep(float(value))
            self.say(200, b"slow")
        elif what == "moved":
            self.say(307, b"over there", Location="/p/echo/here")
        elif what == "away":
            self.say(302, b"elsewhere", Location="http://192.0.2.1/")
        elif what == "inside":
            self.say(307, b"another port", Location=f"http://127.0.0.1:{value}/target/stolen")
        else:
            told = {"method": self.command, "path": self.path, "body": body.decode(errors="replace"),
                    "headers": {name.lower(): value for name, value in self.headers.items()}}
            self.say(200, json.dumps(told).encode(), X_Back="1")

    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


def call(port, method, path, body=None, headers=None, timeout=70):
    """(status, headers, body); no redirect is followed."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


class Scenario:
    def __init__(self, node):
        self.node = node
        self.port = NETWORK.free_port()
        self.service, self.target = Service(), Service()
        node.modules["serviceBus"] = {"enable": True, "port": self.port, "timeout": 5}

    # --- what operators and programs do ---------------------------------------------------------------------------
    def endpoint(self, name, kind, **properties):
        self.node.create(f"{RULES}/ruleendpoints", {"apiVersion": "rules.kubeedge.io/v1", "kind": "RuleEndpoint", "metadata": {"name": name}, "spec": {
            "ruleEndpointType": kind, **({"properties": properties} if properties else {})}})

    def rule(self, name, source, source_resource, target, target_resource):
        self.node.create(f"{RULES}/rules", {"apiVersion": "rules.kubeedge.io/v1", "kind": "Rule", "metadata": {"name": name}, "spec": {
            "source": source, "sourceResource": source_resource, "target": target, "targetResource": target_resource}})

    def remove_rule(self, name):
        code, answer = self.node.api("DELETE", f"{RULES}/rules/{name}")
        assert code == 200, (code, answer)

    def rest(self, method, path, body=None, headers=None):
        """A call through the cloud's router."""
        return call(self.node.cloud["router"], method, f"/{self.node.name}/default/{path}", body, headers)

    def program(self, payload=None, url=URL, body=None):
        """A program on the node that calls the cloud: (code, msg, body); None if nobody listens."""
        if body is None:
            body = json.dumps({"method": "POST", "targetURL": url, "payload": payload})
        try:
            status, headers, text = call(self.port, "POST", "/", body)
        except (ConnectionRefusedError, ConnectionResetError):
            return None
        assert status == 200 and headers["Content-Type"] == "text/plain; charset=utf-8", (status, headers.items())
        answer = json.loads(text)
        assert list(answer) == ["code", "msg", "body"], text
        return answer["code"], answer["msg"], answer["body"]

    def rows(self):
        return [row[0] for row in self.node.rows("SELECT url FROM target_urls")]

    # --- rest → servicebus ----------------------------------------------------------------------------------------
    def the_cloud_calls_services(self):
        self.endpoint("rest", "rest")
        self.endpoint("service", "servicebus", service_port=str(self.service.server_port))
        self.endpoint("absent", "servicebus", service_port=str(NETWORK.free_port()))
        self.rule("call", "rest", {"path": "/svc"}, "service", {"path": "/p"})
        self.rule("nobody", "rest", {"path": "/nobody"}, "absent", {"path": "/"})

        status, headers, body = self.rest("PUT", "svc/echo/a:b?q=1", "the body", {"X-Given": "yes", "Content-Type": "text/x"})
        told = json.loads(body)
        assert status == 200 and headers["X-Back"] == "1", (status, headers.items())
        assert (told["method"], told["path"], told["body"]) == ("PUT", "/p/echo/a:b?q=1", "the body"), told
        assert told["headers"]["x-given"] == "yes" and told["headers"]["content-type"] == "text/x", told
        assert told["headers"]["host"] == f"127.0.0.1:{self.service.server_port}", told
        assert self.rest("GET", "svc/status/418")[::2] == (418, b"as asked")
        assert self.rest("DELETE", "svc/status/204")[::2] == (204, b"")
        assert self.rest("HEAD", "svc/status/200")[::2] == (200, b"")

        begin = time.monotonic()
        status, _, body = self.rest("POST", "svc/echo/big", "y" * 3 * MEGABYTE)
        assert status == 200 and json.loads(body)["body"] == "y" * 3 * MEGABYTE, status
        status, _, body = self.rest("GET", f"svc/big/{3 * MEGABYTE}")
        assert status == 200 and body == b"x" * 3 * MEGABYTE, (status, len(body))
        print(f"3 MB to a service and 3 MB back: {time.monotonic() - begin:.2f} s")
        status, _, body = self.rest("GET", f"svc/big/{READ_OF_AN_ANSWER + MEGABYTE}")
        assert status == 200 and len(body) == READ_OF_AN_ANSWER, (status, len(body))

        assert json.loads(self.rest("POST", "svc/moved", "kept")[2])["path"] == "/p/echo/here"
        status, headers, body = self.rest("GET", "svc/away")
        assert (status, headers["Location"], body) == (302, "http://192.0.2.1/", b"elsewhere"), (status, body)
        # The service cannot send the cloud to what else listens on the node.
        location = f"http://127.0.0.1:{self.target.server_port}/target/stolen"
        status, headers, body = self.rest("POST", f"svc/inside/{self.target.server_port}", "x")
        assert (status, headers["Location"], body) == (307, location, b"another port"), (status, body)
        self.target.nothing_comes(0.2)
        status, headers, body = self.rest("GET", "nobody")
        assert (status, headers["Server"], body) == (404, "kubeedge-edgecore", b"error to call service"), (status, body)
        self.a_slow_service_holds_up_nobody()

    def a_slow_service_holds_up_nobody(self):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            begin = time.monotonic()
            slow = [pool.submit(self.rest, "GET", "svc/slow/3") for _ in range(4)]
            time.sleep(0.2)
            fast = [pool.submit(self.rest, "GET", f"svc/echo/{i}") for i in range(30)]
            for i, done in enumerate(fast):
                assert json.loads(done.result()[2])["path"] == f"/p/echo/{i}"
            took = time.monotonic() - begin
            print(f"30 calls beside 4 of 3 s each: {took:.2f} s")
            assert took < 2.5, took
            assert [done.result()[::2] for done in slow] == [(200, b"slow")] * 4
            assert time.monotonic() - begin < 6
        begin = time.monotonic()
        assert self.rest("GET", "svc/slow/15")[::2] == (404, b"error to call service")
        assert 9 < time.monotonic() - begin < 12, time.monotonic() - begin

    # --- servicebus → rest ----------------------------------------------------------------------------------------
    def programs_call_the_cloud(self):
        assert self.program(1) is None, "the server listens without a rule"
        self.begin_rule()
        code, msg, body = self.program({"x": [1, "ä"]})
        assert (code, msg) == (200, "receive response from cloud successfully"), (code, msg)
        path, sent = self.target.received.get(timeout=5)
        assert path == "/target/in" and body == "the target got " + sent.decode(), (path, body)
        assert self.program(url="http://other") == (
            400, "url http://other is not allowed and please make a rule for this url in the cloud", "")
        assert self.program(body="no JSON") == (400, "invalid params", "")
        assert self.program(body="{" + "x" * 5 * MEGABYTE) == (400, "can't read data from body of the http's request", "")
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = set(pool.map(lambda i: self.program(f"number {i}")[2], range(40)))
        assert len(answers) == 40, len(answers)
        self.drain()

    def begin_rule(self):
        self.rule("up", "service", {"target_url": URL, "node_name": self.node.name}, "rest",
                  {"resource": f"{self.target.url}/target/in"})
        took = wait("a program's call is answered", lambda: (self.program("first") or (0,))[0] == 200, 10)
        print(f"a new rule is in force after {took * 1000:.0f} ms")
        assert self.rows() == [URL], self.rows()
        self.drain()

    def drain(self):
        with contextlib.suppress(queue.Empty):
            while True:
                self.target.received.get_nowait()

    def rules_end(self):
        self.remove_rule("up")
        wait("the port is closed", lambda: self.program() is None, 10)
        wait("the row is gone", lambda: self.rows() == [], 5)

    def rules_survive(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.node.restart_edgecore(how)
            wait(f"programs are heard again after {how.name}", lambda: (self.program("again") or (0,))[0] == 200, 20)
            assert self.rows() == [URL], self.rows()
            self.node.wait_ready()
            assert self.rest("GET", "svc/status/201")[0] == 201
        # A kill right after a rule came into force does not lose the rule.
        self.rules_end()
        self.begin_rule()
        self.node.stop("edgecore", signal.SIGKILL)
        assert self.node.dead_rows("SELECT url FROM target_urls") == [(URL,)]
        self.node.start_edgecore()
        wait("programs are heard again", lambda: (self.program("again") or (0,))[0] == 200, 20)

    def without_the_cloud(self):
        seen = len(self.node.log())
        self.node.stop("cloudsim")
        wait("edgecore notices", lambda: "disconnected from the cloud" in self.node.log()[seen:], 10)
        begin = time.monotonic()
        code, msg, body = self.program("lost")
        took = time.monotonic() - begin
        assert code == 400 and msg.startswith("timeout to send message ") and body == "", (code, msg, body)
        assert took < 1, took
        print(f"without the cloud a program gets its refusal after {took * 1000:.0f} ms")
        assert self.program(url="http://other")[1].startswith("url http://other is not allowed")
        self.node.start_cloud()
        wait("programs are heard again", lambda: (self.program("back") or (0,))[0] == 200, 40)

    # --- MQTT -----------------------------------------------------------------------------------------------------
    def mqtt_both_ways(self, broker):
        """eventbus → rest and rest → eventbus, with a client at the node's broker."""
        self.endpoint("mqtt", "eventbus")
        self.rule("report", "mqtt", {"topic": "sensors/t", "node_name": self.node.name}, "rest",
                  {"resource": f"{self.target.url}/target/mqtt"})
        self.rule("command", "rest", {"path": "/pub"}, "mqtt", {"topic": "commands"})
        with broker.client("commands/#") as mqtt:
            self.reports_arrive(mqtt, "one")
            mqtt.publish("default/sensors/other", "no rule is for this")
            self.target.nothing_comes()
            assert self.rest("POST", "pub/valve/1", "open")[::2] == (200, b"message delivered")
            mqtt.wait(lambda topic, payload: (topic, payload) == ("commands/valve/1", b"open"))
            assert self.rest("POST", "pub", "all")[::2] == (200, b"message delivered")
            mqtt.wait(lambda topic, payload: (topic, payload) == ("commands", b"all"))
            for how in (signal.SIGTERM, signal.SIGKILL):  # the cloud does not repeat the rule
                self.node.restart_edgecore(how)
                self.node.wait_ready()
                self.reports_arrive(mqtt, f"after {how.name}")
            self.remove_rule("report")
            wait("the topic is forgotten", lambda: self.node.rows("SELECT topic FROM sub_topics") == [], 10)
            mqtt.publish("default/sensors/t", "too late")
            self.target.nothing_comes()

    def reports_arrive(self, mqtt, text):
        def published():
            mqtt.publish("default/sensors/t", text)
            with contextlib.suppress(queue.Empty):
                return self.target.received.get(timeout=0.5) == ("/target/mqtt", text.encode())

        wait(f"the target gets {text}", published, 20)
        time.sleep(0.5)
        self.drain()


with Node() as node:
    scenario = Scenario(node)
    node.mqtt = Mosquitto(node.dir / "mqtt")
    node.start()
    scenario.the_cloud_calls_services()
    scenario.programs_call_the_cloud()
    scenario.rules_end()
    scenario.begin_rule()
    scenario.rules_survive()
    scenario.without_the_cloud()
    scenario.mqtt_both_ways(node.mqtt)
    assert node.edgecore.poll() is None
    assert node.stop("edgecore") == 0
    assert not node.sim_state()["violations"], node.sim_state()["violations"]
