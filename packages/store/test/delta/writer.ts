import { writeSync } from "node:fs";
import { columnsFromArrays, TsopsError } from "@tsops/core";
import { openTable } from "../../src/delta/table.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { load } from "./scratch-table.ts";

// A writer process for tests. Arguments: table, name, batches, rows per batch, "compact" to compact now and then.
// It writes one line per acknowledged batch: the number of the batch, or "failed <code>".

const [directory, name, batchText, rowText, mode] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const rows = Number(rowText);

// Written at once: a line of a killed process is either there or not.
const say = (line: string) => writeSync(1, `${line}\n`);

const engine = await openEngine({ threads: 1 });
const table = await openTable(directory, { engine, definition: load });
let noise = 1;
say("ready");
for (let batch = 0; batch < Number(batchText); batch++) {
  const columns = columnsFromArrays(load.columns, {
    station: new Array<string>(rows).fill(name),
    at: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)),
    known: new Array<null>(rows).fill(null),
    mw: Float64Array.from({ length: rows }, () => {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      return noise / 7;
    }),
    meter: new BigInt64Array(rows).fill(BigInt(batch)),
  });
  try {
    await table.append(columns);
    say(String(batch));
    if (mode === "compact" && batch % 7 === 6) await table.compact();
  } catch (error) {
    say(`failed ${TsopsError.is(error) ? error.code : String(error)}`);
  }
}
await engine.close();
