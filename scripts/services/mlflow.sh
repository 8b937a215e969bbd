#!/usr/bin/env bash
# A real MLflow server on 127.0.0.1 for tests and for looking at a home.
set -euo pipefail

version="3.17.2"
# What reads, runs and converts ONNX models beside it.
models=(onnx==1.23.2 onnxruntime==1.32.0 onnxmltools==1.16.0 skl2onnx==1.20.0 lightgbm==4.7.0 pandas==3.1.1)
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="$root/.services/mlflow/venv-$version"
state="${TSOPS_MLFLOW_STATE:-$root/.services/mlflow}"

usage() {
  cat <<'HELP'
usage: scripts/services/mlflow.sh install | installed | start [BACKEND_URI [ARTIFACT_ROOT]] | stop | status | env

  install   make a Python environment with mlflow and ONNX under .services/ (once; needs python3 with venv and pip)
  installed print the interpreter that has it; exits 1 when it is not installed
  start     serve BACKEND_URI (or $TSOPS_MLFLOW_BACKEND_URI; a SQLite file of its own when neither is given) on a free port
            of 127.0.0.1 (or on $TSOPS_MLFLOW_PORT) and wait until it answers; prints what `env` prints. Clients reach files through the
            server; with ARTIFACT_ROOT they find those of new experiments there themselves
  stop      end the server that `start` began, and nothing else
  status    say whether that server runs; exits 1 when it does not
  env       shell lines with MLFLOW_TRACKING_URI and TSOPS_MLFLOW_PYTHON, for: eval "$(scripts/services/mlflow.sh env)"

Files lie in $TSOPS_MLFLOW_STATE (default .services/mlflow); give each parallel server its own.
HELP
}

fail() {
  echo "mlflow.sh: $*" >&2
  exit 1
}

python() { "$venv/bin/python" "$@"; }

complete() { [ -f "$venv/.complete" ] && [ "$(cat "$venv/.models" 2>/dev/null)" = "${models[*]}" ]; }

installed() {
  complete || fail "mlflow is not installed: scripts/services/mlflow.sh install"
  echo "$venv/bin/python"
}

install() {
  if complete; then return; fi
  command -v python3 >/dev/null || fail "python3 is not installed"
  if [ ! -f "$venv/.complete" ]; then
    mkdir -p "$(dirname "$venv")"
    python3 -m venv --clear "$venv" || fail "python3 has no venv module (on Debian: apt-get install python3-venv)"
    python -m pip install --quiet --disable-pip-version-check "mlflow==$version" ||
      fail "pip could not install mlflow==$version"
    touch "$venv/.complete"
  fi
  python -m pip install --quiet --disable-pip-version-check "${models[@]}" ||
    fail "pip could not install ${models[*]}"
  python -c 'import lightgbm, onnxmltools, onnxruntime' ||
    fail "the packages for models do not load (on Debian, lightgbm needs: apt-get install libgomp1)"
  echo "${models[*]}" >"$venv/.models"
}

# The process is ours when it still carries the port that `start` wrote down.
running() {
  [ -f "$state/pid" ] && [ -f "$state/port" ] || return 1
  ps -o command= -p "$(cat "$state/pid")" 2>/dev/null | grep -q -- "--port $(cat "$state/port")"
}

print_env() {
  running || fail "not running: scripts/services/mlflow.sh start"
  echo "export MLFLOW_TRACKING_URI=http://127.0.0.1:$(cat "$state/port")"
  echo "export TSOPS_MLFLOW_PYTHON=$venv/bin/python"
}

start() {
  installed >/dev/null
  if running; then fail "already running on port $(cat "$state/port"): scripts/services/mlflow.sh stop"; fi
  mkdir -p "$state"
  local backend="${1:-${TSOPS_MLFLOW_BACKEND_URI:-sqlite:///$state/mlflow.db}}"
  local artifacts=(--artifacts-destination "$state/artifacts")
  if [ -n "${2:-}" ]; then artifacts=(--default-artifact-root "$2"); fi
  local port="${TSOPS_MLFLOW_PORT:-}"
  [ -n "$port" ] || port="$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  # A session of its own: the server and its workers are ended together, and nobody else with them.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true \
    "$venv/bin/python" -c 'import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' \
    "$venv/bin/python" -m mlflow server --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "$backend" "${artifacts[@]}" >"$state/log" 2>&1 </dev/null &
  echo $! >"$state/pid"
  echo "$port" >"$state/port"
  local _
  for _ in $(seq 1 720); do
    if python -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' \
      "http://127.0.0.1:$port/health" 2>/dev/null; then
      print_env
      return
    fi
    kill -0 "$(cat "$state/pid")" 2>/dev/null || { tail -20 "$state/log" >&2; rm -f "$state/pid"; fail "the server ended while starting"; }
    sleep 0.25
  done
  stop
  fail "the server did not answer within three minutes; see $state/log"
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
  for _ in $(seq 1 40); do
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
  start) start "${2:-}" "${3:-}" ;;
  stop) stop ;;
  status) status ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
