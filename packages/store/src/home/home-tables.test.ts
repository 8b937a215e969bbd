import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { float64, int64, TsopsError, table, timestamp } from "@tsops/core";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { openHome } from "./home.ts";

const loads = table({
  name: "loads",
  columns: { at: timestamp(), mw: float64() },
  keys: [],
  eventTime: "at",
});
const otherLoads = table({
  name: "loads",
  columns: { at: timestamp(), mw: int64() },
  keys: [],
  eventTime: "at",
});

const path = () => join(temporaryDirectory().path, ".tsops");

it("opens a table once made by anybody, and refuses another definition of its name", async () => {
  await using home = await openHome(path());
  const [first, second] = await Promise.all([home.table(loads), home.table(loads)]);
  await first.append([{ at: "2026-01-01T00:00:00Z", mw: 1 }]);
  expect((await (await second.snapshot()).read()).length).toBe(1);
  const error = await home.table(otherLoads).catch((e: unknown) => e);
  expect(TsopsError.is(error, "SCHEMA_MISMATCH")).toBe(true);
  expect((await (await home.table(loads)).snapshot()).rows).toBe(1);
});

it("finds the rows again after it was closed", async () => {
  const where = path();
  {
    await using home = await openHome(where);
    await (await home.table(loads)).append([{ at: "2026-01-01T00:00:00Z", mw: 1 }]);
  }
  await using again = await openHome(where);
  expect((await (await again.table(loads)).snapshot()).rows).toBe(1);
});

it("starts nothing after it was closed", async () => {
  const home = await openHome(path());
  await home.close();
  for (const use of [() => home.table(loads), () => home.engine()]) {
    const error = await use().catch((e: unknown) => e);
    expect(TsopsError.is(error, "STORE_UNAVAILABLE")).toBe(true);
  }
});

it("refuses a definition whose name would lead out of its directory, and writes nothing", async () => {
  const where = path();
  await using home = await openHome(where);
  for (const name of ["../outside", "a/b", "", "."]) {
    const error = await home.table({ ...loads, name }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "SCHEMA_INVALID")).toBe(true);
  }
  expect(await readdir(join(where, "tables"))).toEqual([]);
  expect(await readdir(where)).not.toContain("outside");
});
