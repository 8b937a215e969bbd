import {
  bool,
  type CheckedViews,
  type ColumnTypes,
  column,
  count,
  type FeatureView,
  featureView,
  first,
  float64,
  int64,
  type JoinedRow,
  last,
  max,
  mean,
  min,
  nullable,
  std,
  sum,
  table,
  timestamp,
  utf8,
} from "@tsops/core";
import { expectTypeOf, it } from "vitest";

const rentals = table({
  name: "rentals",
  columns: {
    city: utf8(),
    at: timestamp(),
    users: float64({ unit: "1/h" }),
    bikes: int64(),
    rain: nullable(bool()),
    note: utf8(),
  },
  keys: ["city"],
  eventTime: "at",
});
const usage = featureView({
  name: "usage",
  table: rentals,
  features: {
    users: column("users"),
    rain: column("rain", { lastNonNull: true }),
    bikes: column("bikes"),
    total: sum("bikes", "1d"),
    n: count("note", "1h"),
    average: mean("users", "7d"),
    least: min("bikes", "7d"),
    latest: max("at", "7d"),
    spread: std("users", "7d"),
    opening: first("note", "1d"),
    closing: last("users", "1d"),
  },
  ttl: "30d",
});
const spine = { city: utf8(), at: timestamp(), y: float64() };

it("names and types every joined column, nullable wherever a value may be missing", () => {
  expectTypeOf<JoinedRow<typeof spine, [typeof usage]>>().toEqualTypeOf<{
    city: string;
    at: Date;
    y: number;
    usage__users: number | null;
    usage__rain: boolean | null;
    usage__bikes: bigint | null;
    usage__total: number | null;
    usage__n: bigint | null;
    usage__average: number | null;
    usage__least: bigint | null;
    usage__latest: Date | null;
    usage__spread: number | null;
    usage__opening: string | null;
    usage__closing: number | null;
    usage__feature_time: Date | null;
    usage__feature_status: string;
  }>();
});

it("refuses features that the table cannot give", () => {
  featureView({
    name: "bad",
    table: rentals,
    // @ts-expect-error Table "rentals" has no column "usrs".
    features: { usrs: column("usrs"), fine: column("users") },
  });
  featureView({
    name: "bad",
    table: rentals,
    // @ts-expect-error mean() takes float64 or int64 columns, and column "note" of table "rentals" is utf8.
    features: { note: mean("note", "1d") },
  });
  featureView({
    name: "bad",
    table: rentals,
    features: { users: column("users") },
    // @ts-expect-error "town" is not a key of the table
    keyMap: { town: "place" },
  });
});

declare function join<S extends ColumnTypes, const V extends readonly FeatureView[]>(
  spine: S,
  views: V & CheckedViews<S, V>,
): JoinedRow<S, V>;

it("refuses a spine whose keys do not fit", () => {
  join(spine, [usage]);
  // @ts-expect-error View "usage" needs a spine column "city": rename it, or map the key with keyMap.
  join({ town: utf8(), at: timestamp() }, [usage]);
  // @ts-expect-error View "usage" needs spine column "city" as utf8, not int64.
  join({ city: int64(), at: timestamp() }, [usage]);
  const mapped = featureView({
    name: "mapped",
    table: rentals,
    features: { users: column("users") },
    keyMap: { city: "town" },
  });
  expectTypeOf(join({ town: nullable(utf8()) }, [mapped])).toEqualTypeOf<{
    town: string | null;
    mapped__users: number | null;
    mapped__feature_time: Date | null;
    mapped__feature_status: string;
  }>();
});

it("takes tables and views that are only known at run time", () => {
  const views: readonly FeatureView[] = [usage];
  const columns: ColumnTypes = spine;
  expectTypeOf(join(columns, views)).toBeObject();
});
