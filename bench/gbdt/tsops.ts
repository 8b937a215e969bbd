// Measures the built-in gbdt on one input file. Run by run.ts, in a process of its own.
import { readFileSync } from "node:fs";
import { type FeatureMatrix, gbdt } from "@tsops/core";
import type { BenchCase, Measured } from "./cases.ts";

const bytes = readFileSync(process.argv[2] as string);
const end = bytes.indexOf(10);
const bench = JSON.parse(bytes.subarray(0, end).toString()) as BenchCase;
const width = bench.numeric + bench.categorical;
const data = new Float64Array(new Uint8Array(bytes.subarray(end + 1)).buffer);
const column = (c: number): Float64Array => data.subarray(c * bench.rows, (c + 1) * bench.rows);
const cut = Math.floor(bench.rows * 0.9);
const part = (from: number, to: number): FeatureMatrix => ({
  rows: to - from,
  columns: Array.from({ length: width }, (_, c) => ({
    name: `x${c}`,
    kind: c < bench.numeric ? "numeric" : "categorical",
    values: column(c).subarray(from, to),
  })),
});
const train = part(0, cut);
const test = part(cut, bench.rows);
const y = column(width);

const rssBefore = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const fit = async () => {
  const start = performance.now();
  const model = await gbdt({
    loss: bench.loss,
    trees: bench.trees,
    leaves: bench.leaves,
    threads: Number(process.argv[3] ?? 1),
  }).fit(train, y.subarray(0, cut));
  return { model, ms: performance.now() - start };
};
const first = await fit();
const cpu = process.cpuUsage(cpuBefore);
const second = await fit();
const start = performance.now();
const predicted = second.model.predict(test);
const predictMs = performance.now() - start;
const single = Array.from({ length: Math.min(1000, test.rows) }, (_, row) =>
  Float64Array.from(test.columns, ({ values }) => values[row] as number),
);
for (const row of single) second.model.predictRow(row);
const rowStart = performance.now();
for (const row of single) second.model.predictRow(row);
const rowMicros = ((performance.now() - rowStart) * 1000) / single.length;
const errors = predicted.map((value, row) => Math.abs(value - (y[cut + row] as number)));
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const measured: Measured = {
  version: `node ${process.versions.node}`,
  fitMs: first.ms,
  refitMs: second.ms,
  fitCpuMs: (cpu.user + cpu.system) / 1000,
  predictMs,
  testRows: test.rows,
  rowMicros,
  error: bench.loss === "squared" ? Math.sqrt(mean(errors.map((e) => e * e))) : mean(errors),
  peakRssMb: process.resourceUsage().maxRSS / 1024,
  rssBeforeMb: rssBefore / 1024 / 1024,
};
process.stdout.write(JSON.stringify(measured));
