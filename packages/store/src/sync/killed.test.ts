import { type Columns, createRandom, toRows } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { scratch } from "../../test/delta/scratch.ts";
import { runChild } from "../../test/run-child.ts";
import { runAndKill } from "../../test/sync/killed.ts";
import { load, loadRows } from "../../test/sync/rows.ts";
import { createTable } from "../delta/table.ts";

const { directory, engine } = scratch();
const syncer = new URL("../../test/sync/syncer.ts", import.meta.url);
const textsOf = (rows: readonly object[]) => rows.map((row) => Object.values(row).join(" ")).sort();

describe("a process that syncs", () => {
  it("is killed again and again in the middle: the table ends with exactly the source's rows", async () => {
    const table = await createTable(await directory(), load, { engine: engine() });
    const random = createRandom("kill");
    const rows = loadRows(2500);
    let kills = 0;
    const counts: (number | null)[] = [];
    for (let killed = 0; killed < 6; killed++) {
      const { process } = await runAndKill(syncer, table.directory, ["2500"], random);
      kills += process.signalCode === "SIGKILL" ? 1 : 0;
      counts.push((await table.snapshot()).rows);
    }
    expect(kills).toBeGreaterThan(2);
    expect(new Set(counts).size).toBeGreaterThan(2);
    const [one, two] = [1, 2].map(() => runChild(syncer, [table.directory, "2500"]));
    expect([await one?.ended, await two?.ended]).toEqual([0, 0]);
    const taken = [one, two].map((child) => Number(child?.lines[1]?.replace("taken ", "")));
    expect((counts.at(-1) as number) + (taken[0] as number) + (taken[1] as number)).toBe(rows.length);
    const read = (await (await table.snapshot()).read()) as unknown as Columns;
    expect(textsOf(toRows(read, { timestamps: "micros" }) as object[])).toEqual(textsOf(rows));
  }, 120_000);
});
