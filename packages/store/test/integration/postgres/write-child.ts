// Writes 40 batches of 5,000 rows to the table "crash", a line for each batch and for what `write` says; ended by the test at some point.
import { columnsFromArrays, float64, table, timestamp } from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import { postgresSource } from "../../../src/postgres/index.ts";

const [connection = ""] = process.argv.slice(2);
const crash = table({
  name: "crash",
  columns: { at: timestamp(), x: float64() },
  keys: [],
  eventTime: "at",
});
const source = postgresSource({ connection, table: crash });

async function* batches() {
  for (let batch = 0; batch < 40; batch++) {
    const at = BigInt64Array.from({ length: 5000 }, (_, i) => BigInt(batch * 5000 + i));
    yield* toArrow(columnsFromArrays(crash.columns, { at, x: new Float64Array(5000) })).batches;
    console.log(`batch ${batch}`);
    // So that the line is out before the next batch is made.
    await new Promise(setImmediate);
  }
}
const { rows } = await source.write(batches());
console.log(`written ${rows}`);
await source.close();
