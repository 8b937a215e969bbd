// Measures driftTest of the built package on one input file. Run by run.ts, in a process of its own.
import { readFileSync } from "node:fs";
import { type Columns, type ColumnType, columnsFromArrays, float64, timestamp } from "@tsops/core";
import { driftTest } from "@tsops/monitor";
import { report, timed } from "../harness/measured.ts";
import { caseOf, columns } from "./input.ts";

const [file, rowsText] = process.argv.slice(2) as [string, string];
const rows = Number(rowsText);
const bytes = readFileSync(file);
const all = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);

function windowFrom(first: number): Columns {
  const types: Record<string, ColumnType> = { at: timestamp() };
  const minute = 60_000_000n;
  const start = 1_700_006_400_000_000n; // 2023-11-15T00:00Z
  const at = new BigInt64Array(rows);
  for (let i = 0; i < rows; i++) at[i] = start + BigInt(first + i) * minute;
  const data: Record<string, BigInt64Array | Float64Array> = { at };
  for (let column = 0; column < columns; column++) {
    const from = first * columns + column * rows;
    types[`c${column}`] = float64();
    data[`c${column}`] = all.subarray(from, from + rows);
  }
  return columnsFromArrays(types, data);
}

const [reference, current] = [windowFrom(0), windowFrom(rows)];
await timed(caseOf(rows), 1, () => driftTest(reference, current, { time: "at" }), { warmUp: false });
report();
