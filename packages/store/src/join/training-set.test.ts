import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  column,
  columnsFromRows,
  contentHash,
  featureView,
  float64,
  last,
  mean,
  nullable,
  type ProgressEvent,
  table,
  timestamp,
  trainingSet,
  trainingSetHash,
  utf8,
} from "@tsops/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { createTable, type DeltaTable, openTable } from "../delta/table.ts";
import { type DuckEngine, openEngine } from "../engine/engine.ts";
import { buildTrainingSet, rebuildTrainingSet } from "./training-set.ts";

const hour = (n: number): Date => new Date(Date.UTC(2026, 0, 1, n));
const rentals = table({
  name: "rentals",
  columns: { city: utf8(), at: timestamp(), users: nullable(float64()) },
  keys: ["city"],
  eventTime: "at",
});
const weather = table({
  name: "weather",
  columns: { at: timestamp(), known: timestamp(), sky: utf8() },
  keys: [],
  eventTime: "at",
  availableAt: "known",
});
const usage = featureView({
  name: "usage",
  table: rentals,
  features: { day: mean("users", "24h"), latest: column("users", { lastNonNull: true }) },
  lag: "1h",
});
const skies = featureView({ name: "sky", table: weather, features: { sky: last("sky", "3h") } });
const daily = trainingSet({
  name: "daily",
  spine: rentals,
  time: "at",
  views: [usage, skies],
  target: "users",
});

const rentalRows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    city: (from + i) % 3 === 0 ? "p" : "q",
    at: hour(from + i),
    users: (from + i) % 7 === 0 ? null : Math.sin(from + i) * 100,
  }));
const weatherRows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    at: hour(from + i),
    known: hour(from + i + 1),
    sky: (from + i) % 2 === 0 ? "clear" : "cloudy",
  }));

let engine: DuckEngine;
let home: ReturnType<typeof temporaryDirectory>;
let tables: { rentals: DeltaTable<typeof rentals.columns>; weather: DeltaTable<typeof weather.columns> };
beforeAll(async () => {
  engine = await openEngine();
  home = temporaryDirectory();
  tables = {
    rentals: await createTable(join(home.path, "rentals"), rentals, { engine }),
    weather: await createTable(join(home.path, "weather"), weather, { engine }),
  };
  for (const from of [0, 20, 40]) {
    await tables.rentals.append(rentalRows(from, from + 20));
    await tables.weather.append(weatherRows(from, from + 20));
  }
});
afterAll(async () => {
  await engine.close();
  await home.dispose();
});

describe("buildTrainingSet", () => {
  it("joins the spine table's rows and records where they came from", async () => {
    const built = await buildTrainingSet(daily, { tables, engine });
    expect(built.lineage).toEqual({
      name: "daily",
      definitionHash: trainingSetHash(daily),
      tables: [
        { table: "rentals", version: 3 },
        { table: "weather", version: 3 },
      ],
      rows: 60,
      contentHash: contentHash(built.columns),
    });
    expect(built.toRows()[3]).toMatchObject({
      city: "p",
      at: hour(3),
      usage__latest: null,
      sky__sky: "clear",
    });
    expect(built.explain()).toContain("usage: merge");
    expect(built.directory).toBeNull();
  });

  it("tells how far it is: the views that are joined, then the rows that are saved", async () => {
    const events: ProgressEvent[] = [];
    const progress = (event: ProgressEvent) => void events.push(event);
    const saveIn = join(home.path, "told");
    await buildTrainingSet(daily, { tables, engine, saveIn, progress });
    expect(events).toEqual([
      { task: "join", done: 1, total: 2 },
      { task: "join", done: 2, total: 2 },
      { task: "append", done: 60, total: 60 },
    ]);
  });

  it("gives the same bytes again after appends, compaction and a new engine", async () => {
    const built = await buildTrainingSet(daily, { tables, engine });
    await tables.rentals.append([{ city: "p", at: hour(2), users: 1e6 }]);
    await tables.weather.append(weatherRows(60, 70));
    const later = await buildTrainingSet(daily, { tables, engine });
    expect(later.lineage.contentHash).not.toBe(built.lineage.contentHash);
    expect((await rebuildTrainingSet(daily, built.lineage, { tables, engine })).lineage).toEqual(
      built.lineage,
    );
    await tables.rentals.compact();
    await tables.weather.compact();
    const rebuilt = await rebuildTrainingSet(daily, built.lineage, { tables: { tablesPath: home.path } });
    expect(rebuilt.lineage).toEqual(built.lineage);
    const compacted = await buildTrainingSet(daily, { tables, engine });
    expect(compacted.lineage.contentHash).toBe(later.lineage.contentHash);
  });

  it("takes a part of the spine table, or columns, as its spine", async () => {
    const range = { start: hour(10), end: "2026-01-01T20:00:00Z" };
    const part = trainingSet({
      name: "part",
      spine: rentals,
      time: "at",
      views: [usage],
      target: "users",
      range,
    });
    const built = await buildTrainingSet(part, { tables, engine, asOf: { rentals: 3 } });
    expect(built.columns.length).toBe(10);
    const spine = columnsFromRows({ city: utf8(), at: timestamp(), y: float64() }, [
      { city: "p", at: hour(9), y: 1 },
    ]);
    const given = trainingSet({ name: "given", spine, time: "at", views: [usage], target: "y" });
    const fromColumns = await buildTrainingSet(given, { tables, engine, asOf: { rentals: 3 } });
    expect(fromColumns.toRows()[0]).toMatchObject({ y: 1, usage__latest: Math.sin(6) * 100 });
    const other = columnsFromRows(spine.types, [{ city: "p", at: hour(9), y: 2 }]);
    const changed = trainingSet({ name: "given", spine: other, time: "at", views: [usage], target: "y" });
    expect(trainingSetHash(changed)).not.toBe(trainingSetHash(given));
    expect(() =>
      trainingSet({ name: "x", spine, time: "at", views: [usage], target: "y", range }),
    ).toThrowError(expect.objectContaining({ code: "FEATURE_INVALID" }));
  });

  it("saves the rows once, under a name that holds their hash, and reads them back the same", async () => {
    const saveIn = join(home.path, "sets");
    const first = await buildTrainingSet(daily, { tables, engine, saveIn });
    const second = await buildTrainingSet(daily, { tables, engine, saveIn });
    expect(second.directory).toBe(first.directory);
    expect(await readdir(saveIn)).toEqual([`daily-${first.lineage.contentHash.slice(0, 12)}`]);
    const saved = await openTable(first.directory as string, { engine });
    expect(contentHash(await (await saved.snapshot()).read())).toBe(first.lineage.contentHash);
    await saved.close();
  });

  it("refuses to rebuild with another definition, or from tables that were changed", async () => {
    const built = await buildTrainingSet(daily, { tables, engine });
    const other = trainingSet({ name: "daily", spine: rentals, time: "at", views: [usage], target: "users" });
    await expect(rebuildTrainingSet(other as never, built.lineage, { tables, engine })).rejects.toMatchObject(
      {
        code: "FEATURE_INVALID",
      },
    );
    const forged = { ...built.lineage, contentHash: "0".repeat(64) };
    await expect(rebuildTrainingSet(daily, forged, { tables, engine })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });

  it("survives a vacuum that retains its versions, and names the table whose version a later one removed", async () => {
    const delta = await createTable(join(home.path, "vacuumed", "rentals"), rentals, { engine });
    const set = trainingSet({ name: "kept", spine: rentals, time: "at", views: [usage], target: "users" });
    await delta.append(rentalRows(0, 10));
    const built = await buildTrainingSet(set, { tables: { rentals: delta }, engine });
    await delta.append(rentalRows(10, 20));
    await delta.compact();
    await delta.vacuum({ retention: "1h" });
    const rebuild = () => rebuildTrainingSet(set, built.lineage, { tables: { rentals: delta }, engine });
    expect((await rebuild()).lineage).toEqual(built.lineage);
    await delta.vacuum({ retention: "0s" });
    await expect(rebuild()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      message: expect.stringMatching(/^Table "rentals": Version 1 of the table needs .*, which is missing/),
      hint: expect.stringContaining("vacuumed"),
      details: { table: "rentals", version: 1 },
    });
    expect((await buildTrainingSet(set, { tables: { rentals: delta }, engine })).lineage.rows).toBe(20);
    await delta.close();
  });

  it("refuses a target that is not there", () => {
    expect(() =>
      // @ts-expect-error the set has no column "user"
      trainingSet({ name: "x", spine: rentals, time: "at", views: [usage], target: "user" }),
    ).toThrowError(expect.objectContaining({ code: "COLUMN_NOT_FOUND" }));
  });
});
