import { columnsFromArrays, createRandom, float64, int64, table, timestamp } from "@tsops/core";

export const size = { rows: 1_000_000, spine: 100_000, keys: 1_000, days: 30 };

/** A table of readings that become available up to two hours after they happened. */
export const readings = table({
  name: "readings",
  columns: { sensor: int64(), at: timestamp(), known: timestamp(), a: float64(), b: float64(), c: float64() },
  keys: ["sensor"],
  eventTime: "at",
  availableAt: "known",
});

const start = 1_767_225_600_000_000n;
const second = 1_000_000n;

/** The same rows at every run: keys and times at random over a month, in no order. */
export function inputColumns() {
  const random = createRandom("pit-join");
  const { rows, spine, keys, days } = size;
  const instants = (length: number) =>
    BigInt64Array.from({ length }, () => start + BigInt(random.integer(days * 86_400)) * second);
  const sensors = (length: number) => BigInt64Array.from({ length }, () => BigInt(random.integer(keys)));
  const values = (length: number) => Float64Array.from({ length }, () => random.normal());
  const at = instants(rows);
  const feature = columnsFromArrays(readings.columns, {
    sensor: sensors(rows),
    at,
    known: at.map((time) => time + BigInt(random.integer(7_200)) * second),
    a: values(rows),
    b: values(rows),
    c: values(rows),
  });
  const asked = columnsFromArrays(
    { sensor: int64(), at: timestamp() },
    { sensor: sensors(spine), at: instants(spine) },
  );
  return { feature, asked };
}
