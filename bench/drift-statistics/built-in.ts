// Float64Array.sort on the same input file. Run by run.ts, in a process of its own.
import { readFileSync } from "node:fs";
import { report, timed } from "../harness/measured.ts";
import { rows } from "./input.ts";

const [file, repeats] = process.argv.slice(2) as [string, string];
const current = new Float64Array(new Uint8Array(readFileSync(file)).buffer).slice(rows);
await timed("sort 1,000,000 values", Number(repeats), () => current.slice().sort());
report();
