// How fast Delta tables are written and read, beside Python's deltalake on the same rows and disk.
// Run: scripts/services/deltalake.sh install && npx tsx --conditions=@tsops/source bench/delta-append/tsops.ts
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { columnsFromArrays, float64, int64, nullable, table, timestamp, utf8 } from "@tsops/core";
import { createTable, openEngine, openTable } from "@tsops/store";

const [rows, smallRows, appends, repeats] = [2_000_000, 24, 300, 5];
const python = fileURLToPath(new URL("../../.services/deltalake/venv-1.6.6/bin/python", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));

const definition = table({
  name: "meters",
  columns: { meter: utf8(), at: timestamp(), a: float64(), b: nullable(float64()), c: int64() },
  keys: ["meter"],
  eventTime: "at",
});

function columns(length: number, start = 0) {
  return columnsFromArrays(definition.columns, {
    meter: Array.from({ length }, (_, i) => `meter ${i % 1000}`),
    at: BigInt64Array.from({ length }, (_, i) => BigInt(start + i) * 1_000_000n),
    a: Float64Array.from({ length }, (_, i) => i / 7),
    b: Array.from({ length }, (_, i) => (i % 10 === 0 ? null : i / 3)),
    c: BigInt64Array.from({ length }, (_, i) => BigInt(i)),
  });
}

/** Wall and processor milliseconds of each repeat; the latter say more on a machine that does other things, too. */
interface Times {
  readonly wall: number[];
  readonly cpu: number[];
}

async function measured(count: number, work: (repeat: number) => Promise<unknown>): Promise<Times> {
  const times: Times = { wall: [], cpu: [] };
  for (let repeat = 0; repeat < count; repeat++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await work(repeat);
    const { user, system } = process.cpuUsage(before);
    times.wall.push(performance.now() - started);
    times.cpu.push((user + system) / 1000);
  }
  return times;
}

const engine = await openEngine({ threads: 2 });
const ours: Record<string, Times> = {};
const large = await createTable(join(directory, "ours large"), definition, { engine });
const big = columns(rows);
ours["append large"] = await measured(repeats, () => large.append(big));
const first = await large.snapshot({ version: 1 });
ours["read large"] = await measured(repeats, () => first.read());
const small = await createTable(join(directory, "ours small"), definition, { engine });
const hours = Array.from({ length: appends }, (_, i) => columns(smallRows, i));
ours["append small"] = await measured(appends, (i) => small.append(hours[i] as (typeof hours)[number]));
const read = async () => (await (await openTable(small.directory, { engine, definition })).snapshot()).read();
ours["open and read many small files"] = await measured(repeats, read);
ours["compact many small files"] = await measured(1, () => small.compact());
ours["open and read after compaction"] = await measured(repeats, read);
await engine.close();
const peakMb = process.resourceUsage().maxRSS / 1024;

if (!existsSync(python))
  throw new Error("Python's deltalake is missing: run scripts/services/deltalake.sh install");
const peerDirectory = join(directory, "peer");
const args = [peerDirectory, rows, smallRows, appends, repeats].map(String);
const script = fileURLToPath(new URL("peer.py", import.meta.url));
const peer = JSON.parse(execFileSync(python, [script, ...args], { encoding: "utf8" })) as {
  version: string;
  peakMb: number;
  results: Record<string, Times>;
};
rmSync(directory, { recursive: true });

const round = (value: number | undefined): number => Number((value ?? 0).toPrecision(3));
function summary(times: Times, count: number | null) {
  const sorted = [...times.wall].sort((a, b) => a - b);
  const cpu = [...times.cpu].sort((a, b) => a - b);
  const [minimum, median] = [sorted[0] as number, sorted[Math.floor(sorted.length / 2)] as number];
  return {
    minimumMs: round(minimum),
    medianMs: round(median),
    medianCpuMs: round(cpu[Math.floor(cpu.length / 2)]),
    ...(count === null ? {} : { millionRowsPerSecond: round(count / minimum / 1000) }),
  };
}
const counts: Record<string, number> = { "append large": rows, "read large": rows };
const results = Object.fromEntries(
  Object.entries(ours).map(([name, times]) => {
    const other = peer.results[name];
    const count = counts[name] ?? null;
    return [
      name,
      { tsops: summary(times, count), ...(other === undefined ? {} : { deltalake: summary(other, count) }) },
    ];
  }),
);
for (const [name, result] of Object.entries(results))
  process.stdout.write(`${name}: ${JSON.stringify(result)}\n`);
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify(
    {
      machine: `${cpus()[0]?.model}, ${cpus().length} cores`,
      node: process.version,
      deltalake: peer.version,
      note: "tsops flushes every append to disk before it returns; deltalake does not",
      rows,
      smallRows,
      appends,
      repeats,
      peakMb: { tsops: round(peakMb), deltalake: round(peer.peakMb) },
      results,
    },
    null,
    2,
  )}\n`,
);
