#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What documents say of files holds: links and anchors lead somewhere, files that are named exist, a function that is named
with a file (`f` (`path`)) is in it, prose is not wider than 110 columns. Prints what does not hold; exit status 1 then.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH = 110
#: Facts about the wire and about other projects, whose files are not here.
FOREIGN = ("docs/protocol/", "docs/field-pains.md")
#: Where a path that is named may begin.
BASES = ("", "src", "include/edgecore", "tests", "tests/unit", "tests/integration", "docs", "scripts")
PATH = r"[\w.*{},-]+(?:/[\w.*{},-]+)+\.(?:cpp|hpp|py|md|proto|sh|cmake|txt|yaml|in)"
PLACEHOLDER = re.compile(r"ROOM|NAME|/x[._]|…|_…")


def documents():
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")]
    return sorted(found, key=str)


def prose(text):
    """(line number, line) outside of code blocks."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(path):
    """GitHub's, of a document's headings."""
    found = set()
    for _, line in prose(path.read_text()):
        if re.match(r"#+ ", line):
            heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip()).lower()
            found.add(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-"))
    return found


def broken_links(document, text):
    for number, line in prose(text):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if re.match(r"\w+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (document.parent / name).resolve() if name else document
            if not file.exists():
                yield number, f"the link leads nowhere: {target}"
            elif anchor and anchor not in anchors(file):
                yield number, f"there is no heading for the link {target}"


def resolve(name):
    """The files a path means; a name with * is a pattern, {a,b} two files."""
    names = [name]
    if braces := re.search(r"\{([^}]*)\}", name):
        names = [name.replace(braces[0], part) for part in braces[1].split(",")]
    return [file for one in names for base in BASES for file in ROOT.glob(str(pathlib.PurePath(base, one)))]


def missing_files(text):
    for number, line in prose(text):
        for name in re.findall(rf"`({PATH})`", line):
            if not PLACEHOLDER.search(name) and not name.startswith("/") and not resolve(name):
                yield number, f"there is no file {name}"


def misplaced_names(text):
    """Of "`Type::function` (`path`)": that the function is in the file."""
    whole = "\n".join(line for _, line in prose(text))
    for name, path in re.findall(rf"`([A-Za-z_][\w:]*)`\s+\(`({PATH})`", whole):
        files = [] if PLACEHOLDER.search(path) else resolve(path)
        word = name.split("::")[-1]
        if files and not any(re.search(rf"\b{word}\b", file.read_text()) for file in files):
            yield 1 + whole[: whole.index(f"`{name}`")].count("\n"), f"{name} is not in {path}"


def wide_lines(text):
    for number, line in prose(text):
        if len(line) > WIDTH and not line.lstrip().startswith("|") and not line.startswith("    "):
            yield number, f"{len(line)} columns"


def main():
    complaints = []
    for document in documents():
        text, name = document.read_text(), str(document.relative_to(ROOT))
        checks = [broken_links(document, text)]
        if not name.startswith(FOREIGN):
            checks += [missing_files(text), misplaced_names(text), wide_lines(text)]
        complaints += [f"{name}:{number}: {what}" for check in checks for number, what in check]
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit(main())
