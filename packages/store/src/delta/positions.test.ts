import { describe, expect, it } from "vitest";
import { load, scratch } from "../../test/delta/scratch.ts";
import { createTable, openTable } from "./table.ts";

const { directory, engine } = scratch();
const row = (station: string) => ({ station, at: 1n, meter: 0 });
const open = async () => {
  const path = await directory();
  return [
    await createTable(path, load, { engine: engine() }),
    await openTable(path, { engine: engine(), definition: load }),
  ] as const;
};

describe("the position of an application", () => {
  it("moves with the rows of a commit, and back too; from another place nothing is written", async () => {
    const [table, other] = await open();
    expect(await table.position("reader")).toBeNull();
    const move = (from: number | null, to: number) => ({ positions: [{ appId: "reader", from, to }] });
    const results = await Promise.all(
      [table, other, table, other].map((one) => one.append([row("a")], move(null, 7))),
    );
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await other.position("reader")).toBe(7);
    expect(await other.append([row("b")], move(7, -3))).toMatchObject({ rows: 1, duplicate: false });
    expect(await table.append([row("c")], move(7, 8))).toEqual({ version: 2, rows: 0, duplicate: true });
    expect(await table.append([], move(-3, 9))).toEqual({ version: 3, rows: 0, duplicate: false });
    expect(await other.position("reader")).toBe(9);
    expect((await table.snapshot()).rows).toBe(2);
  });

  it("several move together or not at all, beside a transaction, whose version is a position as well", async () => {
    const [table] = await open();
    const txn = { appId: "writer", version: 1 };
    const both = (b: number | null) => [
      { appId: "a", from: null, to: 1 },
      { appId: "b", from: b, to: 2 },
    ];
    expect(await table.append([row("a")], { positions: both(5), txn })).toMatchObject({ duplicate: true });
    expect(await table.position("a")).toBeNull();
    expect(await table.append([row("a")], { positions: both(null), txn })).toMatchObject({ rows: 1 });
    expect(await Promise.all(["a", "b", "writer"].map((name) => table.position(name)))).toEqual([1, 2, 1]);
  });

  it("is kept by checkpoints", async () => {
    const [table] = await open();
    for (let i = 0; i < 101; i++)
      await table.append([], { positions: [{ appId: "loop", from: i === 0 ? null : i - 1, to: i }] });
    const again = await openTable(table.directory, { engine: engine() });
    expect(await again.position("loop")).toBe(100);
  });

  it("is a whole number of a named application, which is named once", async () => {
    const [table] = await open();
    const refused = [
      { appId: "", from: null, to: 1 },
      { appId: "a", from: null, to: 0.5 },
      { appId: "a", form: null, to: 1 },
    ];
    for (const move of refused)
      await expect(table.append([row("a")], { positions: [move as never] })).rejects.toMatchObject({
        code: "VALUE_INVALID",
      });
    const move = { appId: "a", from: null, to: 1 };
    for (const options of [
      { positions: [move, move] },
      { positions: [move], txn: { appId: "a", version: 1 } },
    ])
      await expect(table.append([row("a")], options)).rejects.toMatchObject({ code: "VALUE_INVALID" });
    expect((await table.snapshot()).version).toBe(0);
  });
});
