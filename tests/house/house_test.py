#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of the house test catches its fault: a small sound tree, broken in one place at a time."""

import tempfile
import unittest
from pathlib import Path

import house

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
ARCHITECTURE = """\
# Architecture

## Rooms
One folder per room.

| room | may include | holds |
|---|---|---|
| `base` | – | errors |
| `net` | `base` | HTTP |
| `edged` | all above | the kubelet |
| `eventbus` | base, net | MQTT |
| `app` | all above | wiring |

### Inside `edged`

| folder | may include | door | holds |
|---|---|---|---|
| `spec` | – | all | what is wanted |
| `volumes` | spec | `mounts` | mounts |
| `pod` | all above | – | a pod |
| `(root)` | everything | – | the module |

## More
| another | table |
|---|---|
| `nothing` | of rooms |
"""


def header(*includes: str) -> str:
    return LICENCE + "#pragma once\n" + "".join(f'#include "{name}"\n' for name in includes)


def source(*includes: str) -> str:
    return LICENCE + "".join(f'#include "{name}"\n' for name in includes)


SOUND = {
    "README.md": "# x\n[how](docs/architecture.md#inside-edged), [rooms](docs/architecture.md#rooms)\n",
    "CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\n",
    "docs/architecture.md": ARCHITECTURE,
    "docs/field-pains.md": "# Pains\n\n| # | what |\n|---|---|\n| **Tunnel** | |\n| 1 | a |\n\n"
                           "- **Row 2** (ke#6967): b\n",
    "docs/protocol/02-metamanager.md": "# 02\n\n## 3 Catalogue\n1. One\n2. Two, see §3.9\n\n### 3.9 Token\n\n"
                                       "## 4. Rules\n",
    "include/edgecore/base/error.hpp": header(),
    "include/edgecore/edged/edged.hpp": header("edgecore/base/error.hpp"),
    "include/edgecore/eventbus/eventbus.hpp": header(),
    "src/base/error.cpp": source("edgecore/base/error.hpp"),
    "src/net/stream.cpp": source("edgecore/base/error.hpp") + "#include <boost/beast/core.hpp>\n",
    "src/edged/edged.cpp": source("edgecore/edged/edged.hpp", "edged/pod/pod.hpp"),
    "src/edged/spec/refusal.hpp": header("edgecore/edged/edged.hpp"),
    "src/edged/volumes/mounts.hpp": header("edged/spec/refusal.hpp"),
    "src/edged/volumes/secret.hpp": header(),
    "src/edged/volumes/secret.cpp": source("edged/volumes/secret.hpp"),
    "src/edged/pod/pod.hpp": header("edged/volumes/mounts.hpp"),
    "src/edged/pod/pod.cpp": source("edged/pod/pod.hpp"),
    "src/eventbus/eventbus.cpp": source("edgecore/eventbus/eventbus.hpp")
                                 + "// Kept (protocol/02-metamanager.md\n"
                                 + "// §3.9, §4; pains rows 1 and\n// 2), §3.2.\n",
    "src/app/main.cpp": source("edgecore/eventbus/eventbus.hpp", "edgecore/edged/edged.hpp"),
    "tests/unit/edged/pod/pod_test.cpp": source("edged/volumes/secret.hpp"),
    "tests/unit/edged/pod/grpc/secret_test.cpp": source(),
    "tests/unit/edged/module_restarts_test.cpp": source(),
    "tests/unit/cloudsim/hub_test.cpp": source(),
}


class HouseTest(unittest.TestCase):
    def faults(self, changes: dict[str, str | None]) -> list[str]:
        """The faults of the sound tree with some files changed, or taken away."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in (SOUND | changes).items():
                if text is not None:
                    file = Path(folder, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text, encoding="utf-8")
            return [str(fault) for fault in house.faults_of(Path(folder))]

    def one_fault(self, changes: dict[str, str | None], beginning: str, *words: str) -> None:
        faults = self.faults(changes)
        self.assertEqual(len(faults), 1, faults)
        self.assertTrue(faults[0].startswith(beginning + ": "), faults[0])
        for word in words:
            self.assertIn(word, faults[0])

    def planned(self, old: str, new: str) -> dict[str, str | None]:
        self.assertIn(old, ARCHITECTURE)
        return {"docs/architecture.md": ARCHITECTURE.replace(old, new)}

    def test_a_sound_tree_has_no_fault(self):
        self.assertEqual(self.faults({}), [])

    # Rule 1: rooms
    def test_a_room_does_not_include_a_room_below_it(self):
        self.one_fault({"src/base/error.cpp": source("edgecore/edged/edged.hpp")}, "src/base/error.cpp:2",
                       "`base` includes edgecore/edged/edged.hpp", "may not include `edged`")

    def test_a_room_does_not_include_a_room_that_its_row_does_not_list(self):
        changes = self.planned("| `net` | `base` |", "| `net` | – |")
        self.one_fault(changes, "src/net/stream.cpp:2", "may not include `base`")

    def test_modules_do_not_include_one_another_even_if_the_row_says_all_above(self):
        changes = self.planned("| `eventbus` | base, net |", "| `eventbus` | all above |")
        self.assertEqual(self.faults(changes), [])
        changes |= {"src/eventbus/x.cpp": source("edgecore/edged/edged.hpp")}
        self.one_fault(changes, "src/eventbus/x.cpp:2", "may not include `edged`")

    def test_a_row_does_not_list_a_module(self):
        self.one_fault(self.planned("base, net", "base, edged"), "docs/architecture.md:11",
                       "may not include the module `edged`")

    def test_a_row_does_not_list_a_room_below_it(self):
        self.one_fault(self.planned("| `net` | `base` |", "| `net` | `base`, `app` |"),
                       "docs/architecture.md:9", "no row above has it")

    def test_a_private_header_is_not_included_from_another_room(self):
        self.one_fault({"src/app/main.cpp": source("edged/pod/pod.hpp")}, "src/app/main.cpp:2",
                       "a private header")

    def test_a_public_header_does_not_include_a_private_one(self):
        self.one_fault({"include/edgecore/edged/x.hpp": header("edged/spec/refusal.hpp")},
                       "include/edgecore/edged/x.hpp:3", "a public header includes the private")

    def test_each_room_is_in_the_table_and_has_files(self):
        self.one_fault({"src/cri/x.cpp": source()}, "src/cri/x.cpp:1", "`cri` is no room")
        self.one_fault(self.planned("| `app` |", "| `rpc` | – | x |\n| `app` |"), "docs/architecture.md:12",
                       "`rpc` has no files")

    # Rule 2: folders
    def test_a_folder_does_not_include_a_folder_that_its_row_does_not_list(self):
        self.one_fault({"src/edged/spec/x.hpp": header("edged/volumes/mounts.hpp")}, "src/edged/spec/x.hpp:3",
                       "`spec` includes edged/volumes/mounts.hpp and may not include `volumes`")

    def test_a_folder_is_entered_by_its_doors(self):
        self.one_fault({"src/edged/pod/pod.cpp": source("edged/volumes/secret.hpp")},
                       "src/edged/pod/pod.cpp:2", "no door of `volumes`")
        self.assertEqual(self.faults({"src/edged/edged.cpp": source("edged/volumes/secret.hpp")}), [])

    def test_a_folder_does_not_include_the_root_unless_its_row_lists_it(self):
        self.one_fault({"src/edged/x.hpp": header(), "src/edged/pod/pod.cpp": source("edged/x.hpp")},
                       "src/edged/pod/pod.cpp:2", "may not include `(root)`")

    def test_each_folder_is_in_the_table_and_has_files(self):
        self.one_fault({"src/edged/node/x.cpp": source()}, "src/edged/node/x.cpp:1", "`node` of `edged`")
        self.one_fault({"src/net/tls/x.cpp": source()}, "src/net/tls/x.cpp:1", "in no table")
        self.one_fault(self.planned("| `(root)` |", "| `stats` | – | – | x |\n| `(root)` |"),
                       "docs/architecture.md:21", "`edged` has no folder `stats`")

    def test_a_door_is_a_header(self):
        self.one_fault(self.planned("`mounts` |", "`mounts`, `gone` |"), "docs/architecture.md:19",
                       "the door `gone`")

    def test_a_row_does_not_list_a_folder_below_it(self):
        self.one_fault(self.planned("| `spec` | – |", "| `spec` | pod |"), "docs/architecture.md:18",
                       "no row above has it")

    def test_a_private_header_is_named_from_src(self):
        self.one_fault({"src/edged/pod/pod.cpp": source("pod.hpp")}, "src/edged/pod/pod.cpp:2",
                       'write "edged/pod/pod.hpp"')

    # Rule 3: size of folders
    def test_a_folder_has_at_most_twenty_sources(self):
        files = {f"src/base/file_{number}.cpp": source() for number in range(19)}
        self.assertEqual(self.faults(files), [])
        self.one_fault(files | {"src/base/one_more.cpp": source()}, "src/base/error.cpp:1",
                       "has 21 .cpp files")

    # Rule 4: circles
    def test_headers_do_not_include_each_other_in_a_circle(self):
        self.one_fault({"src/base/a.hpp": header("base/b.hpp"), "src/base/b.hpp": header("base/c.hpp"),
                        "src/base/c.hpp": header("base/a.hpp")}, "src/base/a.hpp:3",
                       "src/base/b.hpp:3 includes", "src/base/c.hpp:3 includes src/base/a.hpp")

    def test_a_source_counts_as_its_header_in_a_circle(self):
        self.one_fault({"src/base/a.hpp": header(), "src/base/a.cpp": source("base/a.hpp", "base/b.hpp"),
                        "src/base/b.hpp": header("base/a.hpp")}, "src/base/a.cpp:3",
                       "src/base/b.hpp:3 includes")

    # Rule 5: tests
    def test_a_folder_of_unit_tests_mirrors_one_of_the_source(self):
        self.one_fault({"tests/unit/edged/node/a_test.cpp": source(),
                        "tests/unit/edged/node/b_test.cpp": source()},
                       "tests/unit/edged/node/a_test.cpp:1", "no src/edged/node")

    def test_a_unit_test_lies_where_its_source_lies(self):
        self.one_fault({"tests/unit/edged/secret_test.cpp": source()}, "tests/unit/edged/secret_test.cpp:1",
                       "move it to tests/unit/edged/volumes")
        self.one_fault({"tests/unit/edged/pod/edged_test.cpp": source()},
                       "tests/unit/edged/pod/edged_test.cpp:1", "move it to tests/unit/edged")

    # Rule 6: licence
    def test_each_file_names_its_licence(self):
        self.one_fault({"src/app/main.cpp": "int main() {}\n"}, "src/app/main.cpp:1", "// SPDX-License")

    # Rule 9: headers
    def test_a_header_is_read_once(self):
        self.one_fault({"src/app/a.hpp": LICENCE}, "src/app/a.hpp:1", "`#pragma once` is missing")

    def test_beast_stays_in_net_and_grpc_in_its_rooms(self):
        self.one_fault({"src/app/a.cpp": source() + "#include <boost/beast/http.hpp>\n"}, "src/app/a.cpp:2",
                       "belongs to src/net")
        self.one_fault({"src/edged/a.cpp": source("cri.pb.h")}, "src/edged/a.cpp:2", "is gRPC")

    # Rule 10: one parser of JSON
    def test_json_is_parsed_where_its_limits_are(self):
        parse = "Json f() { return Json::parse(text); }\n"
        self.one_fault({"src/edged/a.cpp": source() + parse}, "src/edged/a.cpp:2", "kube::parse_json")
        self.one_fault({"include/edgecore/edged/a.hpp": header() + parse}, "include/edgecore/edged/a.hpp:3",
                       "kube::stored_json")
        self.assertEqual(self.faults({"tests/unit/edged/a_test.cpp": source() + parse}), [])


if __name__ == "__main__":
    unittest.main()
