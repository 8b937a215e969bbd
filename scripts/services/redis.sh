#!/usr/bin/env bash
# A real Redis server on 127.0.0.1 for tests and for trying the online store.
set -euo pipefail

root="$(cd "$(dirname "$0")/../.." && pwd)"
programs="$root/.services/redis/bin"
state="${TSOPS_REDIS_STATE:-$root/.services/redis/state}"

usage() {
  cat <<'HELP'
usage: scripts/services/redis.sh install | installed | start | stop | status | env

  install   make redis-server available: the one on the PATH, or Debian's package redis-tools (needs apt-get and root), which
            holds the same program without the system's own service, so nothing is started
  installed print the server's program; exits 1 when it is not installed
  start     serve on a free port of 127.0.0.1 (or $TSOPS_REDIS_PORT) behind a password of its own, every write appended to a file
            before it is answered; waits until it answers; prints what `env` prints. Started again, it has what it had
  stop      end the server that `start` began, and nothing else
  status    say whether that server runs; exits 1 when it does not
  env       shell lines with TSOPS_REDIS_URL, TSOPS_REDIS_PORT and TSOPS_REDIS_PASSWORD, for:
            eval "$(scripts/services/redis.sh env)"

Files lie in $TSOPS_REDIS_STATE (default .services/redis/state); give each parallel server its own.
$TSOPS_REDIS_CONFIG holds further arguments, e.g. "--maxmemory 100mb".
HELP
}

fail() {
  echo "redis.sh: $*" >&2
  exit 1
}

server() {
  if [ -x "$programs/redis-server" ]; then
    echo "$programs/redis-server"
  else
    command -v redis-server
  fi
}

installed() {
  server || fail "redis-server is not installed: scripts/services/redis.sh install"
}

apt() {
  local as_root=()
  if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}

install() {
  if server >/dev/null; then return; fi
  command -v apt-get >/dev/null || fail "there is no apt-get here: install redis-server 7 or newer and put it on the PATH"
  if [ ! -x /usr/bin/redis-check-rdb ]; then
    apt install --yes --no-install-recommends redis-tools || { apt update && apt install --yes --no-install-recommends redis-tools; } ||
      fail "apt-get could not install redis-tools"
  fi
  # One binary looks at the name that it is called by. Debian's redis-server package adds this link, and a service that starts at once.
  mkdir -p "$programs"
  ln -sf /usr/bin/redis-check-rdb "$programs/redis-server"
  "$programs/redis-server" --version | grep -q "^Redis server" || {
    rm -f "$programs/redis-server"
    fail "/usr/bin/redis-check-rdb is not the server's program here: install redis-server yourself"
  }
}

# Redis writes its address into the title of its process: it is ours when pid and port are those that `start` wrote down.
running() {
  [ -f "$state/pid" ] && [ -f "$state/port" ] || return 1
  ps -o command= -p "$(cat "$state/pid")" 2>/dev/null | grep -q "redis-server 127.0.0.1:$(cat "$state/port")"
}

print_env() {
  running || fail "not running: scripts/services/redis.sh start"
  local port password
  port="$(cat "$state/port")"
  password="$(cat "$state/password")"
  echo "export TSOPS_REDIS_URL=redis://:$password@127.0.0.1:$port"
  echo "export TSOPS_REDIS_PORT=$port"
  echo "export TSOPS_REDIS_PASSWORD=$password"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null ||
    node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Speaks the protocol itself: redis-cli may be missing where the server is not.
answers() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'AUTH %s\r\nPING\r\n' "$(cat "$state/password")" >&3
  read -r -t 2 line <&3 && read -r -t 2 line <&3 && [ "${line%$'\r'}" = "+PONG" ]
}

start() {
  local program port
  program="$(installed)"
  if running; then fail "already running on port $(cat "$state/port"): scripts/services/redis.sh stop"; fi
  mkdir -p "$state/data"
  chmod 700 "$state"
  [ -f "$state/password" ] || (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$state/password")
  port="${TSOPS_REDIS_PORT:-$(free_port)}"
  # By file, so that the password is in no list of processes.
  (
    umask 077
    cat >"$state/redis.conf" <<CONF
bind 127.0.0.1
port $port
requirepass $(cat "$state/password")
dir "$state/data"
appendonly yes
appendfsync always
save ""
daemonize no
CONF
  )
  # shellcheck disable=SC2086
  nohup "$program" "$state/redis.conf" ${TSOPS_REDIS_CONFIG:-} >"$state/log" 2>&1 </dev/null &
  echo $! >"$state/pid"
  echo "$port" >"$state/port"
  local _
  for _ in $(seq 1 240); do
    if (answers "$port") 2>/dev/null; then
      print_env
      return
    fi
    kill -0 "$(cat "$state/pid")" 2>/dev/null || { tail -20 "$state/log" >&2; rm -f "$state/pid"; fail "the server ended while starting"; }
    sleep 0.05
  done
  stop
  fail "the server did not answer in time; see $state/log"
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
  for _ in $(seq 1 200); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$state/pid" "$state/port"
  echo "stopped"
}

status() {
  if running; then
    echo "running on 127.0.0.1:$(cat "$state/port") (pid $(cat "$state/pid"))"
  else
    echo "not running"
    exit 1
  fi
}

case "${1:-}" in
  install) install ;;
  installed) installed ;;
  start) start ;;
  stop) stop ;;
  status) status ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
