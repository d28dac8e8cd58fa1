#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make-images.py OUT.tar: the container images for the tests, without a registry.

Writes one OCI archive (`ctr images import`) with
  localhost/pause:3.9     a static program that sleeps and reaps, compiled here with gcc
  localhost/busybox:1.35  Debian's busybox-static with a link for each applet; runs sh
The archive is the same for the same inputs: no time stamps.
"""
import hashlib
import io
import json
import pathlib
import platform
import subprocess
import sys
import tarfile
import tempfile

BUSYBOX = pathlib.Path("/bin/busybox")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "riscv64": "riscv64"}
PAUSE = r"""
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t done;

static void on_signal(int number) {
  if (number != SIGCHLD) done = 1;
}

int main(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigset_t watched, before;
  sigemptyset(&watched);
  const int numbers[] = {SIGINT, SIGTERM, SIGCHLD};
  for (int i = 0; i < 3; ++i) {
    sigaction(numbers[i], &action, 0);
    sigaddset(&watched, numbers[i]);
  }
  sigprocmask(SIG_BLOCK, &watched, &before);
  while (!done) {
    sigsuspend(&before);
    while (waitpid(-1, 0, WNOHANG) > 0) {
    }
  }
  return 0;
}
"""


def fail(sentence):
    sys.exit(f"make-images: {sentence}")


def compile_pause():
    """The bytes of the pause program."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "pause.c")
        source.write_text(PAUSE)
        program = pathlib.Path(folder, "pause")
        try:
            subprocess.run(["gcc", "-static", "-Os", "-s", "-o", program, source], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            fail(f"gcc could not compile the pause program ({error}); install gcc and libc6-dev")
        return program.read_bytes()


class Layer:
    """One root file system, as a tar in memory."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.USTAR_FORMAT)

    def folder(self, name, mode=0o755):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self.tar.addfile(entry)

    def file(self, name, data, mode=0o644):
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        self.tar.addfile(entry, io.BytesIO(data))

    def link(self, name, target):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(entry)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


class Layout:
    """An OCI image layout, collected blob by blob and written as a tar."""

    def __init__(self):
        self.blobs = {}
        self.manifests = []

    def blob(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def json_blob(self, media_type, value):
        return self.blob(media_type, json.dumps(value, sort_keys=True).encode())

    def image(self, reference, layer, config):
        oci = "application/vnd.oci.image"
        content = self.blob(f"{oci}.layer.v1.tar", layer)
        settings = self.json_blob(f"{oci}.config.v1+json", {
            "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [content["digest"]]},
        })
        manifest = self.json_blob(f"{oci}.manifest.v1+json", {
            "schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json", "config": settings, "layers": [content],
        })
        manifest["annotations"] = {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        }
        self.manifests.append(manifest)

    def write(self, path):
        index = {"schemaVersion": 2, "manifests": self.manifests}
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode()}
        files.update({f"blobs/sha256/{digest}": data for digest, data in self.blobs.items()})
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                tar.addfile(entry, io.BytesIO(data))


def pause_layer():
    layer = Layer()
    layer.file("pause", compile_pause(), 0o755)
    return layer.bytes()


def busybox_layer():
    try:
        program = BUSYBOX.read_bytes()
        applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"{BUSYBOX} cannot be used ({error}); install busybox-static")
    layer = Layer()
    for name in ("bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "var"):
        layer.folder(name)
    layer.folder("tmp", 0o1777)
    layer.file("bin/busybox", program, 0o755)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
    layer.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    for applet in applets:
        if applet != "busybox":
            layer.link(f"bin/{applet}", "busybox")
    return layer.bytes()


def main():
    if len(sys.argv) != 2:
        fail("usage: make-images.py OUT.tar")
    path = ["PATH=/bin:/usr/bin:/sbin:/usr/sbin"]
    layout = Layout()
    layout.image("localhost/pause:3.9", pause_layer(), {"Env": path, "Entrypoint": ["/pause"], "User": "65535:65535"})
    layout.image("localhost/busybox:1.35", busybox_layer(), {"Env": path, "Cmd": ["sh"]})
    layout.write(sys.argv[1])


if __name__ == "__main__":
    main()
