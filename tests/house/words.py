# SPDX-License-Identifier: Apache-2.0
"""Rules about what stands in the files: licence lines, citations, links, long lines."""

import os
import re
from collections.abc import Iterator
from functools import cache

from plan import Plan
from tree import CODE, TEXT, Fault, Tree, line_at

LICENCE = "SPDX-License-Identifier: Apache-2.0"
LICENCE_LINES = 3
MOST_COLUMNS = 110
PAINS = "docs/field-pains.md"
FRONT = ["README.md", "CONTRIBUTING.md"]
ONE_JSON_PARSER = "src/kube/json.cpp"
JSON_PARSE = re.compile(r"\bJson::(?:parse|from_\w+)\s*\(")
OURS = ("src", "include", "tests", "proto", "scripts", "cmake")
CITING = ("src", "include", "tests", "docs", "proto", "config", "scripts", "cmake")

# What may stand between two words of a sentence: blanks, or a new line with its comment sign.
GAP = r"(?:[ \t]|\n[ \t]*(?://[/!]?<?|#+|>)?)+"
SECTION = r"§(\d+(?:\.\d+)*[a-z]?)"
DETAIL = rf"(?:{GAP}(?:step|item|rule|row|line)s?{GAP}\d+(?:(?:,|{GAP}(?:and|to)){GAP}\d+)*)?"
LIST = rf"{SECTION}{DETAIL}(?:(?:,|;|{GAP}(?:and|to|or))?{GAP}(?:and{GAP})?{SECTION}{DETAIL})*"
DOCUMENT = r"protocol/(\d\d)(?:-([\w-]+)\.md)?"
CITATION = re.compile(rf"{DOCUMENT}(?:{GAP}(?P<list>{LIST}))?")
# "02 §3.18", in docs/protocol only.
BETWEEN_DOCUMENTS = re.compile(rf"(?<![\w./-])(\d\d){GAP}(?P<list>{LIST})")
LONE_SECTION = re.compile(SECTION)
FOREIGN = re.compile(rf"(?:RFC{GAP}\d+,?|\.md`?\)?){GAP}$")  # "RFC 7518 §3.4": not of ours
PAIN = re.compile(rf"pains(?:\.md)?`?{GAP}rows?{GAP}(\d+(?:(?:,|{GAP}(?:and|to))(?:{GAP}and)?{GAP}\d+)*)")
MENTION = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.md\b")

HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
NUMBER = re.compile(r"(\d+(?:\.\d+)*[a-z]?)\.?(?: |$)")
ITEM = re.compile(r"^ {0,3}(\d+)[.)] ")
FENCE = re.compile(r"^ *(```|~~~).*?(?:^ *\1|\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
ADDRESS = re.compile(r"https?://[^\s)>\]]+")


def each_file_names_its_licence(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 6. A file of ours has the licence in one of its first three lines, as a comment."""
    faults = []
    files = tree.named(*CODE, ".py", ".sh", ".proto", ".cmake", below=OURS)
    for path in files + [path for path in tree.paths if path.endswith("CMakeLists.txt")]:
        line = ("// " if path.endswith((*CODE, ".proto")) else "# ") + LICENCE
        if line not in tree.text(path).split("\n", LICENCE_LINES)[:LICENCE_LINES]:
            faults.append(Fault(path, 1, f"the licence is missing; begin the file with `{line}`"))
    return faults


def json_is_parsed_in_one_place(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 10. Text becomes JSON in src/kube/json.cpp alone, where its size, depth and values are limited
    before memory is taken. Json::accept builds nothing and may be used anywhere."""
    return [Fault(path, line_at(tree.text(path), match.start()), "Json::parse has no limits; use "
                  "kube::parse_json for text from outside, kube::stored_json for rows of the database")
            for path in tree.named(*CODE, below=("src", "include")) if path != ONE_JSON_PARSER
            for match in JSON_PARSE.finditer(tree.text(path))]


def citations_resolve(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 7, first half. `protocol/NN-name.md §x.y`, `pains row N` and `docs/name.md` are there. A § alone
    is of the document that the file named last; in docs/protocol it is of the document itself."""
    documents = {os.path.basename(path)[:2]: path for path in tree.paths
                 if re.fullmatch(r"docs/protocol/\d\d-[\w-]+\.md", path)}
    rows = set(re.findall(r"^(?:\| *|- \*\*Row )(\d+)(?: *\||\*\*)", tree.text(PAINS), re.MULTILINE))
    faults = []
    for path in citing_files(tree):
        text = tree.text(path)
        if "§" in text or "protocol/" in text:
            faults += sections_resolve(tree, path, text, documents)
        for match in PAIN.finditer(text):
            for number in re.findall(r"\d+", match[1]):
                if number not in rows:
                    faults.append(Fault(path, line_at(text, match.start()), f"pains row {number} is not in "
                                        f"{PAINS}"))
        for match in MENTION.finditer(text):
            if match[0] not in tree:
                faults.append(Fault(path, line_at(text, match.start()), f"{match[0]} is not there"))
    return faults


def citing_files(tree: Tree) -> list[str]:
    """All but this test, whose examples are wrong, and the page that says how to cite."""
    return [path for path in tree.named(*TEXT, below=CITING)
            if not path.startswith(("tests/house/", "docs/protocol/README"))] + FRONT


def sections_resolve(tree: Tree, path: str, text: str, documents: dict[str, str]) -> Iterator[Fault]:
    """Each § of one file."""
    itself = path if path in documents.values() else None
    found: list[tuple[int, str | None]] = []  # where a document begins to count, and which
    cited: set[int] = set()  # positions of § that belong to a document named before them
    citations = list(CITATION.finditer(text))
    if itself:
        citations += BETWEEN_DOCUMENTS.finditer(text)
    for match in citations:
        document = documents.get(match[1])
        if document is None or match.re is CITATION and match[2] and document[17:-3] != match[2]:
            yield Fault(path, line_at(text, match.start()), f"docs/{match[0].split()[0]} is not there")
            document = ""
        found.append((match.start(), document))
        for section in LONE_SECTION.finditer(match["list"] or ""):
            at = match.start("list") + section.start()
            cited.add(at)
            yield from section_resolves(tree, path, line_at(text, at), document, section[1])
    for section in LONE_SECTION.finditer(text):
        at = section.start()
        if at in cited or FOREIGN.search(text[max(0, at - 40):at]):
            continue
        before = [document for position, document in found if position < at]
        document = itself or (before[-1] if before else None)
        if document is None:
            yield Fault(path, line_at(text, at), f"§{section[1]} is of no document; write "
                        "protocol/NN-name.md before it")
        else:
            yield from section_resolves(tree, path, line_at(text, at), document, section[1])


def section_resolves(tree: Tree, path: str, line: int, document: str, section: str) -> Iterator[Fault]:
    if document and section not in numbers_of(tree, document):
        yield Fault(path, line, f"{document} has no heading §{section}")


@cache
def numbers_of(tree: Tree, document: str) -> set[str]:
    """Numbers of headings. Item 5 of a list below heading 10 is §10.5, if no heading is."""
    numbers, current = set(), ""
    for line in without_code(tree.text(document)).split("\n"):
        if heading := HEADING.match(line):
            number = NUMBER.match(heading[1])
            current = number[1] if number else ""
            numbers.add(current)
        elif current and (item := ITEM.match(line)):
            numbers.add(f"{current}.{item[1]}")
    return numbers


def links_resolve(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 7, second half. A relative link of a Markdown file leads to a file, its anchor to a heading."""
    faults = []
    for path in prose(tree):
        text = re.sub(r"`[^`\n]*`", lambda match: " " * len(match[0]), without_code(tree.text(path)))
        for match in LINK.finditer(text):
            target, _, anchor = match[1].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if there not in tree and there not in tree.folders and not (tree.root / there).exists():
                faults.append(Fault(path, line_at(text, match.start()), f"the link {match[1]} leads to no "
                                    "file"))
            elif anchor and there.endswith(".md") and anchor not in anchors_of(tree, there):
                faults.append(Fault(path, line_at(text, match.start()), f"the link {match[1]} leads to no "
                                    f"heading of {there}"))
    return faults


@cache
def anchors_of(tree: Tree, path: str) -> set[str]:
    """Names of headings, as GitHub makes them."""
    anchors: set[str] = set()
    for match in HEADING.finditer(without_code(tree.text(path))):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
        name = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        count = 0
        while (anchor := name if count == 0 else f"{name}-{count}") in anchors:
            count += 1
        anchors.add(anchor)
    return anchors


def prose(tree: Tree) -> list[str]:
    return tree.named(".md", below=("docs",)) + tree.named("README.md", below=("tests",)) + FRONT


def without_code(text: str) -> str:
    """Code blocks become empty lines."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def lines_are_short(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 8. A line of prose, C++ or protobuf has at most 110 columns. Not judged are, in prose, tables, code and
    where links lead; in sources, raw strings and what clang-format is told to leave."""
    faults = []
    for path in prose(tree):
        for number, line in enumerate(without_code(tree.text(path)).split("\n"), 1):
            if len(line) > MOST_COLUMNS and not line.lstrip().startswith("|"):
                faults += too_long(path, number, ADDRESS.sub("", re.sub(r"\]\([^)]*\)", "]", line)))
    for path in tree.paths:
        if path.endswith((*CODE, ".proto")):
            text = tree.text(path)
            if any(len(line) > MOST_COLUMNS for line in text.split("\n")):
                for number, line in enumerate(judged(text).split("\n"), 1):
                    faults += too_long(path, number, line)
    return faults


WORD_FOR_WORD = re.compile(
    r'^.*R"(\w*)\((?:.|\n)*?\)\1".*$|^ *// clang-format off\n(?:.|\n)*?// clang-format on$', re.MULTILINE)


def judged(text: str) -> str:
    """The text without the lines that are not judged; they become empty."""
    return WORD_FOR_WORD.sub(lambda match: "\n" * match[0].count("\n"), text)


def too_long(path: str, number: int, line: str) -> list[Fault]:
    """An address or another word that cannot be divided is no fault."""
    if len(line) <= MOST_COLUMNS or len(max(line.split(), key=len)) > MOST_COLUMNS - 10:
        return []
    return [Fault(path, number, f"the line has {len(line)} columns, {MOST_COLUMNS} are the most; break it")]
