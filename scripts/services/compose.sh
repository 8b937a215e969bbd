#!/usr/bin/env bash
# The reference implementation of the Compose specification, which checks deploy/compose.yaml without Docker.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed check"
source="$root/scripts/compose-check"
program="$root/.services/compose/compose-check"

usage() {
  cat <<'HELP'
usage: scripts/services/compose.sh install | installed | check FILE

  install   build scripts/compose-check under .services/ from the Go module proxy at the versions of its go.sum (needs go)
  installed print the program; exits 1 when it is not installed
  check     check a Compose file with the variables of the environment, and print it resolved, as JSON
HELP
}

# What was built from another go.sum or program is built again.
fingerprint() { cat "$source/go.mod" "$source/go.sum" "$source/main.go" | sha256sum | cut -d' ' -f1; }

is_current() { [ -x "$program" ] && [ "$(cat "$program.of" 2>/dev/null)" = "$(fingerprint)" ]; }

install() {
  if is_current; then return; fi
  command -v go >/dev/null || fail "go is not installed (https://go.dev/dl)"
  mkdir -p "$(dirname "$program")"
  (cd "$source" && go build -o "$program" .) || fail "go could not build scripts/compose-check"
  fingerprint >"$program.of"
}

installed() {
  is_current || fail "the Compose reference is not installed: scripts/services/compose.sh install"
  echo "$program"
}

dispatch "$@"
