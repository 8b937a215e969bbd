// Point-in-time join of 1,000,000 feature rows with 100,000 spine rows, from files to joined columns, beside pandas, polars and Feast.
// Run: python3 -m venv .services/pit-join && .services/pit-join/bin/pip install polars==2.1.0 "feast[duckdb]==0.67.0"
//      npm run bench -- pit-join
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Columns } from "@tsops/core";
import { createTable, openEngine, quotePath } from "@tsops/store";
import { type Comparison, compare, node, python, save } from "../harness/harness.ts";
import { inputColumns, readings, size } from "./input.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const peer = {
  interpreter: ".services/pit-join/bin/python",
  install:
    'python3 -m venv .services/pit-join && .services/pit-join/bin/pip install polars==2.1.0 "feast[duckdb]==0.67.0"',
};
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const [featuresFile, spineFile] = [join(directory, "features.parquet"), join(directory, "spine.parquet")];

async function writeInput(): Promise<void> {
  const { feature, asked } = inputColumns();
  const engine = await openEngine({ threads: 2 });
  const delta = await createTable(join(directory, "readings"), readings, { engine });
  await delta.append(feature);
  await engine.use(async (session) => {
    await session.load("features", feature as Columns);
    await session.load("spine", asked as Columns);
    await session.run(`COPY features TO ${quotePath(featuresFile)} (FORMAT parquet)`);
    await session.run(`COPY spine TO ${quotePath(spineFile)} (FORMAT parquet)`);
  });
  await engine.close();
}

const results: Comparison = {};
try {
  await writeInput();
  const tsops = (name: string) => node(here("tsops.ts"), join(directory, "readings"), name, repeats);
  const other = (library: string, times = repeats) =>
    python(peer, here("peer.py"), library, featuresFile, spineFile, times);
  const spineRows = { count: size.spine, unit: "spine rows" };
  const byTime = "3 columns, by event time";
  const contenders = {
    polars: other("polars"),
    pandas: other("pandas"),
    feast: { ...other("feast", 1), rounds: 1 },
  };
  Object.assign(
    results,
    compare({ tsops: tsops(byTime), ...contenders }, { rounds, work: { [byTime]: spineRows } }),
  );
  for (const name of [
    "3 columns, as known at the spine time",
    "7 day mean, as known at the spine time",
    "7 day sum, mean, max and std, as known at the spine time",
    "30 day mean, as known at the spine time",
  ])
    Object.assign(results, compare({ tsops: tsops(name) }, { rounds, work: { [name]: spineRows } }));
  const work = {
    "online: observe rows": { count: size.rows, unit: "rows" },
    "online: 1 column and a 1 day mean over 33 rows, 1,000 lookups of a row": {
      count: 1_000,
      unit: "lookups",
    },
  };
  Object.assign(results, compare({ tsops: tsops("online") }, { rounds, work }));
} finally {
  rmSync(directory, { recursive: true });
}
save(here("results.json"), { ...size, rounds, repeats }, results);
