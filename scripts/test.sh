#!/usr/bin/env bash
# Installs what is needed, builds everything and runs the tests. As root on Debian 12:
#   ./scripts/test.sh                  what CI runs: the presets release, asan and tsan
#   ./scripts/test.sh PRESET…          only these: release, asan, tsan, dev, fuzz
#   ./scripts/test.sh full             all of them, each with all it has
# Ends with the time of each step, the tests that passed only at their second try, and one line
# "N passed, N failed, N skipped"; the exit status says the same.
#
# Which preset runs what, and why:
#   release  Every unit test, and the integration tests: what users run, with its real optimisation.
#   asan     Every unit test with AddressSanitizer and UndefinedBehaviorSanitizer: memory errors can be in any room.
#            Without gRPC (Debian's is not instrumented), hence without the integration tests.
#   tsan     Unit tests of the rooms that have threads or meet others on a thread. Not base's pure parts, kube, config
#            and keadm: they have no threads (tests/unit/CMakeLists.txt).
#   dev      File by file instead of a dozen at once (CONTRIBUTING.md): shows that each file stands alone. In `full` only:
#            it takes four times as long, and what it finds breaks nothing that users run.
#   fuzz     Each libFuzzer target for five seconds. In `full` only: what fuzzing finds, it finds in hours.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh

presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan tsan)
[ "${presets[*]}" != full ] || presets=(release asan tsan dev fuzz)
for preset in "${presets[@]}"; do
  [[ $preset =~ ^(release|asan|tsan|dev|fuzz)$ ]] || fail "unknown argument $preset: this script takes full, or names of presets: release, asan, tsan, dev, fuzz"
done
[ "$(uname -s)" = Linux ] || fail "edgecore is built and tested on Linux"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0 steps=() second_tries=()

# timed NAME COMMAND…: runs it and keeps how long it took. Its status is the command's.
timed() {
  local name=$1 began=$SECONDS status=0
  shift
  "$@" || status=$?
  steps+=("$(printf '%6d s  %s' $((SECONDS - began)) "$name")")
  return $status
}

# read_results FILE: tests, bad and left are the totals of a JUnit file.
read_results() {
  tests=$(sed -n 's/^[[:space:]]*tests="\([0-9]*\)"$/\1/p' "$1")
  bad=$(sed -n 's/^[[:space:]]*failures="\([0-9]*\)"$/\1/p' "$1")
  left=$(sed -n 's/^[[:space:]]*skipped="\([0-9]*\)"$/\1/p' "$1")
}

# failed_tests FILE: the names of those that failed, a line each.
failed_tests() { sed -n 's/.*<testcase name="\([^"]*\)".*status="fail".*/\1/p' "$1"; }

# run PRESET CTEST-ARGUMENT…: runs tests and adds to the totals. A failed test gets a second try, alone on the machine, because
# many have time limits. What a sanitizer reported gets none.
run() {
  local preset=$1 tests="" bad="" left="" all skips name results=$work/results.xml
  shift
  rm -f "$results"
  ctest --test-dir "build/$preset" --output-on-failure --output-junit "$results" "$@"
  [ -f "$results" ] && read_results "$results"
  [ -n "$tests" ] && [ "$tests" -gt 0 ] || fail "preset $preset ran no test"
  all=$tests skips=$left
  if [ "$bad" -gt 0 ] && ! grep -qE 'Sanitizer|runtime error:' "build/$preset/Testing/Temporary/LastTest.log"; then
    failed_tests "$results" > "$work/failed"
    say "[$preset] $bad of $tests failed; a second try, one by one"
    ctest --test-dir "build/$preset" --output-on-failure --rerun-failed --output-junit "$results" "$@" -j 1
    read_results "$results"
    while read -r name; do
      grep -qxF "$name" <(failed_tests "$results") || second_tries+=("[$preset] $name")
    done < "$work/failed"
  fi
  passed=$((passed + all - bad - skips)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

configure() {
  cmake --preset "$1" > "$work/configure.log" 2>&1 && return
  tail -n 30 "$work/configure.log"
  fail "cmake could not configure the preset $1"
}

timed "packages" install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
for preset in "${presets[@]}"; do
  say "[$preset] configuring and building"
  configure "$preset"
  target=all
  [ "$preset" != fuzz ] || target=fuzz
  timed "[$preset] build" ninja -C "build/$preset" "$target" || fail "the build of preset $preset failed; the compiler's words are above"
  say "[$preset] built; running tests"
  # Unit tests wait more than they compute, too: whole modules with their real pauses.
  timed "[$preset] unit tests" run "$preset" -LE integration --timeout 600 -j "$((4 * $(nproc)))"
  if [ "$preset" = release ]; then
    # Those that measure time run alone (tests/integration/CMakeLists.txt).
    timed "[$preset] integration tests" run "$preset" -L integration --timeout 300 -j "$((3 * $(nproc)))"
  fi
done

say "time of each step, $SECONDS s in all"
printf '%s\n' "${steps[@]}"
if [ ${#second_tries[@]} -gt 0 ]; then
  say "passed only at their second try: mend them"
  printf '    %s\n' "${second_tries[@]}"
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
