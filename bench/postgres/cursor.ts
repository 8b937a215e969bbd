// Rows out by a server-side cursor and the pg driver, as arrays of its own values. Started by run.ts.
import pg from "pg";
import { report, timed } from "../harness/measured.ts";
import { out, rows } from "./input.ts";

const [connection, repeats] = process.argv.slice(2) as [string, string];
const client = new pg.Client(connection);
await client.connect();
await timed(out, Number(repeats), async () => {
  await client.query("BEGIN");
  await client.query(
    "DECLARE c NO SCROLL CURSOR FOR SELECT meter, at, a, b FROM readings ORDER BY at, meter",
  );
  let count = 0;
  for (;;) {
    const found = await client.query({ text: "FETCH 10000 FROM c", rowMode: "array" });
    if (found.rows.length === 0) break;
    count += found.rows.length;
  }
  await client.query("COMMIT");
  if (count !== rows) throw new Error(`${count} rows arrived`);
});
await client.end();
report("pg 8.23.1");
