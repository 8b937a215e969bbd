#!/usr/bin/env bash
# A real Prometheus on 127.0.0.1 for tests and for looking at an app's metrics.
set -euo pipefail

root="$(cd "$(dirname "$0")/../.." && pwd)"
home="$root/.services/prometheus"
state="${TSOPS_PROMETHEUS_STATE:-$home}"
interval="${TSOPS_PROMETHEUS_INTERVAL:-1s}"

usage() {
  cat <<'HELP'
usage: scripts/services/prometheus.sh install | installed | start TARGET [RULES] | stop | status | env

  install   unpack Debian's package `prometheus` under .services/ (once; needs apt-get and dpkg-deb): no system service is set up
  installed print the program; exits 1 when it is not installed
  start     scrape http://TARGET/metrics (host:port) every $TSOPS_PROMETHEUS_INTERVAL (default 1s), with the alert rules of the
            file RULES if given, on a free port of 127.0.0.1, and wait until it is ready; prints what `env` prints
  stop      end the server that `start` began, and nothing else
  status    say whether that server runs; exits 1 when it does not
  env       shell lines with PROMETHEUS_URI and TSOPS_PROMTOOL, for: eval "$(scripts/services/prometheus.sh env)"

Files lie in $TSOPS_PROMETHEUS_STATE (default .services/prometheus); give each parallel server its own.
HELP
}

fail() {
  echo "prometheus.sh: $*" >&2
  exit 1
}

program="$home/unpacked/usr/bin/prometheus"

installed() {
  [ -f "$home/.complete" ] || fail "prometheus is not installed: scripts/services/prometheus.sh install"
  echo "$program"
}

# The package is unpacked, not installed: its own service would start by itself.
install() {
  if [ -f "$home/.complete" ]; then return; fi
  command -v apt-get >/dev/null || fail "apt-get is not there"
  mkdir -p "$home/download"
  (
    cd "$home/download"
    rm -f ./*.deb
    apt-get download prometheus >/dev/null 2>&1 || { apt-get update -qq && apt-get download prometheus >/dev/null; }
  ) || fail "apt-get could not download prometheus"
  rm -rf "$home/unpacked"
  dpkg-deb -x "$home"/download/prometheus_*.deb "$home/unpacked"
  rm -rf "$home/download"
  "$program" --version >/dev/null 2>&1 || fail "the unpacked prometheus does not run"
  touch "$home/.complete"
}

# The process is ours when it still carries the port that `start` wrote down.
running() {
  [ -f "$state/pid" ] && [ -f "$state/port" ] || return 1
  ps -o command= -p "$(cat "$state/pid")" 2>/dev/null | grep -q -- "--web.listen-address=127.0.0.1:$(cat "$state/port")"
}

print_env() {
  running || fail "not running: scripts/services/prometheus.sh start TARGET"
  echo "export PROMETHEUS_URI=http://127.0.0.1:$(cat "$state/port")"
  echo "export TSOPS_PROMTOOL=$home/unpacked/usr/bin/promtool"
}

start() {
  installed >/dev/null
  local target="${1:-${TSOPS_PROMETHEUS_TARGET:-}}" rules="${2:-}"
  [ -n "$target" ] || fail "start needs the host:port to scrape"
  if running; then fail "already running on port $(cat "$state/port"): scripts/services/prometheus.sh stop"; fi
  mkdir -p "$state/data"
  {
    echo "global: { scrape_interval: $interval, evaluation_interval: $interval, scrape_timeout: $interval }"
    if [ -n "$rules" ]; then echo "rule_files: [\"$rules\"]"; fi
    echo "scrape_configs: [{ job_name: tsops, static_configs: [{ targets: [\"$target\"] }] }]"
  } >"$state/prometheus.yml"
  local port
  port="$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"
  "$program" --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/data" --storage.tsdb.retention.time=1d \
    --storage.tsdb.retention.size=64MB --web.listen-address="127.0.0.1:$port" >"$state/log" 2>&1 </dev/null &
  echo $! >"$state/pid"
  echo "$port" >"$state/port"
  local _
  for _ in $(seq 1 240); do
    if node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' \
      "http://127.0.0.1:$port/-/ready"; then
      print_env
      return
    fi
    kill -0 "$(cat "$state/pid")" 2>/dev/null || { tail -20 "$state/log" >&2; rm -f "$state/pid"; fail "the server ended while starting"; }
    sleep 0.25
  done
  stop
  fail "the server was not ready within a minute; see $state/log"
}

stop() {
  if ! running; then
    rm -f "$state/pid" "$state/port"
    echo "not running"
    return
  fi
  local pid
  pid="$(cat "$state/pid")"
  kill -TERM "$pid" 2>/dev/null || true
  local _
  for _ in $(seq 1 40); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$state/pid" "$state/port"
  echo "stopped"
}

status() {
  if running; then
    echo "running on http://127.0.0.1:$(cat "$state/port") (pid $(cat "$state/pid"))"
  else
    echo "not running"
    exit 1
  fi
}

case "${1:-}" in
  install) install ;;
  installed) installed ;;
  start) start "${2:-}" "${3:-}" ;;
  stop) stop ;;
  status) status ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
