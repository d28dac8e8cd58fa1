# SPDX-License-Identifier: Apache-2.0
"""Rules about where files lie."""

from plan import Plan
from tree import Fault, Tree, stem

MOST_FILES = 20
WITHOUT_MIRROR = ("cloudsim",)  # tested, but not in src/
GRPC_TESTS = "grpc"  # tests/unit/ROOM/grpc: what is linked with gRPC


def folders_are_small(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 3. A folder below src/ has at most 20 .cpp files: it can be read at a glance."""
    folders: dict[str, list[str]] = {}
    for path in tree.named(".cpp", below=("src",)):
        folders.setdefault(path.rsplit("/", 1)[0], []).append(path)
    return [Fault(files[0], 1, f"{folder} has {len(files)} .cpp files, {MOST_FILES} are the most; divide it "
                  "into folders") for folder, files in folders.items() if len(files) > MOST_FILES]


def tests_mirror_the_source(tree: Tree, plan: Plan) -> list[Fault]:
    """Rule 5. tests/unit has the folders of src, and the test of src/ROOM/FOLDER/x.cpp is
    tests/unit/ROOM/FOLDER/x_test.cpp."""
    homes: dict[tuple[str, str], set[str]] = {}  # room and stem: folders below src/
    for path in tree.code("src"):
        folder = path.removeprefix("src/").rsplit("/", 1)[0]
        homes.setdefault((folder.split("/")[0], stem(path)), set()).add(folder)
    faults, said = [], set()
    for path in tree.code("tests/unit"):
        parts = path.removeprefix("tests/unit/").split("/")[:-1]
        if not parts or parts[0] in WITHOUT_MIRROR or GRPC_TESTS in parts:
            continue
        folder = "/".join(parts)
        if f"src/{folder}" not in tree.folders:
            if folder not in said:
                faults.append(Fault(path, 1, f"tests/unit/{folder} mirrors nothing: there is no "
                                    f"src/{folder}"))
            said.add(folder)
            continue
        if not path.endswith("_test.cpp"):
            continue
        wanted = homes.get((parts[0], stem(path).removesuffix("_test")))
        if wanted and folder not in wanted:
            there = " or ".join(f"tests/unit/{home}" for home in sorted(wanted))
            faults.append(Fault(path, 1, f"the test of src/{min(wanted)}/{stem(path).removesuffix('_test')} "
                                f"does not lie beside it; move it to {there}"))
    return faults
