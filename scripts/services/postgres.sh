#!/usr/bin/env bash
# A real PostgreSQL server on 127.0.0.1, with TimescaleDB where that can be had.
# shellcheck source=lib/service.sh
source "$(dirname "$0")/lib/service.sh"

commands="install installed timescaledb start restart stop status env"
state="${TSOPS_POSTGRES_STATE:-$root/.services/postgres}"
source="${TSOPS_TIMESCALEDB_SOURCE:-$root/../shared/vendor/timescaledb-2.28.3-apache.tar.xz}"
user="tsops"

usage() {
  cat <<'HELP'
usage: scripts/services/postgres.sh install | installed | timescaledb | start [--plain] | restart [--crash] | stop | status | env

  install      PostgreSQL from apt where it is missing, and TimescaleDB built from $TSOPS_TIMESCALEDB_SOURCE where it is not installed
               (default: ../shared/vendor/timescaledb-2.28.3-apache.tar.xz beside the repository). Needs root, or sudo, for what is missing.
  installed    print the server program; exits 1 when it is not installed
  timescaledb  print the control file of the TimescaleDB extension; exits 1 when it is not installed
  start        make a cluster on first use (a password of its own, no socket, nobody trusted), serve it on a free port of 127.0.0.1 (or on
               $TSOPS_POSTGRES_PORT) and wait until it answers; prints what `env` prints. TimescaleDB is loaded when it is installed, unless --plain is given
  restart      end the server and start it again on the same port; --crash ends it without a shutdown, as a loss of power would
  stop         end the server that `start` began, and nothing else
  status       say whether that server runs; exits 1 when it does not
  env          shell lines with TSOPS_POSTGRES_URL and, with TimescaleDB, TSOPS_TIMESCALE_URL, for: eval "$(scripts/services/postgres.sh env)"

Files lie in $TSOPS_POSTGRES_STATE (default .services/postgres); give each parallel server its own. Root cannot run PostgreSQL: the server
then belongs to the user postgres, who must be able to reach that folder. More server settings: TSOPS_POSTGRES_OPTIONS="-c work_mem=64MB".
HELP
}

# The newest server of Debian's packages, or whichever is on the path.
bin() {
  local found
  found="$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)"
  if [ -x "$found/postgres" ]; then echo "$found"; return; fi
  found="$(command -v postgres)" || return 1
  dirname "$(readlink -f "$found")"
}

as_server() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

installed() {
  local programs
  programs="$(bin)" || fail "PostgreSQL is not installed: scripts/services/postgres.sh install"
  echo "$programs/postgres"
}

timescaledb() {
  local control
  control="$("$(bin)/pg_config" --sharedir 2>/dev/null)/extension/timescaledb.control"
  [ -f "$control" ] || fail "TimescaleDB is not installed for $("$(bin)/postgres" --version)"
  echo "$control"
}

install() {
  if ! bin >/dev/null; then
    # Debian's package would start a server of its own.
    local no_cluster="mkdir -p /etc/postgresql-common; [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf"
    as_root sh -c "$no_cluster"
    install_packages postgresql
  fi
  if (timescaledb) >/dev/null 2>&1; then return; fi
  if [ ! -f "$source" ]; then
    echo "postgres.sh: PostgreSQL is there, TimescaleDB is not. Install its package for your system (https://docs.timescale.com/self-hosted/)," >&2
    echo "  or give the source of a release: TSOPS_TIMESCALEDB_SOURCE=timescaledb-2.28.3.tar.xz scripts/services/postgres.sh install" >&2
    return
  fi
  build_timescaledb
}

build_timescaledb() {
  local major build package missing=()
  major="$("$(bin)/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')"
  for package in "postgresql-server-dev-$major" libssl-dev cmake gcc make xz-utils; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  # The server's headers must be those of its release: both are taken at once.
  if [ ${#missing[@]} -gt 0 ]; then install_packages "postgresql-$major" "${missing[@]}"; fi
  build="$(mktemp -d)"
  tar xf "$source" -C "$build" --strip-components=1
  (
    cd "$build"
    cmake -B build -DCMAKE_BUILD_TYPE=Release -DPG_CONFIG="$(bin)/pg_config" -DAPACHE_ONLY=1 -DREGRESS_CHECKS=OFF -DTAP_CHECKS=OFF \
      -DWARNINGS_AS_ERRORS=OFF -DUSE_TELEMETRY=OFF && make -C build -j"$(nproc)" && as_root make -C build install
  ) >"$build/log" 2>&1 || { tail -20 "$build/log" >&2; fail "TimescaleDB could not be built; see $build/log"; }
  as_root rm -rf "$build"
}

pg_ctl() { as_server "$(bin)/pg_ctl" -D "$state/data" -s "$@"; }

running() {
  [ -f "$state/port" ] && [ -d "$state/data" ] && pg_ctl status >/dev/null 2>&1
}

url() { echo "postgresql://$user:$(cat "$state/password")@127.0.0.1:$(cat "$state/port")/$1"; }

print_env() {
  need_running
  echo "export TSOPS_POSTGRES_URL=$(url tsops)"
  if [ -f "$state/timescaledb" ]; then echo "export TSOPS_TIMESCALE_URL=$(url timescale)"; fi
}

sql() { PGPASSWORD="$(cat "$state/password")" "$(bin)/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(cat "$state/port")" -U "$user" "$@"; }

make_cluster() {
  mkdir -p "$state"
  ( umask 077; head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$state/password" )
  # initdb wants an empty folder of the server's user, and reads the password as that user.
  mkdir -p "$state/data" && chmod 700 "$state/data"
  cp -p "$state/password" "$state/password.initdb"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$state/data" "$state/password.initdb"
    chmod a+x "$state"
  fi
  as_server "$(bin)/initdb" -D "$state/data" -U "$user" -E UTF8 --locale=C.UTF-8 --auth=scram-sha-256 \
    --pwfile="$state/password.initdb" >"$state/initdb.log" 2>&1 ||
    { rm -f "$state/password.initdb"; tail -5 "$state/initdb.log" >&2; rm -rf "$state/data"; fail "initdb failed (can the user postgres reach $state?)"; }
  rm -f "$state/password.initdb"
}

serve() {
  local options
  options="-c listen_addresses=127.0.0.1 -c port=$(cat "$state/port") -c unix_socket_directories=''"
  # Durable as ever, with room for the log of a big load between two checkpoints.
  options+=" -c shared_buffers=512MB -c wal_buffers=64MB -c max_wal_size=8GB -c checkpoint_timeout=30min"
  if [ -f "$state/timescaledb" ]; then
    options+=" -c shared_preload_libraries=timescaledb"
    ls "$("$(bin)/pg_config" --pkglibdir)"/timescaledb-tsl-*.so >/dev/null 2>&1 || options+=" -c timescaledb.license=apache"
  fi
  pg_ctl -w -t 60 -l "$state/data/server.log" -o "$options ${TSOPS_POSTGRES_OPTIONS:-}" start </dev/null >/dev/null ||
    { as_server tail -20 "$state/data/server.log" >&2; fail "the server did not start"; }
}

start() {
  installed >/dev/null
  refuse_second
  if [ ! -f "$state/data/PG_VERSION" ]; then rm -rf "$state/data"; make_cluster; fi
  rm -f "$state/timescaledb"
  if [ "${1:-}" != "--plain" ] && (timescaledb) >/dev/null 2>&1; then touch "$state/timescaledb"; fi
  echo "${TSOPS_POSTGRES_PORT:-$(free_port)}" >"$state/port"
  serve
  local database
  for database in tsops $([ ! -f "$state/timescaledb" ] || echo timescale); do
    [ -n "$(sql -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$database'")" ] || sql -d postgres -c "CREATE DATABASE $database"
  done
  if [ -f "$state/timescaledb" ]; then sql -d timescale -c "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS timescaledb"; fi
  print_env
}

restart() {
  need_running
  if [ "${1:-}" = "--crash" ]; then pg_ctl -w -m immediate stop; else pg_ctl -w -m fast stop; fi
  serve
}

end_server() { pg_ctl -w -t 60 -m fast stop; }

address() { echo "127.0.0.1:$(cat "$state/port")"; }

dispatch "$@"
