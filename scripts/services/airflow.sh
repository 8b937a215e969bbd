#!/usr/bin/env bash
# A real Airflow on 127.0.0.1 for tests: API server, scheduler, DAG processor and triggerer on a SQLite file.
set -euo pipefail

version="3.3.2"
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="$root/.services/airflow/venv-$version"
state="${TSOPS_AIRFLOW_STATE:-$root/.services/airflow/state}"

usage() {
  cat <<'HELP'
usage: scripts/services/airflow.sh install | installed | start | stop | status | env

  install   make a Python environment with Airflow under .services/ (once; needs python3 with venv and pip)
  installed print the interpreter that has it; exits 1 when it is not installed
  start     start the four processes on a free port of 127.0.0.1 and wait until all are healthy; prints what `env` prints
  stop      end what `start` began, and nothing else
  status    say whether it runs; exits 1 when it does not
  env       shell lines with TSOPS_AIRFLOW_URL, _USER, _PASSWORD, _DAGS and _PYTHON

Files lie in $TSOPS_AIRFLOW_STATE (default .services/airflow/state); give each parallel server its own.
HELP
}

fail() {
  echo "airflow.sh: $*" >&2
  exit 1
}

python() { "$venv/bin/python" "$@"; }

installed() {
  [ -f "$venv/.complete" ] || fail "airflow is not installed: scripts/services/airflow.sh install"
  echo "$venv/bin/python"
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  command -v python3 >/dev/null || fail "python3 is not installed"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv --clear "$venv" || fail "python3 has no venv module (on Debian: apt-get install python3-venv)"
  # pip takes minutes over the dependencies of Airflow; uv takes seconds.
  python -m pip install --quiet --disable-pip-version-check uv || fail "pip could not install uv"
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" \
    "apache-airflow==$version" apache-airflow-providers-http || fail "uv could not install apache-airflow==$version"
  touch "$venv/.complete"
}

# The session is ours when its first process still carries the state directory and the port that `start` wrote down.
running() {
  [ -f "$state/pid" ] && [ -f "$state/port" ] || return 1
  ps -o command= -p "$(cat "$state/pid")" 2>/dev/null | grep -qF -- "tsops-airflow-$(cat "$state/port")"
}

print_env() {
  running || fail "not running: scripts/services/airflow.sh start"
  echo "export TSOPS_AIRFLOW_URL=http://127.0.0.1:$(cat "$state/port")"
  echo "export TSOPS_AIRFLOW_USER=tsops"
  echo "export TSOPS_AIRFLOW_PASSWORD=$(cat "$state/password")"
  echo "export TSOPS_AIRFLOW_DAGS='$state/dags'"
  echo "export TSOPS_AIRFLOW_PYTHON='$venv/bin/python'"
}

secret() { python -c 'import secrets; print(secrets.token_urlsafe(48))'; }

configure() {
  local port="$1"
  export AIRFLOW_HOME="$state/home"
  export PATH="$venv/bin:$PATH"
  export AIRFLOW__CORE__LOAD_EXAMPLES=False
  export AIRFLOW__CORE__DAGS_FOLDER="$state/dags"
  export AIRFLOW__CORE__EXECUTOR=LocalExecutor
  export AIRFLOW__CORE__PARALLELISM=4
  # Tasks talk to this server; the default is another port.
  export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$port/execution/"
  export AIRFLOW__API__BASE_URL="http://127.0.0.1:$port"
  export AIRFLOW__API__HOST=127.0.0.1
  export AIRFLOW__API__PORT="$port"
  export AIRFLOW__API__WORKERS=1
  # One secret for all processes: each makes up its own otherwise, and refuses the tokens of the others.
  export AIRFLOW__API_AUTH__JWT_SECRET
  AIRFLOW__API_AUTH__JWT_SECRET="$(cat "$state/secret")"
  export AIRFLOW__CORE__FERNET_KEY=""
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="tsops:admin"
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="$state/passwords.json"
  export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:///$state/airflow.db?timeout=60"
  export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=2
  export AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=2
  export AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL=1
  export AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1
  export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.5
  export AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC=1
  export AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD=120
  export AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=600
  export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
  export AIRFLOW__LOGGING__LOGGING_LEVEL=INFO
  export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
}

is_healthy() {
  python -c '
import json, sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
health = json.load(opener.open(sys.argv[1], timeout=5))
parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
sys.exit(0 if all(health[part]["status"] == "healthy" for part in parts) else 1)
' "http://127.0.0.1:$1/api/v2/monitor/health" 2>/dev/null
}

start() {
  installed >/dev/null
  if running; then fail "already running on port $(cat "$state/port"): scripts/services/airflow.sh stop"; fi
  mkdir -p "$state/dags" "$state/home" "$state/logs"
  local port
  port="$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  (
    umask 077
    [ -f "$state/secret" ] || secret >"$state/secret"
    [ -f "$state/password" ] || secret >"$state/password"
    printf '{"tsops": "%s"}\n' "$(cat "$state/password")" >"$state/passwords.json"
  )
  (
    configure "$port"
    airflow db migrate >"$state/logs/migrate" 2>&1
  ) || { tail -20 "$state/logs/migrate" >&2; fail "the database could not be made"; }
  # A session of its own: all processes are ended together, and nobody else with them; when one ends, all end.
  (
    configure "$port"
    exec "$venv/bin/python" -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' \
      bash -c '
        cd "$1"
        airflow api-server >logs/api-server 2>&1 &
        airflow scheduler --skip-serve-logs >logs/scheduler 2>&1 &
        airflow dag-processor >logs/dag-processor 2>&1 &
        airflow triggerer --skip-serve-logs >logs/triggerer 2>&1 &
        wait -n
        kill -TERM 0
      ' "tsops-airflow-$port" "$state"
  ) >"$state/logs/session" 2>&1 </dev/null &
  echo $! >"$state/pid"
  echo "$port" >"$state/port"
  local _
  for _ in $(seq 1 360); do
    if is_healthy "$port"; then
      print_env
      return
    fi
    kill -0 "$(cat "$state/pid")" 2>/dev/null || { tail -5 "$state"/logs/* >&2; rm -f "$state/pid"; fail "it ended while starting"; }
    sleep 0.5
  done
  stop
  fail "it was not healthy within three minutes; see $state/logs"
}

stop() {
  if ! running; then
    rm -f "$state/pid" "$state/port"
    echo "not running"
    return
  fi
  local pid
  pid="$(cat "$state/pid")"
  kill -TERM -- "-$pid" 2>/dev/null || true
  local _
  for _ in $(seq 1 60); do
    kill -0 -- "-$pid" 2>/dev/null || break
    sleep 0.25
  done
  kill -KILL -- "-$pid" 2>/dev/null || true
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
  start) start ;;
  stop) stop ;;
  status) status ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
