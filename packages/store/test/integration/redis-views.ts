import {
  type Columns,
  column,
  columnsFromRows,
  count,
  featureView,
  float64,
  table,
  timestamp,
  utf8,
} from "@tsops/core";

export const start = 1_767_225_600_000_000n;
export const minute = 60_000_000n;

export const meters = table({
  name: "meters",
  columns: { meter: utf8(), at: timestamp(), watts: float64() },
  keys: ["meter"],
  eventTime: "at",
});

export const load = featureView({
  name: "load",
  table: meters,
  features: { watts: column("watts"), n: count("watts", "30d") },
});

/** Rows `from .. to` of one meter, a minute apart. */
export function loadRows(from: number, to: number, meter = "m"): Columns<typeof meters.columns> {
  return columnsFromRows(
    meters.columns,
    Array.from({ length: to - from }, (_, i) => ({
      meter,
      at: start + BigInt(from + i) * minute,
      watts: from + i,
    })),
  );
}

/** A question about meters a day after the start. */
export function asked(...names: readonly string[]) {
  return columnsFromRows(
    { meter: utf8(), at: timestamp() },
    names.map((meter) => ({ meter, at: start + 1440n * minute })),
  );
}
