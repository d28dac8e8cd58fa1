#!/usr/bin/env bash
# Installs what is needed, builds everything and runs all tests. As root on Debian 12:
#   ./scripts/test.sh            everything
#   ./scripts/test.sh release    only that preset (release, asan, tsan)
# Ends with one line "N passed, N failed, N skipped" and a status that says the same.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh

presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan tsan)
[ "$(uname -s)" = Linux ] || fail "edgecore is built and tested on Linux"

install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"

passed=0 failed=0 skipped=0
# read_results FILE: tests, bad and left are the totals of a JUnit file.
read_results() {
  tests=$(sed -n 's/^[[:space:]]*tests="\([0-9]*\)"$/\1/p' "$1")
  bad=$(sed -n 's/^[[:space:]]*failures="\([0-9]*\)"$/\1/p' "$1")
  left=$(sed -n 's/^[[:space:]]*skipped="\([0-9]*\)"$/\1/p' "$1")
}
# run PRESET CTEST-ARGUMENT…: runs the tests and adds to the totals. What failed gets a second chance, which is printed: many
# tests have time limits, and the machine may be busy. What a sanitizer reported gets none.
run() {
  local preset=$1 tests bad left all skips results=$PWD/build/$1/results.xml
  shift
  rm -f "$results"
  ctest --test-dir "build/$preset" --output-on-failure --output-junit "$results" "$@"
  read_results "$results"
  [ -n "$tests" ] && [ "$tests" -gt 0 ] || fail "preset $preset ran no test"
  all=$tests skips=$left
  if [ "$bad" -gt 0 ] && ! grep -qE 'Sanitizer|runtime error:' "build/$preset/Testing/Temporary/LastTest.log"; then
    say "[$preset] $bad of $tests failed; once more, one by one"
    ctest --test-dir "build/$preset" --output-on-failure --rerun-failed --output-junit "$results" "$@" -j 1
    read_results "$results"
  fi
  passed=$((passed + all - bad - skips)) failed=$((failed + bad)) skipped=$((skipped + skips))
}
for preset in "${presets[@]}"; do
  say "[$preset] configuring"
  cmake --preset "$preset" > "/tmp/edgecore-configure-$$.log" 2>&1 || { tail -n 30 "/tmp/edgecore-configure-$$.log"; rm -f "/tmp/edgecore-configure-$$.log"; fail "cmake could not configure the preset $preset"; }
  rm -f "/tmp/edgecore-configure-$$.log"
  say "[$preset] building"
  started=$SECONDS
  ninja -C "build/$preset" || fail "the build of preset $preset failed; the compiler's words are above"
  say "[$preset] built in $((SECONDS - started)) s; running tests"
  started=$SECONDS
  run "$preset" -LE integration --timeout 600 -j 2
  # Whole nodes under time limits: alone on the machine.
  [ "$preset" != release ] || run "$preset" -L integration --timeout 300
  say "[$preset] tests took $((SECONDS - started)) s"
done

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
