#!/usr/bin/env bash
# A Python environment with the `deltalake` package, which reads and writes Delta tables independently of tsops.
set -euo pipefail

version="1.6.6"
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="$root/.services/deltalake/venv-$version"

usage() {
  cat <<'HELP'
usage: scripts/services/deltalake.sh install | installed | env

  install   make a Python environment with deltalake, pyarrow and pandas under .services/ (once; needs python3 with venv and pip)
  installed print the interpreter that has it; exits 1 when it is not installed
  env       shell line with TSOPS_DELTALAKE_PYTHON, for: eval "$(scripts/services/deltalake.sh env)"
HELP
}

fail() {
  echo "deltalake.sh: $*" >&2
  exit 1
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  command -v python3 >/dev/null || fail "python3 is not installed"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv --clear "$venv" || fail "python3 has no venv module (on Debian: apt-get install python3-venv)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    "deltalake==$version" "pyarrow==26.0.1" "pandas==2.3.3" || fail "pip could not install deltalake==$version"
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

case "${1:-}" in
  install) install ;;
  installed) installed ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
