// Observes the rows of a series, one call each, from a process of its own.
import { redisOnlineStore } from "@tsops/store/redis";
import { load, loadRows } from "./redis-views.ts";

const [connection, namespace, from, to] = process.argv.slice(2) as [string, string, string, string];
await using store = redisOnlineStore({ connection, namespace, views: [load] });
let accepted = 0;
for (let n = Number(from); n < Number(to); n++)
  accepted += (await store.observe("meters", loadRows(n, n + 1))).accepted;
process.stdout.write(String(accepted));
