// One case in a process of its own, so that its peak memory is its own. Started by run.ts.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createTable, openEngine, openTable } from "@tsops/store";
import { report, timed } from "../harness/measured.ts";
import { meterRows, meters, size, type work } from "./input.ts";

const [directory, name, repeats] = process.argv.slice(2) as [string, keyof typeof work, string];
const engine = await openEngine({ threads: 2 });
const scratch = (repeat: number) => join(directory, `tsops ${name} ${process.pid} ${repeat}`);
const open = (place: string) => openTable(place, { engine, definition: meters });
const readAll = async (place: string) => (await (await open(place)).snapshot()).read();

const cases: Record<keyof typeof work, () => Promise<void>> = {
  async "append 2,000,000 rows"() {
    const rows = meterRows(size.large);
    const table = await createTable(scratch(0), meters, { engine });
    await timed(name, Number(repeats), () => table.append(rows));
  },
  async "read 2,000,000 rows"() {
    await timed(name, Number(repeats), () => readAll(join(directory, "large")));
  },
  async "append 24 rows, 300 times"() {
    const hours = Array.from({ length: size.appends }, (_, i) => meterRows(size.small, i));
    await timed(
      name,
      1,
      async (repeat) => {
        const table = await createTable(scratch(repeat), meters, { engine });
        for (const hour of hours) await table.append(hour);
      },
      { warmUp: false },
    );
  },
  async "open and read 300 files of 24 rows"() {
    await timed(name, Number(repeats), () => readAll(join(directory, "small")));
  },
  async "compact 300 files of 24 rows"() {
    await cp(join(directory, "small"), scratch(0), { recursive: true });
    const table = await open(scratch(0));
    await timed(name, 1, () => table.compact(), { warmUp: false });
  },
};
await cases[name]();
await engine.close();
report();
