import { join } from "node:path";
import {
  type Columns,
  columnsFromArrays,
  type Forecaster,
  type ModelVersion,
  onlineFeatures,
  panel,
  seasonalNaive,
  sha256Hex,
  type VirtualClock,
  virtualClock,
} from "@tsops/core";
import { type Home, openHome } from "@tsops/store";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { demand, recent, sky, weather } from "./tables.ts";

export { demand, recent, sky, weather };

export const hour = 3_600_000_000n;
/** 2026-01-05T00:00Z, a Monday. */
export const start = 1_767_571_200_000_000n;

export interface Workspace {
  readonly home: Home;
  readonly clock: VirtualClock;
  close(): Promise<void>;
}

/** A home of its own on a virtual clock that stands at `start` + 10 days. */
export async function workspace(): Promise<Workspace> {
  const clock = virtualClock(start + 240n * hour);
  const home = await openHome(join(temporaryDirectory().path, ".tsops"), { clock });
  return { home, clock, close: () => home.close() };
}

export const units = (shop: string, index: number) => (shop === "a" ? 10 : 100) + (index % 24);

/** Rows `from .. to` of both shops, hour by hour. */
export function demandRows(from: number, to: number): Columns<typeof demand.columns> {
  const shop: string[] = [];
  const at: bigint[] = [];
  const values: number[] = [];
  for (const name of ["a", "b"])
    for (let i = from; i < to; i++) {
      shop.push(name);
      at.push(start + hour * BigInt(i));
      values.push(units(name, i));
    }
  return columnsFromArrays(demand.columns, {
    shop,
    at: BigInt64Array.from(at),
    units: Float64Array.from(values),
  });
}

/** Weather of rows `from .. to`, known a day ahead. */
export function weatherRows(from: number, to: number): Columns<typeof weather.columns> {
  const rows = demandRows(from, to);
  return columnsFromArrays(weather.columns, {
    shop: rows.data.shop,
    at: rows.data.at,
    known_at: rows.data.at.values.map((at) => at - 24n * hour),
    temp: rows.data.units.values.map((_, i) => i % 7),
  });
}

export const daily: Forecaster = seasonalNaive({ seasonLength: 24 });

/**
 * Fits on rows 0 .. until, logs and registers the model, and sets the aliases.
 * @param above - What is added to the demand that it learns, and so to its forecasts: tells versions apart.
 */
export async function registerModel(
  home: Pick<Home, "tracker" | "registry">,
  until: number,
  aliases: readonly string[],
  forecaster: Forecaster = daily,
  above = 0,
): Promise<ModelVersion> {
  const rows = demandRows(0, until);
  rows.data.units.values.forEach((value, row, values) => {
    values[row] = value + above;
  });
  const history = panel(rows, {
    keys: ["shop"],
    time: "at",
    target: "units",
    frequency: "1h",
  });
  const fitted = await forecaster.fit(history, { horizon: 24 });
  const bytes = fitted.save();
  const run = await home.tracker.startRun({ experiment: "demand" });
  const logged = await run.logModel({
    name: "demand",
    files: { "model.tsops": bytes },
    flavors: { tsops: { kind: forecaster.kind, data: "model.tsops" } },
    lineage: {
      codeVersion: null,
      definitionHash: sha256Hex(forecaster.kind),
      trainingSet: null,
      modelHash: sha256Hex(bytes),
      seed: null,
      environment: {},
    },
  });
  await run.end();
  const version = await home.registry.register("demand", logged);
  for (const alias of aliases) await home.registry.setAlias("demand", alias, version.version);
  return version;
}

/** Online features of both views that have seen everything up to row `until`, and the weather a day further. */
export function features(until: number) {
  const source = onlineFeatures([sky, recent]);
  source.observe("weather", weatherRows(0, until + 24));
  source.observe("demand", demandRows(0, until));
  return { source, knownAt: "known_at" };
}
