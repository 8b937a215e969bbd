// Rules learnt of 1,000,000 rows of 10 columns in 50 series, and as many rows checked.
// Run: npm run bench -- quality [--rounds 3] [--repeats 3]. How often something is found wrongly: npm run bench -- quality-findings.
import { parseArgs } from "node:util";
import { compare, node, save } from "../harness/harness.ts";
import { numbers, rows, sites, work } from "./input.ts";

const { values: args } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, repeats: { type: "string", default: "3" } },
});
const [rounds, repeats] = [Number(args.rounds), Number(args.repeats)];
const contenders = { tsops: node(new URL("tsops.ts", import.meta.url), "-", repeats) };
save(
  new URL("results.json", import.meta.url),
  { rows, sites, numbers, rounds, repeats },
  compare(contenders, { rounds, work }),
);
