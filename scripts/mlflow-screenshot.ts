// Makes docs/images/mlflow-run.png: MLflow's page of a run that tsops tracked, with its metrics, its training set and where it came from.
//   eval "$(scripts/services/chromium.sh env)"; npx tsx --conditions=@tsops/source scripts/mlflow-screenshot.ts
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parseFrequency, virtualClock } from "@tsops/core";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowTracker } from "@tsops/store/mlflow";
import { chromium } from "playwright-core";
import { boosted, demand, modelName, weather, zone } from "../examples/closed-loop/definitions.ts";
import { dryRun, registerVersion, trainingPanel } from "../examples/closed-loop/train.ts";
import { openWorld } from "../examples/closed-loop/world.ts";

const root = resolve(import.meta.dirname, "..");
const state = await mkdtemp(join(tmpdir(), "tsops-screenshot-"));
const mlflow = async (command: string): Promise<string> => {
  const { stdout } = await promisify(execFile)("bash", [join(root, "scripts/services/mlflow.sh"), command], {
    env: { ...process.env, TSOPS_MLFLOW_STATE: join(state, "mlflow") },
  });
  return stdout;
};

try {
  const [, url] = /^export MLFLOW_TRACKING_URI=(.*)$/m.exec(await mlflow("start")) ?? [];
  if (url === undefined) throw new Error("The server did not say where it is.");
  const page = await trackedRun(url);
  await takePicture(page, join(root, "docs/images/mlflow-run.png"));
} finally {
  await mlflow("stop");
  await rm(state, { recursive: true, force: true });
}

/** Tracks the training of the demo's model on its first half year. @returns The run's page. */
async function trackedRun(url: string): Promise<string> {
  const world = await openWorld();
  const days = 181;
  const end = parseFrequency("1d", { zone }).add(world.start, days);
  const clock = virtualClock(end);
  await using home = await openHome(join(state, "home"), { clock });
  const [demandTable, weatherTable] = [await home.table(demand), await home.table(weather)];
  for (let day = 0; day < days; day++) {
    await demandTable.append(world.demandOf(day));
    await weatherTable.append(world.weatherOf(day));
  }
  const training = await trainingPanel(home, { end });
  const evaluated = await dryRun(boosted, training, 28);
  const [tracker, registry] = [mlflowTracker({ url, clock }), mlflowRegistry({ url, clock })];
  const version = await registerVersion({ tracker, registry }, boosted, training, evaluated);
  await registry.setAlias(modelName, "champion", version.version);
  await Promise.all([tracker.close(), registry.close()]);
  return `${url}/#/experiments/1/runs/${version.runId}`;
}

async function takePicture(page: string, path: string): Promise<void> {
  const browser = await chromium.launch({
    ...(process.env["TSOPS_CHROMIUM"] === undefined ? {} : { executablePath: process.env["TSOPS_CHROMIUM"] }),
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  const tab = await browser.newPage({ viewport: { width: 1440, height: 1180 } });
  await tab.goto(page);
  await tab.getByText("tsops.definition_hash").first().waitFor();
  await tab.getByText("fold/mae").first().waitFor();
  await mkdir(join(path, ".."), { recursive: true });
  await tab.screenshot({ path });
  await browser.close();
}
