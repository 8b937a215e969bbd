#!/usr/bin/env bash
# Lints the repository's shell scripts with shellcheck, which is installed from Debian's package where it is missing.
# shellcheck source=services/lib/service.sh
source "$(dirname "$0")/services/lib/service.sh"
cd "$root"
command -v shellcheck >/dev/null || install_packages shellcheck
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run)
exec shellcheck --external-sources --source-path=SCRIPTDIR "${files[@]}"
