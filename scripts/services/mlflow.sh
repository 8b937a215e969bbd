#!/usr/bin/env bash
# A real MLflow server on 127.0.0.1 for tests and for looking at a home.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed start stop status env"
version="3.17.2"
# What reads, runs and converts ONNX models beside it.
models=(onnx==1.23.2 onnxruntime==1.32.0 onnxmltools==1.16.0 skl2onnx==1.20.0 lightgbm==4.7.0 pandas==3.1.1)
venv="$root/.services/mlflow/venv-$version"
scheme="http://"
own_session=1
state="${TSOPS_MLFLOW_STATE:-$root/.services/mlflow}"

usage() {
  cat <<'HELP'
usage: scripts/services/mlflow.sh install | installed | start [BACKEND_URI [ARTIFACT_ROOT]] | stop | status | env

  install   make a Python environment with mlflow and ONNX under .services/ (once)
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

complete() { [ -f "$venv/.complete" ] && [ "$(cat "$venv/.models" 2>/dev/null)" = "${models[*]}" ]; }

installed() {
  complete || fail "mlflow is not installed: scripts/services/mlflow.sh install"
  echo "$venv/bin/python"
}

install() {
  if complete; then return; fi
  if [ ! -f "$venv/.complete" ]; then
    make_venv "$venv"
    pip_install "$venv" "mlflow==$version"
    touch "$venv/.complete"
  fi
  pip_install "$venv" "${models[@]}"
  # lightgbm links to a library that slim systems lack.
  "$venv/bin/python" -c 'import lightgbm' 2>/dev/null || install_packages libgomp1
  "$venv/bin/python" -c 'import lightgbm, onnxmltools, onnxruntime' || fail "the packages for models do not load"
  echo "${models[*]}" >"$venv/.models"
}

mark() { echo "--port $1"; }

healthy() { answers "$1" /health; }

print_env() {
  need_running
  echo "export MLFLOW_TRACKING_URI=http://127.0.0.1:$(cat "$state/port")"
  echo "export TSOPS_MLFLOW_PYTHON=$venv/bin/python"
}

start() {
  installed >/dev/null
  refuse_second
  mkdir -p "$state"
  local backend="${1:-${TSOPS_MLFLOW_BACKEND_URI:-sqlite:///$state/mlflow.db}}"
  local artifacts=(--artifacts-destination "$state/artifacts")
  if [ -n "${2:-}" ]; then artifacts=(--default-artifact-root "$2"); fi
  local port
  port="${TSOPS_MLFLOW_PORT:-$(free_port)}"
  # A session of its own: the server and its workers are ended together, and nobody else with them.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true \
    "$venv/bin/python" -c 'import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' \
    "$venv/bin/python" -m mlflow server --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "$backend" "${artifacts[@]}" >"$state/log" 2>&1 </dev/null &
  await_healthy $! "$port" 180 "$state/log"
}

dispatch "$@"
