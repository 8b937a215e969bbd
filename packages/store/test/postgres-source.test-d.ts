import { bool, float64, int64, table, timestamp, utf8 } from "@tsops/core";
import type { Source } from "@tsops/core/arrow";
import { expectTypeOf, it } from "vitest";
import { postgresSource } from "../src/postgres/index.ts";

const load = table({
  name: "load",
  columns: { site: utf8(), meter: int64(), at: timestamp(), mw: float64(), holiday: bool() },
  keys: ["site", "meter"],
  eventTime: "at",
});
const source = postgresSource({ connection: "postgresql://x", table: load });

it("a source knows its columns and keys", () => {
  source.scan({ columns: ["at", "mw"], keys: [{ site: "north", meter: 7n }] });
  // @ts-expect-error no such column
  source.scan({ columns: ["mv"] });
  // @ts-expect-error no such key
  source.scan({ keys: [{ sit: "north", meter: 7n }] });
  // @ts-expect-error a key is missing
  source.latest({ keys: [{ site: "north" }] });
  // @ts-expect-error an int64 is a bigint
  source.scan({ keys: [{ site: "north", meter: 7 }] });
  source.aggregate({ every: "1h", aggregates: { mean: { column: "mw", kind: "mean" } } });
  // @ts-expect-error no such column
  source.aggregate({ every: "1h", aggregates: { mean: { column: "mv", kind: "mean" } } });
  expectTypeOf(source).toExtend<Source>();
});
