#!/usr/bin/env bash
# A real Prometheus on 127.0.0.1 for tests and for looking at an app's metrics.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed start stop status env"
home="$root/.services/prometheus"
state="${TSOPS_PROMETHEUS_STATE:-$home}"
scheme="http://"
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
    apt-get -qq download prometheus 2>/dev/null || { apt update && apt-get -qq download prometheus; }
  ) || fail "apt-get could not download prometheus"
  rm -rf "$home/unpacked"
  dpkg-deb -x "$home"/download/prometheus_*.deb "$home/unpacked"
  rm -rf "$home/download"
  "$program" --version >/dev/null 2>&1 || fail "the unpacked prometheus does not run"
  touch "$home/.complete"
}

mark() { echo "--web.listen-address=127.0.0.1:$1"; }

healthy() { answers "$1" /-/ready; }

print_env() {
  need_running
  echo "export PROMETHEUS_URI=http://127.0.0.1:$(cat "$state/port")"
  echo "export TSOPS_PROMTOOL=$home/unpacked/usr/bin/promtool"
}

start() {
  installed >/dev/null
  local target="${1:-${TSOPS_PROMETHEUS_TARGET:-}}" rules="${2:-}"
  [ -n "$target" ] || fail "start needs the host:port to scrape"
  refuse_second
  mkdir -p "$state/data"
  {
    echo "global: { scrape_interval: $interval, evaluation_interval: $interval, scrape_timeout: $interval }"
    if [ -n "$rules" ]; then echo "rule_files: [\"$rules\"]"; fi
    echo "scrape_configs: [{ job_name: tsops, static_configs: [{ targets: [\"$target\"] }] }]"
  } >"$state/prometheus.yml"
  local port
  port="$(free_port)"
  "$program" --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/data" --storage.tsdb.retention.time=1d \
    --storage.tsdb.retention.size=64MB --web.listen-address="127.0.0.1:$port" >"$state/log" 2>&1 </dev/null &
  await_healthy $! "$port" 60 "$state/log"
}

dispatch "$@"
