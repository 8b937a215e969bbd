import { describe, expect, it } from "vitest";
import { bool, float64, int64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import { table } from "../schema/table.ts";
import { planAsOfJoin } from "./as-of/plan.ts";
import { column, count, first, max, mean, sum } from "./feature.ts";
import { featureView } from "./feature-view.ts";
import { joinedTypes } from "./joined-columns.ts";

const rentals = table({
  name: "rentals",
  columns: {
    city: utf8(),
    at: timestamp(),
    known: timestamp(),
    users: float64({ unit: "1/h" }),
    rain: bool(),
    n: int64(),
  },
  keys: ["city"],
  eventTime: "at",
  availableAt: "known",
});
const usage = featureView({
  name: "usage",
  table: rentals,
  features: {
    users: column("users"),
    week: mean("users", "7d"),
    n: count("rain", "1h"),
    latest: max("at", "1d"),
  },
  ttl: "30d",
  lag: "2h",
  boundary: "exclusive",
});
const error = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("featureView", () => {
  it("gives every feature the type of its column or aggregate, nullable", () => {
    expect(
      Object.fromEntries(Object.entries(usage.features).map(([name, { type }]) => [name, type])),
    ).toEqual({
      users: { kind: "float64", nullable: true, unit: "1/h" },
      week: { kind: "float64", nullable: true, unit: "1/h" },
      n: { kind: "int64", nullable: true },
      latest: { kind: "timestamp", nullable: true },
    });
  });

  it("refuses features that the table cannot give, at run time too", () => {
    const define =
      (features: object, extra: object = {}) =>
      () =>
        featureView({ name: "v", table: rentals, features, ...extra } as never);
    expect(define({ x: column("usrs") })).toThrowError(
      error("COLUMN_NOT_FOUND", /"usrs", which table "rentals"/),
    );
    expect(define({ x: column("toString") })).toThrowError(error("COLUMN_NOT_FOUND", /toString/));
    expect(define({ x: mean("rain", "1h") })).toThrowError(
      error("FEATURE_INVALID", /mean of column "rain", which is bool/),
    );
    expect(define({ x: max("city", "1h") })).toThrowError(error("FEATURE_INVALID", /which is utf8/));
    expect(define({ x: sum("at", "1h") })).toThrowError(error("FEATURE_INVALID", /which is timestamp/));
    expect(define({ x: sum("n", "0s") })).toThrowError(error("FEATURE_INVALID", /empty window/));
    expect(define({ x: sum("n", "1mo") })).toThrowError(error("DURATION_INVALID", /no fixed length/));
    expect(define({ x: first("city", "soon") })).toThrowError(error("DURATION_INVALID", /soon/));
    expect(define({})).toThrowError(error("FEATURE_INVALID", /no features/));
    expect(define({ feature_time: column("n") })).toThrowError(error("FEATURE_NAME_CLASH", /feature_time/));
    expect(define({ "": column("n") })).toThrowError(error("FEATURE_INVALID", /named ""/));
    expect(define({ x: column("n") }, { ttl: "-1h" })).toThrowError(error("DURATION_INVALID", /-1h/));
    expect(define({ x: column("n") }, { lag: "1y" })).toThrowError(error("DURATION_INVALID", /1y/));
    expect(define({ x: column("n") }, { boundary: "open" })).toThrowError(error("FEATURE_INVALID", /"open"/));
    expect(define({ x: column("n") }, { keyMap: { town: "t" } })).toThrowError(
      error("FEATURE_INVALID", /"town"/),
    );
    expect(define({ x: column("n") }, { name: "" })).toThrowError(error("FEATURE_INVALID", /needs a name/));
  });
});

describe("joinedTypes", () => {
  const other = featureView({ name: "usage__users", table: rentals, features: { x: column("n") } });
  const nested = featureView({ name: "usage", table: rentals, features: { users__x: column("n") } });

  it("names columns view__feature, spine first", () => {
    expect(Object.keys(joinedTypes({ city: utf8(), y: float64() }, [usage, other]))).toEqual([
      "city",
      "y",
      "usage__users",
      "usage__week",
      "usage__n",
      "usage__latest",
      "usage__feature_time",
      "usage__feature_status",
      "usage__users__x",
      "usage__users__feature_time",
      "usage__users__feature_status",
    ]);
  });

  it("refuses two columns of one name, wherever they come from", () => {
    const clash = (message: RegExp) => error("FEATURE_NAME_CLASH", message);
    expect(() => joinedTypes({}, [usage, usage])).toThrowError(clash(/Both view "usage" and view "usage"/));
    expect(() => joinedTypes({}, [other, nested])).toThrowError(clash(/"usage__users__x"/));
    expect(() => joinedTypes({ usage__feature_time: timestamp() }, [usage])).toThrowError(
      clash(/Both the spine and/),
    );
  });
});

describe("planAsOfJoin", () => {
  const spineTypes = { city: nullable(utf8()), at: timestamp(), cutoff: nullable(timestamp()) };
  const plan = (knownAt?: unknown) =>
    planAsOfJoin({
      spineTypes,
      time: "at",
      views: [usage],
      ...(knownAt === undefined ? {} : { knownAt: knownAt as never }),
    }).views[0];

  it("joins by the spine time where the table declares when rows became available", () => {
    expect(plan()).toMatchObject({
      table: "rentals",
      keys: [{ column: "city", spine: "city" }],
      knownAt: { by: "column", column: "at" },
      ttlMicros: 2_592_000_000_000n,
      lagMicros: 7_200_000_000n,
      boundary: "exclusive",
      featureColumns: ["users", "rain", "at"],
    });
    expect(plan({ column: "cutoff" })?.knownAt).toEqual({ by: "column", column: "cutoff" });
    expect(plan("ignore")?.knownAt).toEqual({ by: "ignore" });
    expect(plan("1970-01-01T00:00:01Z")?.knownAt).toEqual({ by: "instant", micros: 1_000_000n });
    expect(plan(new Date(1))?.knownAt).toEqual({ by: "instant", micros: 1_000n });
  });

  it("joins by event time only where the table does not, whatever is asked", () => {
    const { availableAt: _, ...rest } = rentals;
    const view = featureView({ name: "v", table: rest, features: { n: column("n") } });
    const found = planAsOfJoin({ spineTypes, time: "at", views: [view], knownAt: "spine" });
    expect(found.views[0]).toMatchObject({ availableAt: null, knownAt: { by: "ignore" } });
  });
});
