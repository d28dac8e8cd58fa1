# SPDX-License-Identifier: Apache-2.0
"""The container image localhost/python:3, made of this machine's /usr/bin/python3 with the modules a script needs. No registry."""
import importlib.util
import json
import pathlib
import re
import subprocess

from node import ROOT

PYTHON = pathlib.Path("/usr/bin/python3")
IMAGE = "localhost/python:3"
LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "lib2to3", "ensurepip", "tkinter", "turtledemo", "pydoc_data", "distutils"}

# Prints the files of the modules that `import NAME…` loads, and the path of the standard library.
ASK = """
import importlib, json, sys, sysconfig
for name in sys.argv[1:]:
    importlib.import_module(name)
files = [m.__file__ for m in sys.modules.values() if getattr(m, "__file__", None)]
print(json.dumps({"stdlib": sysconfig.get_path("stdlib"), "files": files}))
"""


def make_images():
    """scripts/make-images.py as a module: it knows layers and layouts."""
    spec = importlib.util.spec_from_file_location("make_images", ROOT / "scripts/make-images.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def libraries(programs):
    """The shared libraries that programs and modules need, the loader included."""
    found = set()
    for start in range(0, len(programs), 50):
        done = subprocess.run(["ldd", *programs[start:start + 50]], check=False, capture_output=True, text=True)
        found |= set(re.findall(r"(?:=> )?(/\S+) \(0x", done.stdout))
    return found


def contents(modules):
    """Paths of all files of the image; None and the reason if Python or a module is missing."""
    done = subprocess.run([PYTHON, "-c", ASK, *modules], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{PYTHON} is missing"
    said = json.loads(done.stdout)
    stdlib = pathlib.Path(said["stdlib"])
    tops = {stdlib}
    for file in map(pathlib.Path, said["files"]):
        if "dist-packages" not in file.parts:
            continue
        inside = file.parts[:file.parts.index("dist-packages") + 2]
        tops.add(pathlib.Path(*inside))
    files = {PYTHON, PYTHON.resolve()}
    for top in tops:
        every = [top] if top.is_file() else top.rglob("*")
        files |= {path for path in every if path.is_file() and not LEFT_OUT & set(path.relative_to(top).parts[:-1])
                  and path.suffix not in (".a", ".pyc")}
    objects = [str(PYTHON.resolve()), *(str(path) for path in files if ".so" in path.suffixes)]
    files |= {pathlib.Path(path) for path in libraries(objects)}
    return files, ""


def build(archive, modules):
    """Writes the image as an archive for `ctr images import`. Returns why it cannot, or ""."""
    files, why = contents(modules)
    if files is None:
        return why
    images = make_images()
    layer = images.Layer()
    folders = set()

    def folder(path):
        if path.parent == path or path in folders:
            return
        folder(path.parent)
        folders.add(path)
        layer.folder(str(path).lstrip("/"))

    for extra in ("/etc", "/proc", "/sys", "/dev", "/tmp", "/var", "/run"):
        folder(pathlib.Path(extra))
    for path in sorted(files):
        folder(path.parent)
        layer.file(str(path).lstrip("/"), path.read_bytes(), 0o755 if path.stat().st_mode & 0o111 else 0o644)
    layout = images.Layout()
    layout.image(IMAGE, layer.bytes(), {"Env": ["PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"]})
    layout.write(archive)
    return ""
