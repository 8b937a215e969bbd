// Fits seasonal ETS to many series, forecasts a season with intervals and backtests it in three folds; a process of its own.
import { backtest, columnsFromArrays, createRandom, ets, float64, panel, timestamp, utf8 } from "@tsops/core";
import { report, timed } from "../harness/measured.ts";

const [count, rows] = process.argv.slice(2).map(Number) as [number, number];
const season = 12;
const random = createRandom("many series");
const ids: string[] = [];
const at = new BigInt64Array(count * rows);
const y = new Float64Array(count * rows);
for (let s = 0; s < count; s++) {
  const size = Math.exp(random.normal(4, 1));
  const shape = Array.from({ length: season }, () => random.normal(0, 0.15));
  const drift = random.normal(0, 0.002);
  const isProduct = random.uniform() < 0.5;
  let level = size;
  for (let t = 0; t < rows; t++) {
    level = Math.max(0.1 * size, level + size * (drift + random.normal(0, 0.01)));
    const part = shape[t % season] as number;
    const value = (isProduct ? level * (1 + part) : level + size * part) + random.normal(0, 0.05 * size);
    ids.push(`s${String(s).padStart(6, "0")}`);
    at[s * rows + t] = BigInt(t) * 3_600_000_000n;
    y[s * rows + t] = Math.max(0.02 * size, value);
  }
}
const history = panel(columnsFromArrays({ id: utf8(), at: timestamp(), y: float64() }, { id: ids, at, y }), {
  keys: ["id"],
  time: "at",
  target: "y",
  frequency: "1h",
});
const model = ets({ seasonLength: season });
const options = { warmUp: false };
await timed(
  "fit and forecast",
  1,
  async () => (await model.fit(history, { horizon: season })).predict({ levels: [80, 95] }),
  options,
);
await timed(
  "backtest",
  1,
  () => backtest(model, history, { horizon: season, folds: 3, seasonLength: season }),
  options,
);
report();
