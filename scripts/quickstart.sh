#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh Debian 12 to a Kubernetes node with a running pod, in one command (as root):
#   ./scripts/quickstart.sh          installs packages, builds, starts everything inside ./run, shows a pod and a device
#   ./scripts/quickstart.sh --down   stops everything it started and removes ./run
# It changes nothing outside ./run except installed packages. Ctrl-C stops everything again.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/packages.sh

run=$PWD/run
node=quickstart-edge
bin=$PWD/build/release/bin
started=$SECONDS

pid_runs() { [ -f "$run/$1.pid" ] && kill -0 "$(cat "$run/$1.pid")" 2>/dev/null; }

# stop NAME [SECONDS]: ends the process of run/NAME.pid.
stop() {
  pid_runs "$1" || return 0
  local pid
  pid=$(cat "$run/$1.pid")
  kill "$pid" 2>/dev/null
  for _ in $(seq $((${2:-5} * 20))); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  kill -9 "$pid" 2>/dev/null
  rm -f "$run/$1.pid"
}

down() {
  [ -d "$run" ] || return 0
  say "taking everything down"
  stop thermometer
  stop edgecore 10
  stop cloudsim
  stop mosquitto
  [ -d "$run/runtime" ] && scripts/test-runtime.sh down "$run/runtime" > /dev/null 2>> "$run/down.log"
  # Unmount edgecore's mounts for pods (tmpfs of secrets, subPaths), deepest first.
  awk -v at="$run/" 'index($5, at) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r mount; do umount -l "$mount"; done
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    # Remove only empty ones: pods of another node on this machine keep theirs.
    [ -d "$hierarchy/kubepods" ] && find "$hierarchy/kubepods" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  rm -rf "$run"
}

# start NAME COMMAND…: in the background, output in run/NAME.log, pid in run/NAME.pid.
start() {
  local name=$1
  shift
  setsid "$@" < /dev/null > "$run/$name.log" 2>&1 &
  echo $! > "$run/$name.pid"
}

# give_up NAME SENTENCE: shows the end of a log and stops with an error.
give_up() {
  local copy
  tail -n 15 "$run/$1.log" >&2
  copy=$(mktemp "/tmp/edgecore-quickstart-$1.XXXXXX") && cat "$run/$1.log" > "$copy"
  trap - EXIT
  down
  fail "$2 (the end of its log is above, all of it in $copy)"
}

# wait_for SECONDS COMMAND…: true as soon as the command is.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  while [ $SECONDS -lt $until ]; do "$@" > /dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}

field() { python3 -c 'import json,sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
in_cloud() { kubectl --server "http://127.0.0.1:$api" "$@"; }
on_node() { kubectl --server "http://127.0.0.1:$meta" "$@"; }

if [ "${1:-}" = --down ]; then
  down
  say "done"
  exit 0
fi
[ $# -eq 0 ] || fail "unknown argument $1: this script takes --down or nothing"
[ "$(id -u)" = 0 ] || fail "a node needs root: containers, mounts and cgroups"
step "checking packages"
install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}"

step "building (the first time takes some minutes)"
cmake --preset release > build-configure.log 2>&1 || { tail -n 20 build-configure.log; fail "cmake could not configure the build"; }
rm -f build-configure.log
ninja -C build/release edgecore cloudsim keadm || fail "the build failed; see the compiler's output above"

down
mkdir -p "$run" && chmod 700 "$run"
trap 'trap - EXIT INT TERM; echo; down; exit 130' INT TERM
trap 'down' EXIT

step "starting a private containerd"
endpoint=$(scripts/test-runtime.sh up "$run/runtime" 2> "$run/runtime.log" | tail -n 1)
[ -n "$endpoint" ] || give_up runtime "containerd did not start"

step "starting a private mosquitto"
mqtt=$(free_port)
printf 'listener %s 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n' "$mqtt" > "$run/mosquitto.conf"
start mosquitto mosquitto -c "$run/mosquitto.conf"

step "starting the test cloud (it speaks CloudCore's protocol and a little Kubernetes API)"
start cloudsim "$bin/cloudsim" --dir "$run/cloud"
wait_for 10 grep -q '"token"' "$run/cloudsim.log" || give_up cloudsim "the test cloud did not start"
cloud=$(grep -m1 '"token"' "$run/cloudsim.log")
api=$(field "$cloud" api)

meta=$(free_port)
step "starting edgecore as node $node"
cat > "$run/edgecore.yaml" <<Y
apiVersion: edgecore.config.kubeedge.io/v1alpha2
kind: EdgeCore
database: {dataSource: $run/edgecore.db}
modules:
  edgeHub:
    httpServer: https://127.0.0.1:$(field "$cloud" http)
    token: $(field "$cloud" token)
    tlsCaFile: $run/ca/rootCA.crt
    tlsCertFile: $run/certs/server.crt
    tlsPrivateKeyFile: $run/certs/server.key
    websocket: {enable: true, server: 127.0.0.1:$(field "$cloud" hub)}
  edged:
    hostnameOverride: $node
    rootDirectory: $run/edged
    podSandboxImage: localhost/pause:3.9
    tailoredKubeletConfig:
      cgroupDriver: cgroupfs
      containerRuntimeEndpoint: $endpoint
      imageServiceEndpoint: $endpoint
      staticPodPath: $run/manifests
      readOnlyPort: 0
  metaManager: {metaServer: {enable: true, server: "127.0.0.1:$meta"}}
  eventBus: {enable: true, mqttMode: 2, mqttServerExternal: "tcp://127.0.0.1:$mqtt"}
  deviceTwin: {enable: true, dmiSockPath: $run/dmi.sock}
Y
chmod 600 "$run/edgecore.yaml"
clock=$(date +%s%N)
export CHECK_EDGECORE_ENVIRONMENT=false EDGECORE_POD_LOGS=$run/pods EDGECORE_CONTAINER_LOGS=$run/containers EDGECORE_METASERVER_PKI=$run/pki
start edgecore "$bin/edgecore" --config "$run/edgecore.yaml"
node_ready() { in_cloud get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }
wait_for 30 node_ready || give_up edgecore "the node did not become Ready within 30 s"
say "the node is Ready in the cloud, $((($(date +%s%N) - clock) / 1000000)) ms after its first start (enrolment included)"

step "applying config/examples/hello.yaml"
clock=$(date +%s%N)
in_cloud apply --validate=false -f config/examples/hello.yaml || give_up cloudsim "kubectl could not apply the example"
pod_ready() { in_cloud get pod hello -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }
wait_for 60 pod_ready || give_up edgecore "the pod did not become Ready within 60 s"
say "the pod is Ready, $((($(date +%s%N) - clock) / 1000000)) ms after kubectl apply"

echo
in_cloud get nodes
echo
in_cloud get pods -o wide
echo
say "what the pod says (its log file on the node)"
uid=$(in_cloud get pod hello -o 'jsonpath={.metadata.uid}')
cut -d' ' -f4- "$run/pods/default_hello_$uid/hello/0.log"
echo
say "the same pod, asked of the node's own Kubernetes API (it answers without the cloud, too)"
on_node get pods || give_up edgecore "the node's own API does not answer"
echo
step "a device: config/examples/thermometer.yaml, served by a virtual thermometer that speaks MQTT (tests/mappers/mqtt_thermometer.py)"
in_cloud apply --validate=false -f config/examples/thermometer.yaml || give_up cloudsim "kubectl could not apply the device"
start thermometer /usr/bin/python3 tests/mappers/mqtt_thermometer.py --port "$mqtt" --device default/thermometer --start 20 --period 1
twin='jsonpath={.status.twins[?(@.propertyName=="temperature")].reported.value}'
twin_of() { "$1" get devices.devices.kubeedge.io thermometer -o "$twin" 2> /dev/null; }
reached() { [ "$(twin_of "$1")" = 23 ]; }
wait_for 60 reached in_cloud || give_up thermometer "the cloud did not show the thermometer's temperature within 60 s"
wait_for 20 reached on_node || give_up edgecore "the node's own API did not show the thermometer's temperature"
echo "    the thermometer says:       $(tail -n 1 "$run/thermometer.log")"
echo "    the twin in the cloud:      temperature $(twin_of in_cloud), the desired value"
echo "    the twin on the node's API: temperature $(twin_of on_node)"
echo "    the twin on MQTT:           \$hw/events/device/default/thermometer/twin/update/document (mosquitto_sub -p $mqtt -t '\$hw/events/#' -v)"
echo
step "memory of edgecore: $(awk '/^Pss:/ {printf "%.1f MiB (PSS)", $2 / 1024}' "/proc/$(cat "$run/edgecore.pid")/smaps_rollup")"
cat <<T

All of it took $((SECONDS - started)) s and runs in the background. Try:
  kubectl --server http://127.0.0.1:$api get pods -o wide -w
  kubectl --server http://127.0.0.1:$api patch configmap hello --type merge -p '{"data":{"greeting":"Good evening"}}'
  kill -9 \$(cat run/edgecore.pid); EDGECORE_POD_LOGS=$run/pods EDGECORE_CONTAINER_LOGS=$run/containers build/release/bin/edgecore --config run/edgecore.yaml   # the pod does not notice
  kill \$(cat run/cloudsim.pid); kubectl --server http://127.0.0.1:$meta get pods; build/release/bin/keadm ctl restart pod hello --config run/edgecore.yaml   # no cloud
  kubectl --server http://127.0.0.1:$api patch device thermometer --type json -p '[{"op":"replace","path":"/spec/properties/0/desired/value","value":"18"}]'; tail -f run/thermometer.log
  tail -f run/edgecore.log
  ./scripts/quickstart.sh --down
T
trap - EXIT INT TERM
