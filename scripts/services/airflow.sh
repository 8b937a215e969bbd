#!/usr/bin/env bash
# A real Airflow on 127.0.0.1 for tests: API server, scheduler, DAG processor and triggerer on a SQLite file.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed start stop status env"
version="3.3.2"
venv="$root/.services/airflow/venv-$version"
scheme="http://"
own_session=1
patience=15
state="${TSOPS_AIRFLOW_STATE:-$root/.services/airflow/state}"

usage() {
  cat <<'HELP'
usage: scripts/services/airflow.sh install | installed | start | stop | status | env

  install   make a Python environment with Airflow under .services/ (once)
  installed print the interpreter that has it; exits 1 when it is not installed
  start     start the four processes on a free port of 127.0.0.1 and wait until all are healthy; prints what `env` prints
  stop      end what `start` began, and nothing else
  status    say whether it runs; exits 1 when it does not
  env       shell lines with TSOPS_AIRFLOW_URL, _USER, _PASSWORD, _DAGS and _PYTHON

Files lie in $TSOPS_AIRFLOW_STATE (default .services/airflow/state); give each parallel server its own.
HELP
}

python() { "$venv/bin/python" "$@"; }

installed() {
  [ -f "$venv/.complete" ] || fail "airflow is not installed: scripts/services/airflow.sh install"
  echo "$venv/bin/python"
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  make_venv "$venv"
  # pip takes minutes over the dependencies of Airflow; uv takes seconds.
  pip_install "$venv" uv
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" \
    "apache-airflow==$version" apache-airflow-providers-http || fail "uv could not install apache-airflow==$version"
  touch "$venv/.complete"
}

mark() { echo "tsops-airflow-$1"; }

print_env() {
  need_running
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

healthy() {
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
  refuse_second
  mkdir -p "$state/dags" "$state/home" "$state/logs"
  local port
  port="$(free_port)"
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
  # shellcheck disable=SC2016
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
  await_healthy $! "$port" 180 "$state"/logs/*
}

dispatch "$@"
