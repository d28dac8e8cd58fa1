#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the source without building or running it. On Debian 12:
#   ./scripts/check.sh          what changed since the branch left origin/main, or with the last commit
#   ./scripts/check.sh BASE     what changed since the commit BASE
#   ./scripts/check.sh all      all of it
# Format, clang-tidy and spelling check the changed files; shellcheck, Python and the house test (tests/house)
# check everything. All faults are shown; the exit status is 1 if there is one.
#
# clang-tidy takes many seconds per file. It starts with the most changed files, starts none after
# EDGECORE_TIDY_SECONDS (150 if not set, 0 to skip it), and lists the files that it did not check.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh

[ $# -le 1 ] || fail "too many arguments ($*): this script takes a commit, all, or nothing"
seconds=${EDGECORE_TIDY_SECONDS:-150}
[[ $seconds =~ ^[0-9]+$ ]] || fail "EDGECORE_TIDY_SECONDS is $seconds: give a number of seconds"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
faulty=()

# check NAME COMMAND…: runs it and records a failure.
check() {
  local name=$1
  shift
  "$@" || faulty+=("$name")
}

in_git() { git rev-parse --is-inside-work-tree > /dev/null 2>&1; }
commit() { git rev-parse --quiet --verify "$1^{commit}" 2> /dev/null; }

# The commit to compare with, or nothing: where the branch left origin/main. On origin/main itself it is the
# last commit if there are uncommitted changes, else the commit before.
find_base() {
  local head left
  head=$(commit HEAD) || return 0
  left=$(git merge-base HEAD origin/main 2> /dev/null) || left=$head
  if [ "$left" != "$head" ]; then
    echo "$left"
  elif [ -n "$(git status --porcelain)" ]; then
    echo "$head"
  else
    commit HEAD~1
  fi
}

that_are_there() { while IFS= read -r file; do [ -f "$file" ] && echo "$file"; done; }

# All files of the project, one per line.
all_files() {
  if in_git; then
    git ls-files --cached --others --exclude-standard
  else
    find . -type f -not -path './build/*' -not -path './run/*' -not -path '*/__pycache__/*' -printf '%P\n'
  fi | that_are_there
}

# The files that changed since $base, the most changed first.
changed_files() {
  {
    git diff --no-renames --numstat "$base"
    git ls-files --others --exclude-standard |
      while IFS= read -r file; do printf '%d\t0\t%s\n' "$(wc -l < "$file")" "$file"; done
  } | awk -F '\t' '{print $1 + $2 "\t" $3}' | sort -rn | cut -f 2 | that_are_there
}

# of PATTERN: the checked files whose names match, one per line.
of() { grep -E "$1" "$work/files"; }

formatted() {
  of '\.[ch]pp$' | xargs -r clang-format-16 --dry-run 2>&1 | grep -E '(warning|error):' > "$work/format"
  sed 's/: warning: code should be clang-formatted.*/: the format differs/' "$work/format"
  [ -s "$work/format" ] || return 0
  echo "fix it with: clang-format-16 -i $(cut -d: -f1 "$work/format" | sort -u | paste -sd ' ')"
  return 1
}

# The files that clang-tidy compiles for the checked ones, in their order: for a header the .cpp beside it, or
# the first one that includes it.
units() {
  local file unit name
  of '^(src|include|tests)/.*\.[ch]pp$' | while IFS= read -r file; do
    unit=$file
    if [[ $file == *.hpp ]]; then
      unit=${file%.hpp}.cpp
      name=${file#*/}
      [ -f "$unit" ] || unit=$(grep -rlF --include='*.cpp' "#include \"$name\"" src tests | sort | head -n 1)
      [ -f "${unit:-}" ] || { say "$file: no .cpp includes it; clang-tidy cannot look at it" >&2; continue; }
    fi
    grep -qF "\"file\": \"$PWD/$unit\"" build/dev/compile_commands.json && echo "$unit"
  done | awk '!seen[$0]++'
}

# Makes the inputs of clang-tidy: the g++ compile commands of the preset dev, adapted to clang, and the
# generated headers if a checked file may include one.
prepare_tidy() {
  if ! cmake --preset dev > "$work/log" 2>&1; then
    tail -n 30 "$work/log"
    fail "cmake could not configure the preset dev"
  fi
  mkdir -p build/check
  sed -E 's/ (-fcoroutines|-W[a-z-]+)//g' build/dev/compile_commands.json > build/check/compile_commands.json
  units > "$work/units"
  xargs -r -n 1 dirname < "$work/units" | sort -u | xargs -r grep -rlsF '.pb.h' > /dev/null || return 0
  ninja -C build/dev -t targets all | grep -oE '^generated/[^:]*\.pb\.h' > "$work/headers"
  xargs ninja -C build/dev < "$work/headers" > "$work/log" && return
  tail -n 30 "$work/log"
  fail "ninja could not generate the headers of proto/"
}

# tidy FILE: one run. Its output is shown in one piece at the end.
tidy() {
  local began=$EPOCHREALTIME status=0 log=$work/tidy.$BASHPID
  if [ "$SECONDS" -ge "$tidy_end" ]; then
    echo "$1" >> "$work/left"
    return 0
  fi
  clang-tidy-16 -p build/check --quiet "${tidy_filter[@]}" "$1" > "$log" 2> /dev/null || status=$?
  [ "$status" -le 1 ] || echo "error: $1: clang-tidy-16 was ended (status $status); run this again" >> "$log"
  awk -v began="$began" -v ended="$EPOCHREALTIME" -v file="$1" -v root="$PWD/" '
    {sub(root, ""); said = said $0 "\n"}
    END {printf "%8.1f s  %s\n%s", ended - began, file, said}' "$log"
  return $status
}

# Runs clang-tidy on all units, one per processor at a time. Shows only faults of the checked files.
tidied() {
  local running=0 status=0 file
  tidy_end=$((SECONDS + seconds))
  tidy_filter=()
  [ -z "$base" ] || tidy_filter=(--line-filter="[$(of '\.[ch]pp$' | sed 's/.*/{"name": "&"}/' | paste -sd,)]")
  while IFS= read -r file; do
    if [ "$running" -ge "$(nproc)" ]; then
      wait -n || status=1
      running=$((running - 1))
    fi
    tidy "$file" &
    running=$((running + 1))
  done < "$work/units"
  while [ "$running" -gt 0 ]; do
    wait -n || status=1
    running=$((running - 1))
  done
  if [ -s "$work/left" ]; then
    say "clang-tidy's $seconds s are over (EDGECORE_TIDY_SECONDS gives it more). It has not looked at" \
      "$(wc -l < "$work/left") of $(wc -l < "$work/units") files:"
    sed 's/^/    /' "$work/left"
  fi
  return $status
}

compiled_python() {
  # Compiled Python goes to the work folder, not beside the sources.
  grep -E '\.py$' "$work/all" | PYTHONPYCACHEPREFIX=$work xargs -r python3 -W error -m py_compile
}

spelled() { of '^(docs|src|include|tests|scripts)/|^[A-Z]+\.md$' | xargs -r codespell --quiet-level 3; }

base='' everything=0 without_tidy=''
case ${1:-} in
  all) everything=1 ;;
  '')
    if ! in_git; then
      without_tidy="this is not a git clone, so the changed files are unknown"
    else
      base=$(find_base)
      [ -n "$base" ] || without_tidy="no earlier commit is here (a shallow clone?): what changed is not known"
    fi
    ;;
  *) base=$(commit "$1") || fail "$1 is not a commit of this clone: give a commit, or all, or nothing" ;;
esac

step "packages"
install_packages "${CHECK_PACKAGES[@]}" "${BUILD_PACKAGES[@]}"
all_files > "$work/all"
if [ -n "$base" ]; then
  changed_files > "$work/files"
  say "looking at $(wc -l < "$work/files") files that changed since $(git log -1 --format='%h %s' "$base")"
else
  cp "$work/all" "$work/files"
  [ $everything = 1 ] || say "$without_tidy. Everything is checked, but not with clang-tidy"
fi

step "format"
check format formatted
if [ -n "$without_tidy" ] || [ "$seconds" = 0 ]; then
  say "clang-tidy: not run"
else
  step "clang-tidy"
  prepare_tidy
  check clang-tidy tidied
fi
step "shell scripts"
check "shell scripts" shellcheck -x scripts/*.sh .ci/run
step "Python"
check Python compiled_python
step "the house (tests/house)"
check house python3 -B tests/house/house.py
check documents python3 -B tests/house/documents.py
step "spelling"
check spelling spelled
step "$SECONDS s in all"
[ ${#faulty[@]} -eq 0 ] || fail "faults (described above) in: $(printf '%s\n' "${faulty[@]}" | paste -sd,)"
