#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds everything and runs the tests. As root on Debian 12:
#   ./scripts/test.sh                  what CI runs: scripts/check.sh, then the presets release, asan and tsan
#   ./scripts/test.sh PRESET…          only these: release, asan, tsan, dev, fuzz
#   ./scripts/test.sh full             scripts/check.sh and all five
# Prints at the end the time of each step, the tests that passed only at their second try, and one line "N
# passed, N failed, N skipped"; the exit status is 1 if one failed.
#
# Which preset runs what, and why:
#   release  All unit tests and the integration tests: what users run, with its real optimisation.
#   asan     Unit tests with AddressSanitizer and UndefinedBehaviorSanitizer, of all rooms: any code can have a memory error.
#            Not what needs gRPC (rpc, the gRPC parts of cri and devicetwin, the integration tests): Debian's gRPC is not
#            instrumented. Not UBSan's checks null, object-size and vptr: AddressSanitizer reports what they guard.
#   tsan     Unit tests with ThreadSanitizer. As asan, but only of rooms that have threads or give work to threads (base,
#            async, store, net, beehive, edgehub, metamanager, edged, app); with full, of all rooms.
#   dev      Not by default. Unit tests; each file is compiled alone, which takes three times as long.
#   fuzz     Not by default. Each libFuzzer target for five seconds, as a smoke test; real fuzzing takes hours.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh

presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan tsan)
everywhere=OFF
[ "${presets[*]}" != full ] || { everywhere=ON; presets=(release asan tsan dev fuzz); }
for preset in "${presets[@]}"; do
  [[ $preset =~ ^(release|asan|tsan|dev|fuzz)$ ]] || fail "unknown argument $preset: this script takes full alone, or names of presets: release, asan, tsan, dev, fuzz"
done
[ "$(uname -s)" = Linux ] || fail "edgecore is built and tested on Linux"

work=$(mktemp -d)
passed=0 failed=0 skipped=0 steps=() second_tries=()
# Prints the summary, however the script ends.
summary() {
  local status=$?
  rm -rf "$work"
  say "time of each step, $SECONDS s in all"
  [ ${#steps[@]} -eq 0 ] || printf '%s\n' "${steps[@]}"
  if [ ${#second_tries[@]} -gt 0 ]; then
    say "passed only at their second try: mend them"
    printf '    %s\n' "${second_tries[@]}"
  fi
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1  # something that is not a test
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] || exit 1
}
trap summary EXIT

# timed NAME COMMAND…: runs it and records its time. Returns the command's status.
timed() {
  local name=$1 began=$SECONDS status=0
  shift
  "$@" || status=$?
  steps+=("$(printf '%6d s  %s' $((SECONDS - began)) "$name")")
  return $status
}

# results FILE FOLDER: a line for each test of a JUnit file of ctest: "passed", "failed" or "skipped", a blank,
# its name. A test that could not be started has failed; one that reports a skip is skipped. A process of many
# tests (edgecore_add_unit_tests) is replaced by the tests that it lists in FOLDER; if it lists none, it broke
# off and has failed.
results() {
  /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import html, pathlib, re, sys
import xml.etree.ElementTree as ElementTree

def shard(name):
    """The tests that a process of many has listed, or None."""
    listed = pathlib.Path(sys.argv[2], name.removeprefix("unit/") + ".xml")
    try:
        cases = list(ElementTree.parse(listed).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    return [("failed" if case.find("failure") is not None else "skipped" if case.get("result") == "skipped" else "passed",
             f"unit/{case.get('classname')}.{case.get('name')}") for case in cases if case.get("status") == "run"]

text = open(sys.argv[1], encoding="utf-8", errors="replace").read()
for name, status, rest in re.findall(r'<testcase name="([^"]*)"[^>]* status="(\w+)"(.*?)(?=<testcase |</testsuite>)', text, re.DOTALL):
    name = html.unescape(name)
    skipped = status == "disabled" or status == "notrun" and re.search(r'<skipped message="SKIP_', rest)
    found = "passed" if status == "run" else "skipped" if skipped else "failed"
    tests = shard(name) or [(found, name)]
    if found == "failed" and all(one != "failed" for one, _ in tests):
        tests.append((found, name))  # after its last test, or killed before the list was written
    for one in tests:
        print(*one)
PYTHON
}

# run PRESET CTEST-ARGUMENT…: runs tests and adds to the totals. A failed test gets a second try, alone on the
# machine, because many have time limits. A test with a sanitizer report gets none.
run() {
  local preset=$1 status=0 name
  shift
  rm -rf "${work:?}"/* "build/$preset/gtest"
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --output-junit "$work/first.xml" "$@" || status=$?
  [ -f "$work/first.xml" ] || fail "ctest of preset $preset ended with $status and left no results"
  results "$work/first.xml" "build/$preset/gtest" > "$work/first"
  grep '^failed ' "$work/first" > "$work/failed"
  if [ -s "$work/failed" ] && ! grep -qE 'Sanitizer|runtime error:' "build/$preset/Testing/Temporary/LastTest.log"; then
    say "[$preset] $(wc -l < "$work/failed") of $(wc -l < "$work/first") tests failed; a second try, one by one"
    ctest --test-dir "build/$preset" --output-on-failure --rerun-failed --output-junit "$work/second.xml" "$@" -j 1
    [ -f "$work/second.xml" ] && results "$work/second.xml" "build/$preset/gtest" > "$work/second"
    while IFS= read -r name; do
      name=${name#failed }
      grep -qxF "passed $name" "$work/second" || continue
      second_tries+=("[$preset] $name")
      passed=$((passed + 1)) failed=$((failed - 1))
    done < "$work/failed"
  fi
  passed=$((passed + $(grep -c '^passed ' "$work/first")))
  failed=$((failed + $(grep -c '^failed ' "$work/first")))
  skipped=$((skipped + $(grep -c '^skipped ' "$work/first")))
  if [ "$status" -ne 0 ] && [ ! -s "$work/failed" ]; then fail "ctest of preset $preset ended with $status although no test failed"; fi
}

configure() {
  cmake --preset "$1" -DEDGECORE_TSAN_EVERYWHERE="$everywhere" > "$work/configure.log" 2>&1 && return
  tail -n 30 "$work/configure.log"
  fail "cmake could not configure the preset $1"
}

timed "packages" install_packages \
  "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
if [ $# -eq 0 ] || [ "$*" = full ]; then  # counts as one test; without clang-tidy, which is for the developer's change
  if EDGECORE_TIDY_SECONDS=${EDGECORE_TIDY_SECONDS:-0} timed "check" ./scripts/check.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi
for preset in "${presets[@]}"; do
  say "[$preset] configuring and building"
  configure "$preset"
  targets=(all)
  [ "$preset" != fuzz ] || targets=(fuzz)
  [ "$preset" != tsan ] || targets=(unit_tests)
  [ "$preset$*" != releasefull ] || targets+=(bench)
  timed "[$preset] build" ninja -C "build/$preset" "${targets[@]}" || fail "the build of preset $preset failed; see the compiler's output above"
  say "[$preset] built; running tests"
  # Unit tests with threads and real processes mostly wait. With a sanitizer they mostly compute.
  at_once=$((4 * $(nproc)))
  [[ $preset != ?san ]] || at_once=$((2 * $(nproc)))
  timed "[$preset] unit tests" run "$preset" -LE integration --timeout 600 -j "$at_once"
  if [ "$preset" = release ]; then
    # Tests that measure time run alone (tests/integration/CMakeLists.txt).
    timed "[$preset] integration tests" run "$preset" -L integration --timeout 300 -j "$((3 * $(nproc)))"
  fi
done
