import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createRandom, type FeatureMatrix, gbdt, type Registry, type Tracker } from "@tsops/core";
import { loadOnnx, logRegressor, regressorFiles } from "@tsops/core/onnx";
import { ridge } from "@tsops/core/ridge";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { openHome } from "../../src/home/home.ts";
import { mlflowRegistry, mlflowTracker } from "../../src/mlflow/index.ts";
import { mlflow, pythonEnvironment, runPython } from "./mlflow/service.ts";

const random = createRandom(11);
const rows = 600;
const draw = (value: () => number): Float64Array =>
  Float64Array.from({ length: rows }, () => (random.uniform() < 0.1 ? Number.NaN : value()));
const x: FeatureMatrix = {
  rows,
  columns: [
    { name: "lag_24", kind: "numeric", values: draw(() => random.normal(50, 10)) },
    { name: "station", kind: "categorical", values: draw(() => random.integer(9)) },
    { name: "temp °C", kind: "numeric", values: draw(() => random.normal(15, 8)) },
  ],
};
const [lag, station, temperature] = x.columns.map(({ values }) => values) as [
  Float64Array,
  Float64Array,
  Float64Array,
];
const y = Float64Array.from(
  lag,
  (value, row) => (value || 40) + ((station[row]! * 7) % 5 || 9) + Math.sin((temperature[row] || 0) / 5),
);
// As the model sees it when it serves: codes never seen among them.
const asked: FeatureMatrix = {
  rows,
  columns: x.columns.map((column) => ({
    ...column,
    values: column.values.map((value, row) => (column.kind === "categorical" && row % 7 === 0 ? 99 : value)),
  })),
};
const asTable = ({ columns }: FeatureMatrix) => ({
  columns: columns.map(({ name }) => name),
  data: Array.from({ length: rows }, (_, row) =>
    columns.map(({ values }) => (Number.isNaN(values[row]) ? null : values[row])),
  ),
});

/** Rows whose prediction differs by more than a millionth. */
function different(found: ArrayLike<number>, expected: ArrayLike<number>): unknown[] {
  expect(found).toHaveLength(expected.length);
  return Array.from(expected, (value, row) => [row, found[row], value] as const).filter(
    ([, a, b]) => !(Math.abs(a! - b) <= 1e-6 * Math.max(1, Math.abs(b))),
  );
}

interface Place {
  readonly tracker: Tracker;
  readonly registry: Registry;
  /** Where Python finds it. */
  readonly uri: string;
  close(): Promise<unknown>;
}

describe.skipIf(mlflow.isMissing)("models both ways", { timeout: 180_000 }, () => {
  const directory = temporaryDirectory();
  let running: RunningService;
  beforeAll(async () => {
    running = await startService("mlflow", join(directory.path, "server"));
  }, 300_000);
  afterAll(() => running?.stop(), 120_000);

  const places: Record<string, () => Promise<Place>> = {
    "the embedded home": async () => {
      const home = await openHome(join(directory.path, "home"));
      const { tracker, registry } = home;
      return { tracker, registry, uri: `sqlite:///${home.mlflowPath}`, close: () => home.close() };
    },
    "a server": async () => {
      const url = running.environment["MLFLOW_TRACKING_URI"] as string;
      const [tracker, registry] = [mlflowTracker({ url }), mlflowRegistry({ url })];
      return { tracker, registry, uri: url, close: () => Promise.all([tracker.close(), registry.close()]) };
    },
  };
  const regressors = {
    gbdt: gbdt({ trees: 60, minLeafRows: 5, categorical: { minGroupRows: 5 } }),
    ridge: ridge(),
  };

  /** Logs, registers and crowns a regressor fitted on x. */
  async function crown({ tracker, registry }: Place, kind: keyof typeof regressors) {
    const regressor = regressors[kind];
    const fitted = await regressor.fit(x, y);
    const run = await tracker.startRun({ experiment: "both ways" });
    const logged = await logRegressor(run, { name: kind, regressor, fitted, trainingSet: null });
    await run.end();
    const { version } = await registry.register(`bikes-${kind}`, logged);
    await registry.setAlias(`bikes-${kind}`, "champion", version);
    return { regressor, fitted, version };
  }

  describe.each(Object.keys(places))("in %s", (where) => {
    it.each(["gbdt", "ridge"] as const)(
      "Python loads a %s by its alias and predicts the same",
      async (kind) => {
        const place = await places[where]!();
        try {
          const { regressor, fitted, version } = await crown(place, kind);
          const input = join(directory.path, `rows-${kind}.json`);
          writeFileSync(input, JSON.stringify(asTable(asked)));
          const seen = JSON.parse(
            await runPython(
              directory.path,
              "predict_onnx.py",
              place.uri,
              `models:/bikes-${kind}@champion`,
              input,
            ),
          );
          const expected = fitted.predict(asked);
          expect(seen.columns).toEqual(["prediction"]);
          expect(different(seen.predicted, expected)).toEqual([]);
          expect(seen.shuffled).toEqual(seen.predicted);
          expect(seen.refusal).toMatch(/missing inputs.*lag_24/);

          const files = await place.registry.readFiles(`bikes-${kind}`, version);
          expect(regressor.load(files[regressorFiles.saved]!).predict(asked)).toEqual(expected);
          await using model = await loadOnnx(files[regressorFiles.onnx]!, { columns: asked.columns });
          expect(different(await model.predict(asked), expected)).toEqual([]);
        } finally {
          await place.close();
        }
      },
    );

    it("a LightGBM that Python logged as ONNX is pulled by its alias and predicts the same in this process", async () => {
      const place = await places[where]!();
      try {
        const written = JSON.parse(
          await runPython(directory.path, "write_lightgbm.py", place.uri, "from python", "lightgbm"),
        ) as { columns: string[]; data: (number | null)[][]; predicted: number[] };
        const version = await place.registry.resolve("lightgbm", "champion");
        expect(version).toMatchObject({ version: 1, lineage: null });
        const files = await place.registry.readFiles("lightgbm", version.version);
        const columns = written.columns.map((name, c) => ({
          name,
          kind: "numeric" as const,
          values: Float64Array.from(written.data, (row) => row[c] ?? Number.NaN),
        }));
        await using model = await loadOnnx(files["model.onnx"]!, { columns });
        expect(different(await model.predict({ rows: 800, columns }), written.predicted)).toEqual([]);
      } finally {
        await place.close();
      }
    });
  });

  it("`mlflow models serve` serves what was logged", async () => {
    const place = await places["a server"]!();
    const { fitted } = await crown(place, "gbdt");
    const port = await freePort();
    const server = spawn(
      mlflow.program,
      [
        ...["-m", "mlflow", "models", "serve", "--model-uri", "models:/bikes-gbdt@champion"],
        ...["--env-manager", "local", "--host", "127.0.0.1", "--port", String(port)],
      ],
      {
        detached: true,
        stdio: ["ignore", "ignore", "pipe"],
        cwd: directory.path,
        env: {
          ...pythonEnvironment,
          MLFLOW_TRACKING_URI: place.uri,
          // It starts uvicorn by its name.
          PATH: `${dirname(mlflow.program)}:${process.env["PATH"]}`,
        },
      },
    );
    try {
      let log = "";
      await new Promise<void>((resolve, reject) => {
        server.stderr.setEncoding("utf8").on("data", (text: string) => {
          log += text;
          if (log.includes("Uvicorn running on")) resolve();
        });
        server.once("exit", (code) => reject(new Error(`mlflow models serve ended with ${code}: ${log}`)));
      });
      const ask = (body: unknown): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/invocations`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const response = await ask({ dataframe_split: asTable(asked) });
      const text = await response.text();
      expect(response.status, text.slice(0, 500)).toBe(200);
      const { predictions } = JSON.parse(text) as { predictions: { prediction: number }[] };
      expect(
        different(
          predictions.map(({ prediction }) => prediction),
          fitted.predict(asked),
        ),
      ).toEqual([]);
      expect((await ask({ dataframe_split: { columns: ["lag_24"], data: [[1]] } })).status).toBe(400);
    } finally {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      if (server.exitCode === null && server.pid !== undefined) {
        process.kill(-server.pid, "SIGTERM");
        await ended;
      }
      await place.close();
    }
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
