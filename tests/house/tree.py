# SPDX-License-Identifier: Apache-2.0
"""The files of the project, and what the rules ask about them."""

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# What is ours: these folders, and the files beside them.
TOP_FOLDERS = ("src", "include", "tests", "docs", "proto", "config", "scripts", "cmake", "systemd", ".ci")
LEFT_OUT = {"__pycache__", "corpus"}  # made by programs, or bytes for fuzz targets
CODE = (".cpp", ".hpp")
TEXT = CODE + (".py", ".sh", ".proto", ".cmake", ".md", ".txt", ".yaml", ".service", ".in")


class Fault(NamedTuple):
    """What breaks a rule: printed as `path:line: sentence`."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


class Include(NamedTuple):
    line: int
    name: str  # as it is written
    quoted: bool
    target: str | None  # the file of ours that it names


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)


class Tree:
    """All text files of ours below a root, read once. Paths are relative to it, with slashes."""

    def __init__(self, root: Path):
        self.root = root
        self.paths = sorted(self._walk())
        self.folders = {str(Path(path).parent) for path in self.paths}
        self.folders |= {str(above) for folder in self.folders for above in Path(folder).parents}
        self._set = set(self.paths)

    def _walk(self) -> Iterator[str]:
        for entry in os.scandir(self.root):
            if entry.is_file():
                yield entry.name
        for top in TOP_FOLDERS:
            for folder, below, names in os.walk(self.root / top):
                below[:] = [name for name in below if name not in LEFT_OUT]
                relative = os.path.relpath(folder, self.root)
                yield from (f"{relative}/{name}" for name in names)

    def __contains__(self, path: str) -> bool:
        return path in self._set

    @functools.lru_cache(maxsize=None)
    def text(self, path: str) -> str:
        """What the file holds; "" when it is not there."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError):
            return ""

    def lines(self, path: str) -> list[str]:
        return self.text(path).split("\n")

    def named(self, *endings: str, below: tuple[str, ...] = ("",)) -> list[str]:
        """Files whose names end so, in some folders."""
        starts = tuple(folder and folder + "/" for folder in below)
        return [path for path in self.paths if path.endswith(endings) and path.startswith(starts)]

    def code(self, *below: str) -> list[str]:
        return self.named(*CODE, below=below)

    @functools.lru_cache(maxsize=None)
    def includes(self, path: str) -> list[Include]:
        text, found = self.text(path), []
        for match in INCLUDE.finditer(text):
            name = match[1] or match[2]
            found.append(Include(line_at(text, match.start()), name, match[1] is not None,
                                 self._find(path, name, match[1] is not None)))
        return found

    def _find(self, path: str, name: str, quoted: bool) -> str | None:
        """As the compiler looks: beside the file first, then where -I points to."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        for candidate in ([beside] if quoted else []) + [f"include/{name}", f"src/{name}", f"tests/{name}"]:
            if candidate in self._set:
                return candidate
        return None


def line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def stem(path: str) -> str:
    return os.path.basename(path).rsplit(".", 1)[0]
