#!/usr/bin/env bash
# A Chromium to look at reports with. Taken from the system; installed with apt-get where it is missing.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed env"
usage() {
  cat <<'HELP'
usage: scripts/services/chromium.sh install | installed | env

  install   install the Debian package chromium when no Chromium or Chrome is there (needs apt-get and root or sudo)
  installed print the browser's path; exits 1 when there is none
  env       shell line with TSOPS_CHROMIUM, for: eval "$(scripts/services/chromium.sh env)"

TSOPS_CHROMIUM names another browser of the family.
HELP
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

install() {
  if find_browser >/dev/null; then return; fi
  install_packages chromium fonts-dejavu-core
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

dispatch "$@"
