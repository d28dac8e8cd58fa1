# SPDX-License-Identifier: Apache-2.0
"""A small informer like those of the Kubernetes client libraries: lists in pages, watches from the list's version, resumes from the
last version when a watch ends, lists again after 410. It records everything it receives, for the test to check.
"""
import contextlib
import http.client
import json
import threading
import urllib.parse


class Gone(Exception):
    """The server does not know the version to resume from any more."""


class Informer(threading.Thread):
    """Lists and watches one collection until stop(). `connect` makes a new http.client connection; `path` is the collection's."""

    def __init__(self, connect, path, query=None, headers=None, page=200, watch_seconds=30):
        super().__init__(daemon=True)
        self.connect, self.path, self.query, self.headers, self.page = connect, path, query or {}, headers or {}, page
        self.watch_seconds = watch_seconds
        self.lock = threading.Lock()
        self.cache = {}     # (namespace, name) -> object
        self.seen = {}      # uid -> its versions, in order of arrival
        self.last = {}      # (namespace, name) -> the last version of a watch, whatever the uid
        self.deleted = []   # uids of DELETED events
        self.wrong = []     # sentences about violations of the API
        self.lists = self.watches = self.expired = self.bookmarks = self.events = 0
        self.synced = threading.Event()
        self.ended = threading.Event()
        self.connection = None

    # --- life -----------------------------------------------------------------------------------------------------
    def stop(self):
        self.ended.set()
        connection = self.connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(2)
        self.join(20)

    def run(self):
        version = None
        while not self.ended.is_set():
            try:
                if version is None:
                    version = self.list()
                    self.synced.set()
                version = self.watch(version)
            except Gone:
                self.expired += 1
                version = None
            except (OSError, http.client.HTTPException, ValueError):
                self.ended.wait(0.2)  # the server is down: the version stays valid

    def request(self, query):
        self.connection = self.connect()
        self.connection.request("GET", f"{self.path}?{urllib.parse.urlencode({**self.query, **query})}", headers=self.headers)
        answer = self.connection.getresponse()
        if answer.status == 410:
            answer.read()
            raise Gone()
        if answer.status != 200:
            raise OSError(f"{answer.status}: {answer.read()[:300]}")
        return answer

    # --- list and watch -------------------------------------------------------------------------------------------
    def list(self):
        self.lists += 1
        items, token, version = [], "", None
        while True:
            query = {"limit": self.page, **({"continue": token} if token else {"resourceVersion": "0"})}
            answer = json.loads(self.request(query).read())
            self.connection.close()
            items += [row["object"] for row in answer["rows"]] if answer["kind"] == "Table" else answer["items"]
            version = answer["metadata"]["resourceVersion"]
            token = answer["metadata"].get("continue", "")
            if not token:
                break
        with self.lock:
            self.cache = {key_of(item): item for item in items}
            if len(self.cache) != len(items):
                self.wrong.append("a list holds an object twice")
            for item in items:
                versions = self.seen.setdefault(item["metadata"]["uid"], [])
                at = int(item["metadata"]["resourceVersion"])
                if versions and at < versions[-1]:
                    self.wrong.append(f"a list shows {key_of(item)} at {at}, older than {versions[-1]}")
                elif not versions or at > versions[-1]:
                    versions.append(at)
        return version

    def watch(self, version):
        """Watches until the server ends it; returns the version to resume from."""
        self.watches += 1
        answer = self.request({"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": self.watch_seconds})
        try:
            for line in iter(answer.readline, b""):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == 410:
                        raise Gone()
                    raise OSError(event["object"].get("message"))
                version = event["object"]["metadata"]["resourceVersion"]
                self.take(event["type"], self.object_of(event["object"]))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # cut off: events so far count
        finally:
            self.connection.close()
        return version

    @staticmethod
    def object_of(item):
        """The object of an event; a Table has its metadata in the only row and its version in its own."""
        if item["kind"] != "Table":
            return item
        metadata = item["rows"][0]["object"]["metadata"]
        assert metadata["resourceVersion"] == item["metadata"]["resourceVersion"], item["metadata"]
        return {"metadata": metadata}

    def take(self, kind, item):
        if kind == "BOOKMARK":
            self.bookmarks += 1
            return
        with self.lock:
            self.events += 1
            key, at = key_of(item), int(item["metadata"]["resourceVersion"])
            versions = self.seen.setdefault(item["metadata"]["uid"], [])
            if at < self.last.get(key, 0):
                self.wrong.append(f"{kind} of {key} at {at} after {self.last[key]}")
            self.last[key] = at
            if kind == "DELETED":
                self.deleted.append(item["metadata"]["uid"])
                if key not in self.cache:
                    self.wrong.append(f"DELETED of {key}, which was not there")
                self.cache.pop(key, None)
                return
            if versions and at <= versions[-1]:
                self.wrong.append(f"{kind} of {key} at {at} after {versions[-1]}")
            versions.append(at)
            there = key in self.cache and self.cache[key]["metadata"]["uid"] == item["metadata"]["uid"]
            if (kind == "ADDED") == there:
                self.wrong.append(f"{kind} of {key}, which was {'there' if there else 'not there'}")
            self.cache[key] = item

    def versions(self):
        """{(namespace, name): (uid, version)} of the cache."""
        with self.lock:
            return {key: (item["metadata"]["uid"], item["metadata"]["resourceVersion"]) for key, item in self.cache.items()}


def key_of(item):
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
