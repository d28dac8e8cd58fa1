# SPDX-License-Identifier: Apache-2.0
"""The CRI client's own live tests (cri_grpc_test, LiveTest.*) against a private containerd: none skipped, none failed."""
import os
import re

from node import BUILD, Node

with Node() as node:
    node.start_runtime()
    done = node.run(BUILD / "bin/cri_grpc_test", "--gtest_filter=LiveTest.*", check=False,
                    env={**os.environ, "EDGECORE_TEST_CRI": node.endpoint})
    print(done.stdout[-6000:], done.stderr[-2000:])
    assert done.returncode == 0, f"cri_grpc_test ended with {done.returncode}"
    passed = int(re.search(r"\[  PASSED  \] (\d+) test", done.stdout)[1])
    assert passed >= 5 and "SKIPPED" not in done.stdout, "live tests were skipped"
