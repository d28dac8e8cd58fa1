#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A private container runtime for tests: containerd with CRI, CNI bridge and two local images, all of it below one folder.
#
#   test-runtime.sh up DIR [SUBNET [BRIDGE]]   starts it; the last line on standard output is the CRI endpoint
#   test-runtime.sh down DIR                   ends its pods, containerd and shims, and removes everything it made, including DIR
#
# SUBNET is a /24 such as 10.211.7.0/24; it and BRIDGE (at most 15 letters) are made from DIR's name when not given, so
# that several runtimes can live side by side. Images: localhost/pause:3.9, localhost/busybox:1.35. Needs root and the
# packages containerd runc containernetworking-plugins busybox-static gcc libc6-dev iptables iproute2 python3.
# Outside DIR it leaves nothing behind: network namespaces (/run/netns), interfaces, iptables rules and CNI's cache
# files (/var/lib/cni/results) are made by plugins while pods run, and `down` removes those of this runtime's pods.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { echo "test-runtime: $*" >&2; }
die() {
  say "$*"
  exit 1
}

usage() {
  sed -n '2,11p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
  exit 2
}

need() {
  [ "$(id -u)" = 0 ] || die "containerd needs root; run this as root."
  local program
  for program in containerd ctr runc gcc python3 iptables ip /usr/lib/cni/bridge /usr/lib/cni/portmap /bin/busybox; do
    command -v "$program" >/dev/null || die "$program is missing; install containerd runc" \
      "containernetworking-plugins busybox-static gcc libc6-dev iptables iproute2 python3."
  done
}

ctr_here() { timeout 20 ctr --address "$dir/containerd.sock" --namespace k8s.io "$@"; }

write_config() {
  # restrict_oom_score_adj: without CAP_SYS_RESOURCE a sandbox's OOM score cannot be lowered, and runc fails.
  cat >"$dir/containerd.toml" <<TOML
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$dir/containerd.sock"
[ttrpc]
  address = "$dir/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:3.9"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$dir/cni"
TOML
  mkdir -p "$dir/cni"
  cat >"$dir/cni/10-test.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "$bridge", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$dir/ipam", "ranges": [[{"subnet": "$subnet"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  echo "$bridge" >"$dir/bridge"
}

up() {
  need
  [ ! -e "$dir/containerd.pid" ] || die "$dir already holds a runtime; stop it first with: $0 down $dir"
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  [ "${#dir}" -le 80 ] || die "the path $dir is too long for a unix socket below it; choose a shorter one."
  local number
  number=$(printf '%s' "$dir" | cksum | cut -d' ' -f1)
  subnet=${subnet:-10.$((200 + number / 256 % 40)).$((number % 256)).0/24}
  bridge=${bridge:-ect$((number % 100000000))}
  [ "${#bridge}" -le 15 ] || die "the bridge name $bridge has more than 15 letters."
  ip link show "$bridge" >/dev/null 2>&1 && die "the interface $bridge exists already; give another as BRIDGE."

  write_config
  say "starting containerd in $dir (bridge $bridge, pods $subnet)"
  setsid containerd --config "$dir/containerd.toml" >"$dir/containerd.log" 2>&1 </dev/null &
  echo $! >"$dir/containerd.pid"
  # If the start fails or is interrupted, containerd is stopped; its log stays.
  trap 'tail -n 5 "$dir/containerd.log" >&2; end_process "$(cat "$dir/containerd.pid")"; rm -f "$dir/containerd.pid"' EXIT
  local tries
  for tries in $(seq 150); do
    ctr_here version >/dev/null 2>&1 && break
    kill -0 "$(cat "$dir/containerd.pid")" 2>/dev/null || die "containerd ended at its start; see $dir/containerd.log."
    [ "$tries" -lt 150 ] || die "containerd does not answer after 30 s; see $dir/containerd.log."
    sleep 0.2
  done
  say "making images"
  python3 "$here/make-images.py" "$dir/images.tar"
  ctr_here images import "$dir/images.tar" >/dev/null
  rm "$dir/images.tar"
  # CRI learns of the images by an event: wait for it, because a caller may start pods right after this
  # script.
  for tries in $(seq 50); do
    [ "$(ctr_here images ls -q | grep -c '^localhost/')" -ge 2 ] && break
    sleep 0.1
  done
  [ "$(ctr_here images ls -q | grep -c '^localhost/')" -ge 2 ] || die "the images were not imported."
  trap - EXIT
  say "ready"
  echo "unix://$dir/containerd.sock"
}

# Pids of the shims of this runtime, which have its socket in their command line.
shims() {
  local cmdline
  for cmdline in /proc/[0-9]*/cmdline; do
    # A process may end between being listed and being read.
    if { tr '\0' ' ' <"$cmdline"; } 2>/dev/null | grep -q "containerd-shim-runc-v2 .*-address $dir/containerd.sock "; then
      basename "$(dirname "$cmdline")"
    fi
  done
}

# Sends SIGTERM, waits up to 5 s, then kills.
end_process() {
  local pid=$1 tries
  kill "$pid" 2>/dev/null || return 0
  for tries in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
}

remove_network() {
  local bridge=$1 namespaces=$2 name result
  for name in $namespaces; do
    ip netns delete "$name" 2>/dev/null || true
  done
  for result in /var/lib/cni/results/"$bridge"-*-eth0; do
    [ -e "$result" ] || continue
    name=${result#"/var/lib/cni/results/$bridge-"}
    rm -f "$result" "/var/lib/cni/results/cni-loopback-${name%-eth0}-lo"
  done
  ip link delete "$bridge" 2>/dev/null || true
  # The rules of portmap and masquerade name the network in a comment; remove their chains with the last rule.
  iptables-save -t nat 2>/dev/null | { grep -F -- "$bridge" || true; } | sed -n 's/^-A /-t nat -D /p' |
    xargs -r -L 1 iptables || say "could not remove a rule of $bridge from iptables' nat table"
}

down() {
  [ "$(id -u)" = 0 ] || die "ending containerd needs root; run this as root."
  [ -e "$dir/containerd.toml" ] || die "$dir holds no runtime of this script."
  dir=$(cd "$dir" && pwd)
  local bridge pid namespaces ids id mounted
  bridge=$(cat "$dir/bridge")
  pid=$(cat "$dir/containerd.pid" 2>/dev/null || true)
  # The results of a pod's CNI calls name its network namespace.
  namespaces=$(cat /var/lib/cni/results/"$bridge"-* 2>/dev/null | grep -o '/netns/cni-[0-9a-f-]*' | cut -d/ -f3 | sort -u || true)

  say "ending pods"
  ids=$(ctr_here containers ls -q 2>/dev/null || true)
  for id in $ids; do
    ctr_here tasks kill --signal KILL "$id" >/dev/null 2>&1 || true
  done
  say "ending containerd"
  [ -z "$pid" ] || end_process "$pid"
  for pid in $(shims); do
    end_process "$pid"
  done
  say "removing networks, mounts and $dir"
  remove_network "$bridge" "$namespaces"
  # containerd puts sandboxes without a cgroup_parent under /k8s.io.
  for id in $ids; do
    find /sys/fs/cgroup -maxdepth 3 -type d -path "*/k8s.io/$id" -exec rmdir {} + 2>/dev/null || true
  done
  # Innermost mounts first.
  awk -v below="$dir/" 'index($5, below) == 1 {print $5}' /proc/self/mountinfo | sort -r > "$dir/mounted"
  while IFS= read -r mounted; do
    umount -l "$mounted" || say "could not unmount $mounted"
  done < "$dir/mounted"
  rm -rf --one-file-system "$dir"
  say "done"
}

[ $# -ge 2 ] || usage
dir=$2
subnet=${3:-}
bridge=${4:-}
case $1 in
  up) up ;;
  down) down ;;
  *) usage ;;
esac
