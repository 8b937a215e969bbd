// Both cases by the adapter. Started by run.ts.
import { toArrow } from "@tsops/core/arrow";
import { postgresSource } from "@tsops/store/postgres";
import pg from "pg";
import { report, timed } from "../harness/measured.ts";
import { allReadings, into, out, readings, rows } from "./input.ts";

const [connection, repeats, prefix] = process.argv.slice(2) as [string, string, string];
const source = postgresSource({ connection, table: readings });
await timed(out, Number(repeats), async () => {
  let count = 0;
  for await (const batch of source.scan()) count += batch.numRows;
  if (count !== rows) throw new Error(`${count} rows arrived`);
});
const batches = toArrow(allReadings()).batches;
const targets = Array.from({ length: Number(repeats) + 1 }, (_, i) =>
  postgresSource({ connection, table: readings, relation: `${prefix}_${i}` }),
);
const client = new pg.Client(connection);
await client.connect();
for (let i = 0; i < targets.length; i++) await client.query(`TRUNCATE ${prefix}_${i}`);
await client.query("CHECKPOINT");
await client.end();
await timed(into, Number(repeats), (repeat) => targets[repeat + 1]?.write(batches));
for (const each of [source, ...targets]) await each.close();
report();
