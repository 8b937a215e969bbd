#!/usr/bin/env bash
# A Python environment with the `deltalake` package, which reads and writes Delta tables independently of tsops.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed env"
version="1.6.6"
venv="$root/.services/deltalake/venv-$version"

usage() {
  cat <<'HELP'
usage: scripts/services/deltalake.sh install | installed | env

  install   make a Python environment with deltalake, pyarrow and pandas under .services/ (once)
  installed print the interpreter that has it; exits 1 when it is not installed
  env       shell line with TSOPS_DELTALAKE_PYTHON, for: eval "$(scripts/services/deltalake.sh env)"
HELP
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  make_venv "$venv"
  pip_install "$venv" "deltalake==$version" "pyarrow==26.0.1" "pandas==2.3.3"
  touch "$venv/.complete"
}

installed() {
  [ -f "$venv/.complete" ] || fail "deltalake is not installed: scripts/services/deltalake.sh install"
  echo "$venv/bin/python"
}

print_env() {
  installed >/dev/null
  echo "export TSOPS_DELTALAKE_PYTHON=$venv/bin/python"
}

dispatch "$@"
