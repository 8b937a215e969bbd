import type { Migration } from "./migrations.ts";

/** The schema of `tsops.db`. Instants are INTEGER microseconds UTC. Add steps at the end; never edit a released one. */
export const tsopsMigrations: readonly Migration[] = [
  {
    number: 1,
    name: "ledger, decisions, predictions, artifact hashes, snapshots",
    sql: `
CREATE TABLE pipeline_run (
  pipeline TEXT NOT NULL,
  partition TEXT NOT NULL,
  interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'waiting_retry', 'cancelled')),
  attempt INTEGER NOT NULL,
  owner TEXT,
  lease_until INTEGER,
  next_retry_at INTEGER,
  code_version TEXT,
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (pipeline, partition, interval_start, interval_end)
) STRICT, WITHOUT ROWID;

CREATE TABLE step_result (
  pipeline TEXT NOT NULL,
  partition TEXT NOT NULL,
  interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  step TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  result TEXT NOT NULL,
  result_hash TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (pipeline, partition, interval_start, interval_end, step),
  FOREIGN KEY (pipeline, partition, interval_start, interval_end)
    REFERENCES pipeline_run (pipeline, partition, interval_start, interval_end) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  time INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  evidence TEXT NOT NULL
) STRICT;
CREATE INDEX decision_by_time ON decision (time, sequence);

CREATE TABLE prediction (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  prediction_id TEXT NOT NULL UNIQUE,
  request_id TEXT NOT NULL,
  deployment TEXT NOT NULL,
  model TEXT NOT NULL,
  model_version INTEGER NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('champion', 'challenger')),
  series_key TEXT NOT NULL,
  cutoff INTEGER NOT NULL,
  served_at INTEGER NOT NULL,
  latency_ms REAL NOT NULL,
  times BLOB NOT NULL,
  mean BLOB NOT NULL,
  probabilities BLOB NOT NULL,
  quantiles BLOB NOT NULL,
  features TEXT NOT NULL,
  statuses TEXT NOT NULL,
  feature_times TEXT NOT NULL,
  feature_tables TEXT NOT NULL
) STRICT;
CREATE INDEX prediction_by_cutoff ON prediction (cutoff, sequence);
CREATE INDEX prediction_by_deployment ON prediction (deployment, cutoff, sequence);

CREATE TABLE artifact_hash (
  location TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (location, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
  name TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    number: 2,
    name: "asset events",
    sql: `
ALTER TABLE step_result ADD COLUMN announced TEXT NOT NULL DEFAULT '[]';

CREATE TABLE asset_event (
  at INTEGER PRIMARY KEY,
  asset TEXT NOT NULL,
  extra TEXT NOT NULL,
  pipeline TEXT,
  partition TEXT,
  interval_start INTEGER,
  interval_end INTEGER,
  step TEXT
) STRICT;
CREATE INDEX asset_event_by_asset ON asset_event (asset, at);
`,
  },
  {
    number: 3,
    name: "outbox",
    sql: `
CREATE TABLE outbox (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  id TEXT NOT NULL,
  message_group TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'parked')),
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  owner TEXT,
  lease_until INTEGER,
  error TEXT,
  settled_at INTEGER,
  UNIQUE (channel, id)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (channel, message_group, sequence) WHERE status = 'waiting';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
`,
  },
];
