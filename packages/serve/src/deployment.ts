import { randomUUID } from "node:crypto";
import {
  abortable,
  type Clock,
  type Columns,
  checkLevels,
  checkList,
  checkOptions,
  durationMicros,
  type FittedForecaster,
  forecasterFile,
  loadForecaster,
  type ModelVersion,
  type OptionNames,
  selectColumns,
  shown,
  systemClock,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { rowsToAbsorb } from "./covariates.ts";
import type { DeploymentPredictOptions, DeploymentStatus, DeployOptions } from "./deployment-options.ts";
import { featureRows } from "./feature-rows.ts";
import { futureSpine } from "./future-spine.ts";
import { loadSlot, type ModelSlot, resolveOrNull, type SlotLoader } from "./model-slot.ts";
import { type Prediction, predictionRecords } from "./prediction.ts";
import { keyAt, timesOf } from "./rows.ts";
import { ServedRows } from "./served-rows.ts";

interface Slots {
  readonly champion: ModelSlot;
  readonly challenger: ModelSlot | null;
}

const deployOptionNames: OptionNames<DeployOptions> = {
  registry: true,
  log: true,
  clock: true,
  deployment: true,
  load: true,
  history: true,
  features: true,
  targetTable: true,
  levels: true,
  shadow: true,
  refreshEvery: true,
  onEvent: true,
  signal: true,
  newId: true,
};

const predictOptionNames: OptionNames<DeploymentPredictOptions> = {
  at: true,
  horizon: true,
  keys: true,
  future: true,
  signal: true,
};

function checkColumns(rows: unknown): void {
  if (typeof rows === "object" && rows !== null && "types" in rows && "data" in rows) return;
  throw new TsopsError("SCHEMA_MISMATCH", `observe() takes columns, got ${shown(rows)}.`, {
    hint: "Make columns of row objects with columnsFromRows(table.columns, rows).",
  });
}

/**
 * Deploys the champion of a registered model in this process: loads it, brings it up to date and answers predictions.
 * @throws TsopsError MODEL_PARAMETER_INVALID, SERVE_NO_CHAMPION when the model has no version with the alias `champion`; whatever the registry throws.
 */
export async function deploy(model: string, options: DeployOptions): Promise<Deployment> {
  checkOptions("MODEL_PARAMETER_INVALID", "deploy()", options, deployOptionNames);
  for (const name of ["registry", "log"] as const)
    if (typeof options[name] !== "object" || options[name] === null)
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `deploy() needs a ${name}, got ${shown(options[name])}.`,
        {
          hint: "Give those of a home: { registry: home.registry, log: home.predictions }.",
          details: { option: name },
        },
      );
  if (options.levels !== undefined) checkLevels(options.levels);
  const deployment = new Deployment(model, options);
  await deployment.start();
  return deployment;
}

/** A model that answers in this process. Made by `deploy`. */
export class Deployment {
  readonly name: string;
  readonly #model: string;
  readonly #options: DeployOptions;
  readonly #clock: Clock;
  readonly #loader: SlotLoader;
  readonly #levels: readonly number[];
  readonly #newId: () => string;
  readonly #closing = new AbortController();
  /** Replaced as a whole: a prediction reads it once, so a swap never reaches into one that is under way. */
  #slots: Slots | null = null;
  #served: ServedRows | null = null;
  #refreshError: unknown = null;
  /** Tail of the queue of state changes (observe, refresh): one at a time, in order of the calls. */
  #changes: Promise<unknown> = Promise.resolve();
  readonly #background = new Set<Promise<void>>();

  /** @internal Use `deploy`. */
  constructor(model: string, options: DeployOptions) {
    this.name = options.deployment ?? model;
    this.#model = model;
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#levels = options.levels ?? [80, 95];
    this.#newId = options.newId ?? randomUUID;
    this.#loader = {
      registry: options.registry,
      load: options.load ?? loadSaved,
      history: async (since, signal) => (await options.history?.(since, signal)) ?? null,
    };
  }

  /** @internal */
  async start(): Promise<void> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    try {
      await abortable(
        this.#change(() => this.#reload()),
        signal,
      );
    } catch (error) {
      // Nobody will hold this deployment: whatever it still waits for ends, too.
      this.#closing.abort();
      throw error;
    }
    const { refreshEvery } = this.#options;
    if (refreshEvery !== undefined) this.#inBackground(this.#watch(durationMicros(refreshEvery)));
  }

  /**
   * Predicts the steps after the last observation of each series. Resolves when the prediction is in the log.
   * @throws TsopsError SERVE_CLOSED, KEY_UNKNOWN, FUTURE_VALUES_MISSING, ABORTED (nothing is logged then), and what the log throws: an
   * answer that could not be recorded is not given.
   */
  async predict(options: DeploymentPredictOptions = {}): Promise<Prediction> {
    const slots = this.#open();
    checkOptions("MODEL_PARAMETER_INVALID", "predict()", options, predictOptionNames);
    if (options.keys !== undefined) checkList("MODEL_PARAMETER_INVALID", "keys", options.keys);
    throwIfAborted(options.signal);
    const answer = this.#answer(slots, options);
    this.#inBackground(
      answer.then(
        () => undefined,
        () => undefined,
      ),
    );
    return answer;
  }

  async #answer({ champion, challenger }: Slots, options: DeploymentPredictOptions): Promise<Prediction> {
    const servedAt = this.#clock.now();
    const requestId = this.#newId();
    const answer = await this.#predictWith(champion, "champion", requestId, servedAt, options);
    // The shadow is not the caller's to stop.
    const { signal: _, ...shadowed } = options;
    if (challenger !== null)
      this.#inBackground(
        this.#predictWith(challenger, "challenger", requestId, servedAt, shadowed).then(
          () => undefined,
          (error: unknown) => this.#shadowFailed(error),
        ),
      );
    return answer;
  }

  /**
   * Takes in new rows of a table: the features see them, and if the table holds the target the models absorb them without being
   * refitted. Rows seen before change nothing.
   * @throws TsopsError SERVE_CLOSED, STORE_NOT_FOUND (a `targetTable` is named, and neither it nor a view reads this table), KEY_UNKNOWN, PANEL_INVALID,
   * ABORTED (nothing is taken in then)
   */
  async observe(
    table: string,
    rows: Columns,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#open();
    checkOptions("MODEL_PARAMETER_INVALID", "observe()", options, { signal: true });
    checkColumns(rows);
    const { signal } = options;
    await this.#change(async () => {
      throwIfAborted(signal);
      const { champion, challenger } = this.#open();
      const { features, targetTable } = this.#options;
      this.#refuseUnknown(table);
      if (features !== undefined && Object.hasOwn(features.source.size, table))
        features.source.observe(table, rows);
      if ((targetTable ?? table) !== table || rows.length === 0) return;
      this.#slots = {
        champion: this.#absorb(champion, rows),
        challenger: await this.#ifSound(challenger, (slot) => this.#absorb(slot, rows)),
      };
      this.#forgetServed(rows);
    });
  }

  /**
   * Looks up the aliases and swaps to what they point at. When the registry is away the last good model goes on serving, the
   * error is in `status()` and sent to `onEvent`.
   * @returns Whether the champion changed.
   */
  async refresh(): Promise<boolean> {
    this.#open();
    return this.#change(async () => {
      const before = this.#open().champion.version.version;
      try {
        await this.#reload();
        this.#refreshError = null;
      } catch (error) {
        this.#refreshError = error;
        this.#options.onEvent?.({ type: "refresh_failed", error, at: this.#clock.now() });
      }
      return this.#open().champion.version.version !== before;
    });
  }

  /** Which versions serve, and how recent their state is. */
  status(): DeploymentStatus {
    const { champion, challenger } = this.#open();
    let observedUntil = champion.fitted.lastTimes[0] ?? 0n;
    for (const time of champion.fitted.lastTimes) if (time < observedUntil) observedUntil = time;
    return {
      champion: champion.version,
      challenger: challenger?.version ?? null,
      observedUntil,
      refreshError: this.#refreshError,
    };
  }

  /** Refuses further calls and waits for those that are under way, shadows too. Registry and log stay open. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#changes.catch(() => undefined);
    // A prediction that ends may leave its shadow's behind.
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A misspelt name would leave the models behind without a word. */
  #refuseUnknown(table: string): void {
    const { features, targetTable } = this.#options;
    const known = [
      ...Object.keys(features?.source.size ?? {}),
      ...(targetTable === undefined ? [] : [targetTable]),
    ];
    if (targetTable === undefined || known.includes(table)) return;
    throw new TsopsError("STORE_NOT_FOUND", `The deployment "${this.name}" reads no table "${table}".`, {
      hint: `It reads ${[...new Set(known)].join(", ")}.`,
      details: { table },
    });
  }

  #open(): Slots {
    if (this.#closing.signal.aborted)
      throw new TsopsError("SERVE_CLOSED", `The deployment "${this.name}" is closed.`, {
        hint: "Call deploy() again.",
      });
    if (this.#slots === null)
      throw new TsopsError("SERVE_NO_CHAMPION", `The deployment "${this.name}" has not started.`);
    return this.#slots;
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(work);
    this.#changes = result.catch(() => undefined);
    return result;
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async #watch(every: bigint): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#clock.sleepUntil(this.#clock.now() + every, signal);
        await this.refresh();
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #reload(): Promise<void> {
    const { registry, shadow, onEvent } = this.#options;
    const champion = await resolveOrNull(registry, this.#model, "champion");
    if (champion === null)
      throw new TsopsError(
        "SERVE_NO_CHAMPION",
        `Model "${this.#model}" has no version with the alias "champion".`,
        {
          hint: `Register a version and run registry.setAlias("${this.#model}", "champion", version), or let the gate promote one.`,
        },
      );
    const found = shadow === true ? await resolveOrNull(registry, this.#model, "challenger") : null;
    const challenger = found?.version === champion.version ? null : found;
    const before = this.#slots;
    const slots: Slots = {
      champion: await this.#slotOf(champion),
      challenger: await this.#ifSound(challenger, (version) => this.#slotOf(version)),
    };
    this.#slots = slots;
    this.#served ??= new ServedRows(slots.champion.fitted.spec.keys, slots.champion.fitted.spec.time);
    if (before === null) return;
    const at = this.#clock.now();
    if (before.champion.version.version !== champion.version)
      onEvent?.({ type: "swapped", from: before.champion.version.version, to: champion.version, at });
    const shadowing = slots.challenger?.version.version ?? null;
    if ((before.challenger?.version.version ?? null) !== shadowing)
      onEvent?.({ type: "challenger_changed", to: shadowing, at });
  }

  /** What work makes of the challenger, or null when it fails: the next refresh loads it again, the champion goes on. */
  async #ifSound<T>(
    challenger: T | null,
    work: (challenger: T) => ModelSlot | Promise<ModelSlot>,
  ): Promise<ModelSlot | null> {
    if (challenger === null) return null;
    try {
      return await work(challenger);
    } catch (error) {
      this.#shadowFailed(error);
      return null;
    }
  }

  #shadowFailed(error: unknown): void {
    this.#options.onEvent?.({ type: "shadow_failed", error, at: this.#clock.now() });
  }

  /** A slot that serves already is up to date: a promoted shadow is swapped in without loading. */
  async #slotOf(version: ModelVersion): Promise<ModelSlot> {
    for (const slot of [this.#slots?.champion, this.#slots?.challenger])
      if (slot?.version.version === version.version) return { version, fitted: slot.fitted };
    return loadSlot(this.#loader, version, this.#closing.signal);
  }

  #absorb(slot: ModelSlot, rows: Columns): ModelSlot {
    const { features } = this.#options;
    const absorbed = rowsToAbsorb(
      slot.fitted,
      rows,
      features ?? null,
      this.#served as ServedRows,
      this.#clock.now(),
    );
    return { version: slot.version, fitted: slot.fitted.update(absorbed) };
  }

  #forgetServed(rows: Columns): void {
    const { keys, time } = this.#open().champion.fitted.spec;
    const times = timesOf(rows, time);
    for (let row = 0; row < rows.length; row++)
      this.#served?.forget(keyAt(rows, keys, row), times[row] as bigint);
  }

  async #predictWith(
    slot: ModelSlot,
    role: "champion" | "challenger",
    requestId: string,
    servedAt: bigint,
    options: DeploymentPredictOptions,
  ): Promise<Prediction> {
    const started = performance.now();
    const { fitted, version } = slot;
    const horizon = options.horizon ?? fitted.horizon;
    const rows = this.#featureRows(fitted, horizon, options);
    const forecast = fitted.predict({
      horizon,
      levels: this.#levels,
      ...(options.keys === undefined ? {} : { keys: options.keys }),
      ...(rows === null ? {} : { future: selectColumns(rows, futureColumns(fitted)) }),
    });
    const records = predictionRecords(
      forecast,
      {
        requestId,
        deployment: this.name,
        version,
        role,
        servedAt,
        latencyMs: performance.now() - started,
      },
      rows === null ? null : featureRows(rows, forecast, fitted.spec),
      new Set([...fitted.spec.keys, fitted.spec.time, this.#options.features?.knownAt ?? ""]),
      this.#newId,
    );
    throwIfAborted(options.signal);
    await this.#options.log.append(records);
    if (rows !== null && role === "champion") this.#served?.add(rows);
    return {
      requestId,
      predictionIds: records.map((record) => record.predictionId),
      model: version.name,
      modelVersion: version.version,
      forecast,
    };
  }

  #featureRows(fitted: FittedForecaster, horizon: number, options: DeploymentPredictOptions): Columns | null {
    if (fitted.spec.knownFuture.length === 0) return null;
    const { features } = this.#options;
    if (options.future !== undefined || features === undefined) return options.future ?? null;
    const instant = options.at ?? this.#clock.now();
    const spine = futureSpine(fitted, horizon, { column: features.knownAt, instant }, options.keys);
    return features.source.lookup(spine, { time: fitted.spec.time, knownAt: { column: features.knownAt } });
  }
}

function futureColumns(fitted: FittedForecaster): string[] {
  return [...fitted.spec.keys, fitted.spec.time, ...fitted.spec.knownFuture];
}

function loadSaved(files: Readonly<Record<string, Uint8Array>>): FittedForecaster {
  const bytes = files[forecasterFile];
  if (bytes !== undefined) return loadForecaster(bytes);
  throw new TsopsError("MODEL_FORMAT_INVALID", `The model version holds no file ${forecasterFile}.`, {
    hint: "Pass `load` to deploy() to restore models that tsops did not save.",
    details: { files: Object.keys(files) },
  });
}
