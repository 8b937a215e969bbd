#!/usr/bin/env bash
# Lints the GitHub workflows with actionlint, built from the Go module proxy at a pinned version.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v go >/dev/null; then
  echo "actionlint needs Go: install it (https://go.dev/dl) or skip this check locally." >&2
  exit 1
fi
exec go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -color .github/workflows/*.yml
