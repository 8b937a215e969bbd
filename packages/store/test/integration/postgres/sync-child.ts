// Syncs the database's table "load" into a table of the store; ended by the test at some point. Arguments: the table's directory, the database.
import { writeSync } from "node:fs";
import { openEngine, openTable, sync } from "../../../src/index.ts";
import { postgresSource } from "../../../src/postgres/index.ts";
import { load } from "../../sync/rows.ts";

const [directory = "", connection = ""] = process.argv.slice(2);
const engine = await openEngine({ threads: 1 });
const table = await openTable(directory, { engine, definition: load });
const source = postgresSource({ connection, table: load, batchRows: 500 });
writeSync(1, "ready\n");
const { taken } = await sync(source, table, { lateness: "20s", engine, commitRows: 200 });
writeSync(1, `taken ${taken}\n`);
await source.close();
await engine.close();
