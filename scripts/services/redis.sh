#!/usr/bin/env bash
# A real Redis server on 127.0.0.1 for tests and for trying the online store.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed start stop status env"
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

install() {
  if server >/dev/null; then return; fi
  [ -x /usr/bin/redis-check-rdb ] || install_packages redis-tools
  # One binary looks at the name that it is called by. Debian's redis-server package adds this link, and a service that starts at once.
  mkdir -p "$programs"
  ln -sf /usr/bin/redis-check-rdb "$programs/redis-server"
  "$programs/redis-server" --version | grep -q "^Redis server" || {
    rm -f "$programs/redis-server"
    fail "/usr/bin/redis-check-rdb is not the server's program here: install redis-server yourself"
  }
}

# Redis writes its address into the title of its process.
mark() { echo "redis-server 127.0.0.1:$1"; }

print_env() {
  need_running
  local port password
  port="$(cat "$state/port")"
  password="$(cat "$state/password")"
  echo "export TSOPS_REDIS_URL=redis://:$password@127.0.0.1:$port"
  echo "export TSOPS_REDIS_PORT=$port"
  echo "export TSOPS_REDIS_PASSWORD=$password"
}

# Speaks the protocol itself: redis-cli may be missing where the server is not.
healthy() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'AUTH %s\r\nPING\r\n' "$(cat "$state/password")" >&3
  read -r -t 2 line <&3 && read -r -t 2 line <&3 && [ "${line%$'\r'}" = "+PONG" ]
}

start() {
  local program port
  program="$(installed)"
  refuse_second
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
  await_healthy $! "$port" 15 "$state/log"
}

dispatch "$@"
