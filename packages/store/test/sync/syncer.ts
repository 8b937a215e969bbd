// Syncs rows in memory into a table, ended by the test at some point. Arguments: the table's directory, the number of rows.
import { writeSync } from "node:fs";
import { memorySource } from "@tsops/core/testing/source";
import { openEngine, openTable, sync } from "../../src/index.ts";
import { load, loadRows } from "./rows.ts";

const [directory = "", count = ""] = process.argv.slice(2);
const engine = await openEngine({ threads: 1 });
const table = await openTable(directory, { engine, definition: load });
const source = memorySource({ table: load, rows: loadRows(Number(count)), batchRows: 100 });
writeSync(1, "ready\n");
const { taken } = await sync(source, table, { lateness: "20s", engine, commitRows: 50 });
writeSync(1, `taken ${taken}\n`);
await engine.close();
