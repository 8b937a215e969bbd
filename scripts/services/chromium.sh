#!/usr/bin/env bash
# A Chromium to look at reports with. Taken from the system; installed with apt-get where it is missing.
set -euo pipefail

usage() {
  cat <<'HELP'
usage: scripts/services/chromium.sh install | installed | env

  install   install the Debian package chromium when no Chromium or Chrome is there (needs apt-get and root or sudo)
  installed print the browser's path; exits 1 when there is none
  env       shell line with TSOPS_CHROMIUM, for: eval "$(scripts/services/chromium.sh env)"

TSOPS_CHROMIUM names another browser of the family.
HELP
}

fail() {
  echo "chromium.sh: $*" >&2
  exit 1
}

find_browser() {
  if [ -n "${TSOPS_CHROMIUM:-}" ]; then
    [ -x "$TSOPS_CHROMIUM" ] || fail "TSOPS_CHROMIUM is $TSOPS_CHROMIUM, which cannot be run"
    echo "$TSOPS_CHROMIUM"
    return
  fi
  local name
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    if command -v "$name"; then return; fi
  done
  return 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install() {
  if find_browser >/dev/null; then return; fi
  command -v apt-get >/dev/null || fail "there is no Chromium, and no apt-get to install it with"
  as_root apt-get update -qq || fail "apt-get could not read its package lists"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    fail "apt-get could not install chromium"
  find_browser >/dev/null || fail "chromium was installed but is not on the path"
}

installed() {
  find_browser || fail "there is no Chromium: scripts/services/chromium.sh install"
}

print_env() {
  local browser
  browser="$(installed)"
  echo "export TSOPS_CHROMIUM=$browser"
}

case "${1:-}" in
  install) install ;;
  installed) installed ;;
  env) print_env ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
