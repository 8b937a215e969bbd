// Tables of PostgreSQL and TimescaleDB as sources; an entry of its own, because it needs the driver.

export type { PostgresClient, PostgresPool } from "./client.ts";
export type { CreateTableOptions } from "./create-table.ts";
export {
  type PostgresExplained,
  type PostgresSource,
  type PostgresSourceOptions,
  postgresSource,
} from "./source.ts";
export type { Batches } from "./write.ts";
