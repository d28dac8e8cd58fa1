# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # the lists are for the scripts that source this
# Sourced by quickstart.sh, test.sh and check.sh: the Debian 12 packages that the project needs, and their installation.

BUILD_PACKAGES=(
  g++ cmake ninja-build ccache mold lld-16 pkg-config
  libboost1.81-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libssl-dev libsqlite3-dev libyaml-cpp-dev libcli11-dev
  libgrpc++-dev libgrpc-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev libre2-dev
  libc-ares-dev zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev libsystemd-dev prometheus-cpp-dev libmosquitto-dev
)
RUN_PACKAGES=(
  containerd runc containernetworking-plugins busybox-static gcc libc6-dev iptables iproute2 mosquitto mosquitto-clients python3 python3-paho-mqtt procps
  ca-certificates curl
)
CHECK_PACKAGES=(clang-format-16 clang-tidy-16 shellcheck codespell python3)
TEST_PACKAGES=(clang-16 libclang-rt-16-dev faketime sqlite3 openssl dbus-daemon python3-kubernetes python3-grpcio python3-protobuf)

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
# step NAME: prints it, and the time of the previous step.
step() {
  [ -z "${step_began:-}" ] || printf '    (took %d s)\n' $((SECONDS - step_began))
  step_began=$SECONDS
  say "$@"
}
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# install_packages NAME...: installs the missing ones, without questions and without starting services.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  # kubectl comes from kubernetes-client unless another package has installed it.
  command -v kubectl >/dev/null 2>&1 || missing+=(kubernetes-client)
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || fail "packages are missing (${missing[*]}): run this script as root, it installs them with apt-get"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  local log policy=/usr/sbin/policy-rc.d made_policy=0
  log=$(mktemp)
  if [ ! -e "$policy" ]; then  # packages must not start their services: this project runs its own, private ones
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" && made_policy=1
  fi
  local ok=1
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } > "$log" 2>&1 || ok=0
  [ "$made_policy" = 1 ] && rm -f "$policy"
  if [ "$ok" = 0 ]; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install: ${missing[*]} (see its output above)"
  fi
  rm -f "$log"
}
