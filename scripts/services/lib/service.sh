# shellcheck shell=bash
# What the scripts beside this folder share. Each sets `commands`, writes a function for each of them, and ends with `dispatch "$@"`.
#
# One that starts a server sets `state`, the folder of its files, and has these:
#   mark PORT      text that the command line of the server's process carries, so that a pid which now belongs to another is told apart
#   healthy PORT   succeeds once the server is ready
#   print_env      the lines with which programs find it
# Besides: `scheme` before the address in `status`, `own_session=1` when the server's process leads one of its own, `patience` in seconds
# until `stop` ends it by force.
set -euo pipefail

# shellcheck disable=SC2034
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
script="$(basename "$0")"

fail() {
  echo "$script: $*" >&2
  exit 1
}

# The command in the first parameter, with the others as its own.
dispatch() {
  local command="${1:-}"
  case "$command" in
    -h | --help | help) usage; return ;;
  esac
  # shellcheck disable=SC2154
  if [ -z "$command" ] || [[ " $commands " != *" $command "* ]]; then
    usage >&2
    exit 2
  fi
  shift
  if [ "$command" = env ]; then command=print_env; fi
  "$command" "$@"
}

# ---- Installing -------------------------------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || fail "this needs root, or sudo: $*"
    sudo -n "$@"
  fi
}

# Another script may be installing as well: its lock is waited for.
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >&2; }

# Debian's packages; the lists are read again when these are not found.
install_packages() {
  command -v apt-get >/dev/null || fail "there is no apt-get here: install $* yourself"
  apt install --yes --no-install-recommends "$@" ||
    { apt update && apt install --yes --no-install-recommends "$@"; } ||
    fail "apt-get could not install $*"
}

# An empty Python environment in the folder given.
make_venv() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
  mkdir -p "$(dirname "$1")"
  python3 -m venv --clear "$1" || fail "python3 could not make an environment in $1"
}

# pip of the environment given.
pip_install() {
  local venv="$1"
  shift
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || fail "pip could not install $*"
}

# ---- A server that runs -----------------------------------------------------------------------------------------------------------

# A port of 127.0.0.1 that nothing listens on at the moment.
free_port() {
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport, "\n"' 2>/dev/null ||
    node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Whether GET of a path on a port of 127.0.0.1 is answered with 200.
answers() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
  read -r -t 5 line <&3 && [[ "$line" == "HTTP/1."?" 200"* ]]
}

command_line() {
  if [ -r "/proc/$1/cmdline" ]; then tr '\0' ' ' <"/proc/$1/cmdline"; else ps -o command= -p "$1"; fi 2>/dev/null
}

# The process is ours when its pid is the one that `start` wrote down and its command line is that of the server on this port.
running() {
  # shellcheck disable=SC2154
  [ -f "$state/pid" ] && [ -f "$state/port" ] || return 1
  [[ "$(command_line "$(cat "$state/pid")")" == *"$(mark "$(cat "$state/port")")"* ]]
}

address() { echo "${scheme:-}127.0.0.1:$(cat "$state/port") (pid $(cat "$state/pid"))"; }

refuse_second() {
  if running; then fail "already running on port $(cat "$state/port"): scripts/services/$script stop"; fi
}

need_running() { running || fail "not running: scripts/services/$script start"; }

# Writes down what `start` has begun, waits until it is healthy, and prints the environment. Ends what does not become so.
# await_healthy PID PORT SECONDS LOG...
await_healthy() {
  local pid="$1" port="$2" deadline=$((SECONDS + $3)) limit="$3"
  shift 3
  echo "$pid" >"$state/pid"
  echo "$port" >"$state/port"
  while [ "$SECONDS" -lt "$deadline" ]; do
    if (healthy "$port") 2>/dev/null; then
      print_env
      return
    fi
    if ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$@" >&2
      rm -f "$state/pid" "$state/port"
      fail "the server ended while starting"
    fi
    sleep 0.1
  done
  stop >/dev/null
  fail "the server was not ready within $limit s; see $1"
}

# The process, or all of its session.
end_server() {
  local target deadline=$((SECONDS + ${patience:-10}))
  target="${own_session:+-}$(cat "$state/pid")"
  kill -TERM -- "$target" 2>/dev/null || true
  while kill -0 -- "$target" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
  kill -KILL -- "$target" 2>/dev/null || true
}

stop() {
  local said="not running"
  if running; then
    end_server
    said="stopped"
  fi
  rm -f "$state/pid" "$state/port"
  echo "$said"
}

status() {
  if running; then
    echo "running on $(address)"
  else
    echo "not running"
    exit 1
  fi
}
