import {
  type Columns,
  column,
  columnsFromArrays,
  featureView,
  float64,
  mean,
  table,
  timestamp,
  utf8,
} from "@tsops/core";
import { redisOnlineStore } from "@tsops/store/redis";
import { report, timed } from "../harness/measured.ts";
import { entities, hour, start } from "./work.ts";

const [connection, repeats] = [process.argv[2] as string, Number(process.argv[3])];
const meters = table({
  name: "meters",
  columns: { meter: utf8(), at: timestamp(), watts: float64(), volts: float64() },
  keys: ["meter"],
  eventTime: "at",
});
const latest = featureView({
  name: "latest",
  table: meters,
  ttl: "48h",
  features: { watts: column("watts"), volts: column("volts") },
});
const day = featureView({
  name: "day",
  table: meters,
  ttl: "48h",
  features: { watts: mean("watts", "24h"), volts: mean("volts", "24h") },
});
const namespace = `bench-${process.pid}`;
await using values = redisOnlineStore({ connection, views: [latest], namespace: `${namespace}-latest` });
await using windows = redisOnlineStore({ connection, views: [day], namespace: `${namespace}-day` });

const name = (entity: number): string => `meter-${entity % entities}`;

/** A row of `count` entities from `first` on, `hours` after the start. */
function rows(first: number, count: number, hours: number): Columns {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  return columnsFromArrays(meters.columns, {
    meter: numbers.map(name),
    at: new BigInt64Array(count).fill(start + BigInt(hours) * hour),
    watts: Float64Array.from(numbers, (n) => n * 1.5),
    volts: Float64Array.from(numbers, () => 230),
  });
}

function spine(first: number, count: number) {
  return columnsFromArrays(
    { meter: utf8(), at: timestamp() },
    {
      meter: Array.from({ length: count }, (_, i) => name(first + i)),
      at: new BigInt64Array(count).fill(start + 24n * hour),
    },
  );
}

for (let n = 0; n < 24; n++) await windows.observe("meters", rows(0, entities, n));
await values.observe("meters", rows(0, entities, 23));

await timed("read one entity a call", repeats, async () => {
  for (let n = 0; n < 1000; n++) await values.lookup(spine(n, 1), { time: "at" });
});
await timed("read 100 entities a call", repeats, async () => {
  for (let n = 0; n < 100; n++) await values.lookup(spine(n * 100, 100), { time: "at" });
});
await timed("read one entity a call, with windows over 24 rows", repeats, async () => {
  for (let n = 0; n < 1000; n++) await windows.lookup(spine(n, 1), { time: "at" });
});
let hours = 24;
await timed("write one row a call", repeats, async () => {
  hours++;
  for (let n = 0; n < 1000; n++) await values.observe("meters", rows(n, 1, hours));
});
await timed("write 1,000 rows a call", repeats, async () => {
  for (let n = 0; n < 20; n++) await values.observe("meters", rows(0, 1000, ++hours));
});
report();
