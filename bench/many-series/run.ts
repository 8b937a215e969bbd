// npm run bench -- many-series [--series 1000] [--rows 200] [--rounds 1]: seasonal ETS on many series, with a backtest of three folds.
import { parseArgs } from "node:util";
import { compare, node, save } from "../harness/harness.ts";

const { values: args } = parseArgs({
  options: {
    series: { type: "string", default: "1000" },
    rows: { type: "string", default: "200" },
    rounds: { type: "string", default: "1" },
  },
});
const [series, rows, rounds] = [Number(args.series), Number(args.rows), Number(args.rounds)];
if (![series, rows, rounds].every((value) => Number.isInteger(value) && value > 0))
  throw new RangeError("series, rows and rounds are whole numbers above 0.");
const work = { count: series, unit: "series" };
const results = compare(
  { tsops: node(new URL("tsops.ts", import.meta.url), series, rows) },
  { rounds, work: { "fit and forecast": work, backtest: work } },
);
save(
  new URL("results.json", import.meta.url),
  { series, rows, season: 12, horizon: 12, folds: 3, rounds },
  results,
);
