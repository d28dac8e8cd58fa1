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
# count RESULTS PRESET: adds the totals of a JUnit file.
count() {
  local tests bad left
  tests=$(sed -n 's/^[[:space:]]*tests="\([0-9]*\)"$/\1/p' "$1")
  bad=$(sed -n 's/^[[:space:]]*failures="\([0-9]*\)"$/\1/p' "$1")
  left=$(sed -n 's/^[[:space:]]*skipped="\([0-9]*\)"$/\1/p' "$1")
  [ -n "$tests" ] && [ "$tests" -gt 0 ] || fail "preset $2 ran no test"
  passed=$((passed + tests - bad - left)) failed=$((failed + bad)) skipped=$((skipped + left))
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
  results=build/$preset/results.xml
  rm -f "$results"
  ctest --test-dir "build/$preset" -LE integration --output-on-failure --timeout 600 -j 2 --output-junit "$PWD/$results"
  count "$results" "$preset"
  # Whole nodes under time limits: alone on the machine, and a second chance that is printed, for a busy one.
  if [ "$preset" = release ]; then
    rm -f "$results"
    ctest --test-dir "build/$preset" -L integration --output-on-failure --timeout 300 --repeat until-pass:2 --output-junit "$PWD/$results"
    count "$results" "$preset"
  fi
  say "[$preset] tests took $((SECONDS - started)) s"
done

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
