import { randomUUID } from "node:crypto";
import {
  type Clock,
  type Columns,
  durationMicros,
  type FittedForecaster,
  type Forecast,
  forecasterFile,
  loadForecaster,
  type ModelVersion,
  type PredictionLog,
  type Registry,
  selectColumns,
  systemClock,
  TsopsError,
} from "@tsops/core";
import { rowsToAbsorb } from "./covariates.ts";
import type { DeploymentFeatures } from "./feature-source.ts";
import { futureSpine } from "./future-spine.ts";
import { loadSlot, type ModelSlot, resolveOrNull, type SlotLoader } from "./model-slot.ts";
import { type Prediction, predictionRecords } from "./prediction.ts";
import { keyAt, timesOf } from "./rows.ts";
import { selectSeries } from "./select-series.ts";
import { ServedRows } from "./served-rows.ts";

/** Something that happened in a deployment besides predicting. */
export type DeploymentEvent =
  | { readonly type: "swapped"; readonly from: number; readonly to: number; readonly at: bigint }
  | { readonly type: "challenger_changed"; readonly to: number | null; readonly at: bigint }
  | { readonly type: "refresh_failed"; readonly error: unknown; readonly at: bigint }
  | { readonly type: "shadow_failed"; readonly error: unknown; readonly at: bigint };

/** What a deployment is made of. */
export interface DeployOptions {
  /** Says which version is champion, and holds its files. */
  readonly registry: Pick<Registry, "resolve" | "readFiles">;
  /** Where served predictions are kept. `predict` resolves once they are durable. */
  readonly log: Pick<PredictionLog, "append">;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Name in the log. Default: the model's name. */
  readonly deployment?: string;
  /** Restores a version's files. Default: a built-in forecaster saved as `model.tsops`. */
  readonly load?: (files: Readonly<Record<string, Uint8Array>>) => FittedForecaster;
  /**
   * Rows (keys, time, target, covariates) observed after an instant, e.g. a training set's join over newer rows. Called when a
   * version is loaded, to bring it up to date. Without it a new champion starts from the state that it was saved with.
   */
  readonly history?: (since: bigint, signal: AbortSignal) => Promise<Columns>;
  /** Computes the model's known-future columns. Without it `predict` must be given `future`. */
  readonly features?: DeploymentFeatures;
  /** Table whose rows hold the target: what `observe` feeds to the models. Default: rows of every table do. */
  readonly targetTable?: string;
  /** Central intervals in percent. Default 80 and 95. */
  readonly levels?: readonly number[];
  /** Let the alias `challenger` predict in the background; its predictions are logged, never returned. Default false. */
  readonly shadow?: boolean;
  /** How often the aliases are looked up, e.g. `"10s"`. Default: only when `refresh` is called. */
  readonly refreshEvery?: string;
  /** Told about swaps, and about what failed in the background. Must not throw. Default: nobody is told. */
  readonly onEvent?: (event: DeploymentEvent) => void;
  /** Makes request and prediction ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

/** What to predict. */
export interface DeploymentPredictOptions {
  /** Instant up to which features count as known. Default: now. */
  readonly at?: bigint;
  /** Steps after each series' last observed instant. Default: the model's horizon. */
  readonly horizon?: number;
  /** Only these series. Default: all that the model knows. */
  readonly keys?: readonly Readonly<Record<string, string | bigint | boolean>>[];
  /** Known-future columns given by the caller instead of the deployment's features. */
  readonly future?: Columns;
}

/** A look at a deployment. */
export interface DeploymentStatus {
  readonly champion: ModelVersion;
  readonly challenger: ModelVersion | null;
  /** The least recent last observation over all series. */
  readonly observedUntil: bigint;
  /** The error of the last refresh, null when it went well: the deployment goes on with the last good model. */
  readonly refreshError: unknown;
}

interface Slots {
  readonly champion: ModelSlot;
  readonly challenger: ModelSlot | null;
}

/**
 * Deploys the champion of a registered model in this process: loads it, brings it up to date and answers predictions.
 * @throws TsopsError SERVE_NO_CHAMPION when the model has no version with the alias `champion`; whatever the registry throws.
 */
export async function deploy(model: string, options: DeployOptions): Promise<Deployment> {
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
    await this.#change(() => this.#reload());
    const { refreshEvery } = this.#options;
    if (refreshEvery !== undefined) this.#inBackground(this.#watch(durationMicros(refreshEvery)));
  }

  /**
   * Predicts the steps after the last observation of each series. Resolves when the prediction is in the log.
   * @throws TsopsError SERVE_CLOSED, KEY_UNKNOWN, FUTURE_VALUES_MISSING, and what the log throws: an answer that could not be
   * recorded is not given.
   */
  async predict(options: DeploymentPredictOptions = {}): Promise<Prediction> {
    const { champion, challenger } = this.#open();
    const servedAt = this.#clock.now();
    const requestId = this.#newId();
    const answer = await this.#predictWith(champion, "champion", requestId, servedAt, options);
    if (challenger !== null)
      this.#inBackground(
        this.#predictWith(challenger, "challenger", requestId, servedAt, options).then(
          () => undefined,
          (error: unknown) => this.#options.onEvent?.({ type: "shadow_failed", error, at: servedAt }),
        ),
      );
    return answer;
  }

  /**
   * Takes in new rows of a table: the features see them, and if the table holds the target the models absorb them without being
   * refitted. Rows seen before change nothing.
   * @throws TsopsError SERVE_CLOSED, KEY_UNKNOWN, PANEL_INVALID
   */
  async observe(table: string, rows: Columns): Promise<void> {
    this.#open();
    await this.#change(async () => {
      const { champion, challenger } = this.#open();
      const { features, targetTable } = this.#options;
      if (features !== undefined && Object.hasOwn(features.source.size, table))
        features.source.observe(table, rows);
      if ((targetTable ?? table) !== table || rows.length === 0) return;
      this.#slots = {
        champion: this.#absorb(champion, rows),
        challenger: challenger && this.#absorb(challenger, rows),
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

  /** Waits for shadow predictions that are under way, then refuses further calls. Registry and log stay open. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#changes.catch(() => undefined);
    await Promise.all(this.#background);
  }

  /** Same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
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
      challenger: challenger && (await this.#slotOf(challenger)),
    };
    this.#slots = slots;
    this.#served ??= new ServedRows(slots.champion.fitted.spec.keys, slots.champion.fitted.spec.time);
    if (before === null) return;
    const at = this.#clock.now();
    if (before.champion.version.version !== champion.version)
      onEvent?.({ type: "swapped", from: before.champion.version.version, to: champion.version, at });
    if (before.challenger?.version.version !== challenger?.version)
      onEvent?.({ type: "challenger_changed", to: challenger?.version ?? null, at });
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
    const whole: Forecast = fitted.predict({
      horizon,
      levels: this.#levels,
      ...(rows === null ? {} : { future: selectColumns(rows, futureColumns(fitted)) }),
    });
    const chosen = selectSeries(whole, rows, options.keys);
    const records = predictionRecords(
      chosen.forecast,
      {
        requestId,
        deployment: this.name,
        version,
        role,
        servedAt,
        latencyMs: performance.now() - started,
      },
      chosen.features,
      new Set([...fitted.spec.keys, fitted.spec.time, this.#options.features?.knownAt ?? ""]),
      this.#newId,
    );
    await this.#options.log.append(records);
    if (rows !== null && role === "champion") this.#served?.add(rows);
    return {
      requestId,
      predictionIds: records.map((record) => record.predictionId),
      model: version.name,
      modelVersion: version.version,
      forecast: chosen.forecast,
    };
  }

  #featureRows(fitted: FittedForecaster, horizon: number, options: DeploymentPredictOptions): Columns | null {
    if (fitted.spec.knownFuture.length === 0) return null;
    const { features } = this.#options;
    if (options.future !== undefined || features === undefined) return options.future ?? null;
    const instant = options.at ?? this.#clock.now();
    const spine = futureSpine(fitted, horizon, { column: features.knownAt, instant });
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
