import { randomUUID } from "node:crypto";
import {
  abortable,
  type Clock,
  type Columns,
  durationMicros,
  type ModelVersion,
  systemClock,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { type Answers, answersOf } from "./answers.ts";
import { checkDeployOptions, checkObserved, checkPredictOptions, refuseFuture } from "./check-calls.ts";
import { rowsToAbsorb } from "./covariates.ts";
import { type DeploymentActivity, Listeners } from "./deployment-activity.ts";
import type {
  DeploymentEvent,
  DeploymentPredictOptions,
  DeploymentStatus,
  DeployOptions,
} from "./deployment-options.ts";
import { loadSaved, loadSlot, lookUp, type ModelSlot, type SlotLoader } from "./model-slot.ts";
import type { Prediction } from "./prediction.ts";
import { keyAt, timesOf } from "./rows.ts";
import { ServedRows } from "./served-rows.ts";
import { Turns } from "./turns.ts";

interface Slots {
  readonly champion: ModelSlot;
  readonly challenger: ModelSlot | null;
}

/**
 * Deploys the champion of a registered model in this process: loads it, brings it up to date and answers predictions.
 * @throws TsopsError MODEL_PARAMETER_INVALID, SERVE_NO_CHAMPION when the model has no version with the alias `champion`; whatever the registry throws.
 */
export async function deploy(model: string, options: DeployOptions): Promise<Deployment> {
  checkDeployOptions(options);
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
  readonly #answers: Answers;
  readonly #newId: () => string;
  readonly #closing = new AbortController();
  /** Replaced as a whole: a prediction reads it once, so a swap never reaches into one that is under way. */
  #slots: Slots | null = null;
  #served: ServedRows | null = null;
  #refreshError: unknown = null;
  /** Looks at the registry, counted as they begin; one that ends after a later one has swapped is out of date. */
  #reloads = 0;
  #swappedBy = 0;
  /** While versions are being loaded: the rows observed meanwhile, which these must absorb, too. */
  #loading = 0;
  #observedWhileLoading: Columns[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #listeners = new Listeners();
  /** What changes features or models, which may wait for a store: no two of them mix. */
  readonly #changes = new Turns();

  /** @internal Use `deploy`. */
  constructor(model: string, options: DeployOptions) {
    this.name = options.deployment ?? model;
    this.#model = model;
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#newId = options.newId ?? randomUUID;
    this.#answers = answersOf(this.name, options, {
      clock: this.#clock,
      newId: this.#newId,
      listeners: this.#listeners,
    });
    this.#loader = {
      registry: options.registry,
      load: options.load ?? loadSaved,
      levels: options.levels ?? [],
      now: () => this.#clock.now(),
      history: async (since, signal) => (await options.history?.(since, signal)) ?? null,
    };
  }

  /** @internal */
  async start(): Promise<void> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    try {
      await this.#reload(signal);
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
    checkPredictOptions(options);
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
    const request = { requestId: this.#newId(), servedAt: this.#clock.now() };
    const answer = await this.#answers.give(champion, { ...request, role: "champion" }, options);
    if (answer.rows !== null) this.#served?.add(answer.rows);
    // The shadow is not the caller's to stop.
    const { signal: _, ...shadowed } = options;
    if (challenger !== null)
      this.#inBackground(
        this.#answers.give(challenger, { ...request, role: "challenger" }, shadowed).then(
          () => undefined,
          (error: unknown) => void this.#shadowFailed(error),
        ),
      );
    return answer.prediction;
  }

  /**
   * Takes in new rows of a table: the features see them, and if it is the `targetTable` the models absorb them without being
   * refitted. Rows seen before change nothing. When it throws, the models have taken nothing in. Nor have the features, except that
   * after ABORTED, and after an error of an `OnlineStore` itself, a store may hold the rows: call again with the same ones.
   * @throws TsopsError SERVE_CLOSED, STORE_NOT_FOUND (it is not the `targetTable`, and no view reads it), KEY_UNKNOWN,
   * PANEL_INVALID (rows later than the clock among them), ABORTED, and what the features throw
   */
  async observe(
    table: string,
    rows: Columns,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    checkObserved(rows, options);
    this.#open();
    const taken = this.#changes.run(() => this.#takeIn(table, rows, options));
    this.#inBackground(taken.catch(() => undefined));
    return taken;
  }

  async #takeIn(table: string, rows: Columns, options: { readonly signal?: AbortSignal }): Promise<void> {
    const { champion, challenger } = this.#open();
    const { signal } = options;
    throwIfAborted(signal);
    this.#refuseUnknown(table);
    const { features, targetTable } = this.#options;
    const isTarget = table === targetTable && rows.length > 0;
    if (isTarget) refuseFuture(rows, champion.fitted.spec, this.#clock.now());
    if (features !== undefined && this.#featureTables().has(table)) {
      // The champion is asked first: the features must not hold rows that it refuses.
      if (isTarget) await this.#absorb(champion, rows, signal);
      throwIfAborted(signal);
      await features.source.observe(table, rows, options);
    }
    if (!isTarget) {
      this.#observed(table, rows);
      return;
    }
    const absorbed = {
      champion: await this.#absorb(champion, rows, signal),
      challenger: await this.#ifSound(
        async () => challenger && (await this.#absorb(challenger, rows, signal)),
      ),
    };
    throwIfAborted(signal);
    this.#slots = absorbed;
    if (this.#loading > 0) this.#observedWhileLoading.push(rows);
    else this.#forgetServed(rows);
    this.#observed(table, rows);
  }

  /**
   * Looks up the aliases and swaps to what they point at. Predictions and `observe` go on meanwhile, for however long the
   * registry takes. When it is away the last good model goes on serving, the error is in `status()` and sent to `onEvent`.
   * @returns Whether the champion changed.
   * @throws TsopsError SERVE_CLOSED, ABORTED (nothing is swapped then)
   */
  async refresh({ signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    this.#open();
    throwIfAborted(signal);
    try {
      const hasChanged = await this.#reload(signal);
      this.#refreshError = null;
      return hasChanged;
    } catch (error) {
      this.#open();
      throwIfAborted(signal);
      this.#refreshError = error;
      this.#happened({ type: "refresh_failed", error, at: this.#clock.now() });
      return false;
    }
  }

  /**
   * Tells a listener what happens from now on: predictions, rows taken in, swaps, failures. One that throws is told to
   * `process.emitWarning`, and serving goes on.
   * @returns Ends it.
   */
  subscribe(listener: (activity: DeploymentActivity) => void): () => void {
    return this.#listeners.add(listener);
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

  /**
   * Refuses further calls and waits for predictions that are under way, shadows too. A refresh under way ends with SERVE_CLOSED.
   * Registry and log stay open.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    // A prediction that ends may leave its shadow's behind.
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #happened(event: DeploymentEvent): void {
    this.#options.onEvent?.(event);
    this.#listeners.tell(event);
  }

  /** A misspelt name would leave the models behind without a word. */
  #refuseUnknown(table: string): void {
    const known = new Set([this.#options.targetTable, ...this.#featureTables()]);
    if (known.has(table)) return;
    throw new TsopsError("STORE_NOT_FOUND", `The deployment "${this.name}" reads no table "${table}".`, {
      hint: `It reads ${[...known].join(", ")}.`,
      details: { table },
    });
  }

  #observed(table: string, { length: rows }: Columns): void {
    this.#listeners.tell({ type: "observed", table, rows, at: this.#clock.now() });
  }

  #featureTables(): ReadonlySet<string> {
    return new Set(Object.values(this.#options.features?.source.viewTables ?? {}));
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

  /** Looks up, loads and swaps. @returns Whether the champion changed. */
  async #reload(callerSignal: AbortSignal | undefined): Promise<boolean> {
    const reload = ++this.#reloads;
    const signal =
      callerSignal === undefined
        ? this.#closing.signal
        : AbortSignal.any([this.#closing.signal, callerSignal]);
    const versions = await abortable(
      lookUp(this.#options.registry, this.#model, this.#options.shadow === true, signal),
      signal,
    );
    const observedBefore = this.#observedWhileLoading.length;
    this.#loading++;
    try {
      const [champion, challenger] = await Promise.all([
        abortable(this.#slotOf(versions.champion, signal), signal),
        versions.challenger &&
          abortable(this.#slotOf(versions.challenger, signal), signal).catch((error: unknown) =>
            signal.aborted ? null : this.#shadowFailed(error),
          ),
      ]);
      return await this.#changes.run(async () => {
        throwIfAborted(signal);
        if (reload < this.#swappedBy) return false;
        const missed = this.#observedWhileLoading.slice(observedBefore);
        const slots = {
          champion: await this.#broughtUp(champion, missed, signal),
          challenger: await this.#ifSound(
            async () => challenger && (await this.#broughtUp(challenger, missed, signal)),
          ),
        };
        throwIfAborted(signal);
        this.#swappedBy = reload;
        return this.#swap(slots);
      });
    } finally {
      this.#loading--;
      if (this.#loading === 0)
        for (const rows of this.#observedWhileLoading.splice(0)) this.#forgetServed(rows);
    }
  }

  #swap(slots: Slots): boolean {
    const before = this.#slots;
    this.#slots = slots;
    this.#served ??= new ServedRows(slots.champion.fitted.spec.keys, slots.champion.fitted.spec.time);
    if (before === null) return true;
    const at = this.#clock.now();
    const [from, to] = [before.champion.version.version, slots.champion.version.version];
    if (from !== to) this.#happened({ type: "swapped", from, to, at });
    const shadowing = slots.challenger?.version.version ?? null;
    if ((before.challenger?.version.version ?? null) !== shadowing)
      this.#happened({ type: "challenger_changed", to: shadowing, at });
    return from !== to;
  }

  /** What work makes of the challenger, or null when it fails: the next refresh loads it again, the champion goes on. */
  async #ifSound(work: () => Promise<ModelSlot | null>): Promise<ModelSlot | null> {
    try {
      return await work();
    } catch (error) {
      return this.#shadowFailed(error);
    }
  }

  #shadowFailed(error: unknown): null {
    this.#happened({ type: "shadow_failed", error, at: this.#clock.now() });
    return null;
  }

  /** A version that serves already is not loaded again: a promoted shadow is swapped in as it is. */
  async #slotOf(version: ModelVersion, signal: AbortSignal): Promise<ModelSlot> {
    return this.#serving(version) ?? loadSlot(this.#loader, version, signal);
  }

  #serving(version: ModelVersion): ModelSlot | null {
    for (const slot of [this.#slots?.champion, this.#slots?.challenger])
      if (slot?.version.version === version.version) return { version, fitted: slot.fitted };
    return null;
  }

  /** A loaded slot with the rows that were observed since its loading began; what serves has absorbed them. */
  async #broughtUp(slot: ModelSlot, missed: readonly Columns[], signal: AbortSignal): Promise<ModelSlot> {
    let latest = this.#serving(slot.version);
    if (latest !== null) return latest;
    latest = slot;
    for (const rows of missed) latest = await this.#absorb(latest, rows, signal);
    return latest;
  }

  async #absorb(slot: ModelSlot, rows: Columns, signal: AbortSignal | undefined): Promise<ModelSlot> {
    const { features } = this.#options;
    const absorbed = await rowsToAbsorb(
      slot.fitted,
      rows,
      features ?? null,
      this.#served as ServedRows,
      this.#clock.now(),
      signal,
    );
    return { version: slot.version, fitted: slot.fitted.update(absorbed) };
  }

  #forgetServed(rows: Columns): void {
    const { keys, time } = (this.#slots as Slots).champion.fitted.spec;
    const times = timesOf(rows, time);
    for (let row = 0; row < rows.length; row++)
      this.#served?.forget(keyAt(rows, keys, row), times[row] as bigint);
  }
}
