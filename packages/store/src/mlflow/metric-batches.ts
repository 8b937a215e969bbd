import { abortedError, type CallOptions, TsopsError, throwIfAborted } from "@tsops/core";

/** A metric value as MLflow's REST API takes it. */
export interface RestMetric {
  readonly key: string;
  /** NaN and the infinities are text: JSON has no numbers for them. */
  readonly value: number | "NaN" | "Infinity" | "-Infinity";
  /** Milliseconds. */
  readonly timestamp: number;
  readonly step: number;
}

/** What the server takes in one request. */
const requestLimit = 1000;

class Call {
  readonly metrics: readonly RestMetric[];
  readonly signal: AbortSignal | undefined;
  /** Metrics that the server has acknowledged. */
  done = 0;
  resolve: () => void = () => {};
  reject: (error: unknown) => void = () => {};
  readonly settled = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(metrics: readonly RestMetric[], signal: AbortSignal | undefined) {
    this.metrics = metrics;
    this.signal = signal;
  }
}

/**
 * Sends metrics of one run. While a request is under way further calls gather and go out together in the next one, so that many calls which
 * nobody waits for in between cost few requests; each call resolves when the server has acknowledged its metrics.
 */
export class MetricBatches {
  readonly #send: (metrics: readonly RestMetric[]) => Promise<void>;
  #waiting: Call[] = [];
  #sending: Promise<void> | null = null;
  /** Calls by their signal, which has one listener however many they are: it may see a whole training. */
  readonly #watched = new Map<EventTarget, Set<Call>>();

  /** @param send - Sends at most 1,000 metrics in one request. */
  constructor(send: (metrics: readonly RestMetric[]) => Promise<void>) {
    this.#send = send;
  }

  /** @throws TsopsError ABORTED: metrics that were under way may still be stored. */
  async add(metrics: readonly RestMetric[], { signal }: CallOptions = {}): Promise<void> {
    throwIfAborted(signal);
    if (metrics.length === 0) return;
    const call = new Call(metrics, signal);
    this.#waiting.push(call);
    this.#watch(call);
    this.#sending ??= this.#drain();
    await call.settled.finally(() => this.#unwatch(call));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  async #drain(): Promise<void> {
    // Calls of the same turn of the event loop go out together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      this.#waiting = this.#waiting.filter(({ signal }) => signal?.aborted !== true);
      const parts: { readonly call: Call; readonly count: number }[] = [];
      let room = requestLimit;
      for (const call of this.#waiting) {
        if (room === 0) break;
        const count = Math.min(room, call.metrics.length - call.done);
        parts.push({ call, count });
        room -= count;
      }
      if (parts.length > 0) await this.#sendTogether(parts);
      this.#waiting = this.#waiting.filter(({ metrics, done }) => done < metrics.length);
    }
    this.#sending = null;
  }

  async #sendTogether(parts: readonly { readonly call: Call; readonly count: number }[]): Promise<void> {
    const metrics = parts.flatMap(({ call, count }) => call.metrics.slice(call.done, call.done + count));
    try {
      await this.#send(metrics);
      for (const { call, count } of parts) this.#acknowledge(call, count);
    } catch (error) {
      // What the server refuses in one call must not fail the others.
      if (parts.length > 1 && TsopsError.is(error, "VALUE_INVALID"))
        for (const part of parts) await this.#sendTogether([part]);
      else for (const { call } of parts) this.#fail(call, error);
    }
  }

  #watch(call: Call): void {
    if (call.signal === undefined) return;
    const calls = this.#watched.get(call.signal) ?? new Set();
    if (calls.size === 0) call.signal.addEventListener("abort", this.#abort);
    this.#watched.set(call.signal, calls.add(call));
  }

  #unwatch(call: Call): void {
    const calls = call.signal && this.#watched.get(call.signal);
    if (call.signal === undefined || !calls?.delete(call) || calls.size > 0) return;
    this.#watched.delete(call.signal);
    call.signal.removeEventListener("abort", this.#abort);
  }

  readonly #abort = ({ target }: Event): void => {
    for (const call of this.#watched.get(target as AbortSignal) ?? [])
      call.reject(abortedError(target as AbortSignal));
  };

  #acknowledge(call: Call, count: number): void {
    call.done += count;
    if (call.done === call.metrics.length) call.resolve();
  }

  #fail(call: Call, error: unknown): void {
    call.done = call.metrics.length;
    call.reject(error);
  }
}
