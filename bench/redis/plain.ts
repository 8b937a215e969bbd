// The floor: the same client with a hash an entity that holds its latest values, no times, no rules, no repeats found.
import { createClient } from "redis";
import { report, timed } from "../harness/measured.ts";
import { entities } from "./work.ts";

const [url, repeats] = [process.argv[2] as string, Number(process.argv[3])];
const client = createClient({ url });
await client.connect();
const key = (entity: number): string => `plain-${process.pid}:meter-${entity % entities}`;
const put = (n: number) => client.hSet(key(n), { watts: String(n * 1.5), volts: "230" });
const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

await Promise.all(numbers(0, entities).map(put));
await timed("read one entity a call", repeats, async () => {
  for (let n = 0; n < 1000; n++) await client.hGetAll(key(n));
});
await timed("read 100 entities a call", repeats, async () => {
  for (let n = 0; n < 100; n++)
    await Promise.all(numbers(n * 100, 100).map((entity) => client.hGetAll(key(entity))));
});
await timed("write one row a call", repeats, async () => {
  for (let n = 0; n < 1000; n++) await put(n);
});
await timed("write 1,000 rows a call", repeats, async () => {
  for (let n = 0; n < 20; n++) await Promise.all(numbers(0, 1000).map(put));
});
await client.close();
report();
