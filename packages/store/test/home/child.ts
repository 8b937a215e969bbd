// A process that works on a home until it is killed or done, and says on stdout what was acknowledged.
// child.ts MODE HOME ARGUMENTS...
import { readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex, TsopsError } from "@tsops/core";
import { samplePrediction } from "@tsops/core/testing";
import { type Home, openHome } from "../../src/home/home.ts";

const [mode = "", path = "", ...args] = process.argv.slice(2);

// Synchronously, so that a line that was printed is out even if the process dies on the next instruction.
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

async function logModel(home: Home, text: string) {
  const run = await home.tracker.startRun({ experiment: "children" });
  const content = new TextEncoder().encode(text);
  const model = await run.logModel({
    name: "bikes",
    files: { "model.tsops": content, "big.bin": new Uint8Array(200_000).fill(text.length) },
    flavors: { tsops: { data: "model.tsops" } },
    lineage: {
      codeVersion: null,
      definitionHash: sha256Hex("definition"),
      trainingSet: null,
      modelHash: sha256Hex(content),
      seed: null,
      environment: {},
    },
  });
  await run.end();
  return model;
}

const modes: Record<string, () => Promise<void>> = {
  /** Appends predictions for ever, several appends at a time; prints each id once it is acknowledged. */
  async predict() {
    const home = await openHome(path);
    const [prefix = "p"] = args;
    for (let round = 0; ; round++) {
      const appends = [0, 1, 2].map(async (part) => {
        const ids = [0, 1].map((item) => `${prefix}-${round}-${part}-${item}`);
        const mean = Float64Array.of(round, part, 0);
        await home.predictions.append(ids.map((predictionId) => samplePrediction({ predictionId, mean })));
        for (const id of ids) say(id);
      });
      await Promise.all(appends);
    }
  },
  /** Logs, registers and promotes for ever; prints each version once it is the acknowledged champion. */
  async promote() {
    const home = await openHome(path);
    for (let round = 0; ; round++) {
      const { version } = await home.registry.register("bikes", await logModel(home, `model ${round}`));
      await home.registry.setAlias("bikes", "champion", version);
      say(String(version));
    }
  },
  /** Claims a run, records a step, and stays alive without renewing. */
  async lease() {
    const home = await openHome(path);
    const key = { pipeline: "daily", partition: "", start: 0n, end: 86_400_000_000n };
    const claim = await home.ledger.claim(key, { owner: "child", now: 1000n, leaseUntil: 2000n });
    say(claim.outcome);
    const step = { step: "extract", attempt: 1, startedAt: 1000n, finishedAt: 1001n, announced: [] };
    await home.ledger.recordStep(key, "child", { ...step, result: '{"rows":24}', resultHash: "h" });
    say("recorded");
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  },
  /** Makes new homes for ever; prints each once it is open. */
  async create() {
    for (let index = 0; ; index++) {
      const home = await openHome(join(path, `home-${index}`));
      say(String(index));
      await home.close();
    }
  },
  /** Does a fixed amount of everything and ends. */
  async everything() {
    const [name = "", count = "0"] = args;
    await using home = await openHome(path, { user: name });
    const run = await home.tracker.startRun({ experiment: "shared", name });
    for (let i = 0; i < Number(count); i++) {
      await run.logMetrics([{ key: "loss", value: i, step: i }]);
      await home.predictions.append([samplePrediction({ predictionId: `${name}-${i}` })]);
      if (i % 10 === 0) await home.registry.register("shared", await logModel(home, `${name} ${i}`));
    }
    await run.end();
    say(run.runId);
  },
  /** Writes until the disk is full; prints the code of each kind of failure. */
  async fill() {
    const home = await openHome(path);
    await home.predictions.append([samplePrediction({ predictionId: "before" })]);
    const run = await home.tracker.startRun({ experiment: "full" });
    await run.logParams({ before: 1 });
    const codeOf = async (work: (index: number) => Promise<unknown>): Promise<string> => {
      for (let index = 0; ; index++)
        try {
          await work(index);
        } catch (error) {
          return TsopsError.is(error) ? error.code : String(error);
        }
    };
    const mean = new Float64Array(20_000);
    const wide = {
      times: new BigInt64Array(20_000),
      mean,
      quantiles: [],
      features: {},
      statuses: {},
      featureTimes: {},
      featureTables: {},
    };
    say(await codeOf((index) => run.logArtifact(`${index}.bin`, new Uint8Array(300_000))));
    say(
      await codeOf((index) =>
        home.predictions.append([samplePrediction({ predictionId: `${index}`, ...wide })]),
      ),
    );
    say(await codeOf((index) => run.logParams({ [`p${index}`]: "x".repeat(6000) })));
    say((await home.predictions.get("before")).predictionId);
    const { before = "missing" } = (await home.tracker.getRun(run.runId)).params;
    say(before);
    const artifacts = await home.tracker.listArtifacts(run.runId);
    const sizes = await Promise.all(
      artifacts.map((artifact) => home.tracker.readArtifact(run.runId, artifact)),
    );
    say(String(sizes.every((content) => content.length === 300_000)));
    say(String(readdirSync(join(home.artifactsPath, ".unfinished")).length));
    await home.close();
    const again = await openHome(path);
    say((await again.predictions.get("before")).predictionId);
    await again.close();
  },
  /** Opens a home that may not be written and writes to it; prints how far it came, then the code. */
  async open() {
    try {
      const home = await openHome(path);
      say("opened");
      await home.tracker.startRun({ experiment: "x" });
      say("wrote");
    } catch (error) {
      say(TsopsError.is(error) ? error.code : String(error));
    }
  },
};

await modes[mode]?.();
