#!/usr/bin/env bash
# Runs once, when the server's volume is empty: a database and an owner of its own for each program.
set -euo pipefail

create() {
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

create tsops "$TSOPS_DB_PASSWORD"
create mlflow "$MLFLOW_DB_PASSWORD"
create airflow "$AIRFLOW_DB_PASSWORD"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname tsops \
  --command 'CREATE EXTENSION IF NOT EXISTS timescaledb'
