import type { NumericOptions } from "../battery/numeric-tests.ts";
import type { TestOutcome } from "../battery/test-outcome.ts";
import type { RegularSeries } from "../model/regular-series.ts";
import type { NumericWindow } from "../numeric-column.ts";
import {
  answersOf,
  type ColumnJob,
  canHaveHelper,
  claims,
  endHelper,
  type Helper,
  places,
  restHelper,
  takeHelper,
} from "./helper-thread.ts";

/** Columns that can be tested one by one, in any order, with the same result here and on the helper thread. */
export interface ColumnWork<T> {
  /** How many. */
  readonly columns: number;
  /** Tests a column here. */
  test(column: number): T;
  /** The windows of a column that the helper can test; null for another. They are copied. */
  windowsOf(column: number): readonly [NumericWindow, NumericWindow] | null;
  /** What the helper found, as `test` gives it. */
  fromOutcomes(column: number, outcomes: readonly TestOutcome[]): T;
  readonly options: NumericOptions;
  /** Slots of both windows together. */
  readonly slots: number;
}

/** Work that is left, about, for which a helper is called: starting it takes a tenth of a second of its own. */
const worthHelperMs = 300;
/** What a slot takes at least: enough to call a helper for the first of many long columns. */
const leastMsPerSlot = 7e-5;
/** Columns that lie ready for the helper or are at it, so that it has one while the main thread is at its own. */
const readyColumns = 2;
/** The helper may take so many times as long as the slowest column here, before it is taken for dead and its column done again. */
const patience = 10;
const leastPatienceMs = 2000;

/**
 * Tests columns here, from the first on, and where that takes long also on a helper thread, from the last on. What is found is the
 * same to the bit.
 */
export function testColumns<T>(work: ColumnWork<T>, mayHaveHelper: boolean): T[] {
  const shared = mayHaveHelper && work.columns > 2 ? new SharedColumns(work) : null;
  const found = new Array<T | undefined>(work.columns);
  let slowest = 0;
  const test = (column: number): void => {
    const started = performance.now();
    found[column] = work.test(column);
    slowest = Math.max(slowest, performance.now() - started);
  };
  try {
    for (let column = 0; column < work.columns; column++) {
      shared?.offer();
      if (shared?.claim(column) ?? true) test(column);
    }
    shared?.finish(Math.max(leastPatienceMs, patience * slowest));
    for (let column = 0; column < work.columns; column++) {
      const outcomes = shared?.found.get(column);
      if (outcomes !== undefined) found[column] = work.fromOutcomes(column, outcomes);
      else if (found[column] === undefined) test(column);
    }
    return found as T[];
  } finally {
    shared?.leave();
  }
}

/** Tests are numbered, so that an answer which came too late for one is not taken for another's. */
let tests = 0;

/** The columns that both threads take from. */
class SharedColumns<T> {
  readonly found = new Map<number, readonly TestOutcome[]>();
  readonly #work: ColumnWork<T>;
  readonly #started = performance.now();
  readonly #signals: Int32Array;
  /** What lies there, until it is answered. */
  readonly #inSlot: (number | null)[] = new Array(readyColumns).fill(null);
  readonly #test = ++tests;
  #helper: Helper | null = null;
  #mayStart = true;
  #next: number;
  #done = 0;

  constructor(work: ColumnWork<T>) {
    this.#work = work;
    const words = places.claims + work.columns;
    this.#signals = new Int32Array(new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT));
    this.#next = work.columns - 1;
  }

  /** Whether a column is to be done here: nobody else is at it. */
  claim(column: number): boolean {
    const isMine =
      Atomics.compareExchange(this.#signals, places.claims + column, claims.free, claims.main) ===
      claims.free;
    if (isMine) this.#done++;
    return isMine;
  }

  /** Lays columns ready for the helper, who is called when it is worth it. */
  offer(): void {
    this.#helper ??= this.#helperIfWorth();
    if (this.#helper === null) return;
    this.#take(this.#helper);
    for (let slot = 0; slot < readyColumns; slot++)
      if (this.#inSlot[slot] === null) this.#fill(slot, this.#helper);
  }

  #helperIfWorth(): Helper | null {
    const left = this.#work.columns - this.#done;
    const msPerColumn = Math.max(
      this.#done === 0 ? 0 : (performance.now() - this.#started) / this.#done,
      leastMsPerSlot * this.#work.slots,
    );
    if (!this.#mayStart || left < 2 || msPerColumn * left < worthHelperMs) return null;
    this.#mayStart = canHaveHelper();
    return this.#mayStart ? takeHelper() : null;
  }

  /** Copies the last column that nobody has, if there is one, and tells the helper. */
  #fill(slot: number, { port, memory: memories }: Helper): void {
    for (; this.#next >= 0; this.#next--) {
      const column = this.#next;
      if (this.#claimOf(column) !== claims.free) continue;
      const windows = this.#work.windowsOf(column);
      if (windows === null) continue;
      const { slots: length, options } = this.#work;
      if (memories[slot]?.length !== length)
        memories[slot] = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
      const memory = memories[slot] as Float64Array;
      let end = 0;
      const copies = windows.map(({ first, values }): RegularSeries => {
        const copy = memory.subarray(end, end + values.length);
        copy.set(values);
        end += values.length;
        return { first, values: copy };
      }) as [RegularSeries, RegularSeries];
      const job: ColumnJob = {
        test: this.#test,
        column,
        slot,
        windows: copies,
        areWhole: windows.every(({ missing }) => missing === null),
        options,
        signals: this.#signals,
      };
      port.postMessage(job);
      this.#inSlot[slot] = column;
      this.#next--;
      return;
    }
  }

  #claimOf(column: number): number {
    return Atomics.load(this.#signals, places.claims + column);
  }

  #take(helper: Helper): void {
    for (const { test, column, slot, outcomes } of answersOf(helper)) {
      if (test !== this.#test) continue;
      this.#inSlot[slot] = null;
      if (outcomes !== undefined) this.found.set(column, outcomes);
    }
  }

  /** Waits for what the helper is at, though not for ever. */
  finish(patienceMs: number): void {
    if (this.#helper === null) return;
    const until = performance.now() + patienceMs;
    for (;;) {
      const seen = Atomics.load(this.#signals, places.answers);
      this.#take(this.#helper);
      const left = until - performance.now();
      if (!this.#isHelperAtWork() || left <= 0) return;
      Atomics.wait(this.#signals, places.answers, seen, left);
    }
  }

  #isHelperAtWork(): boolean {
    return this.#inSlot.some((column) => column !== null && this.#claimOf(column) === claims.helper);
  }

  /** Lets the helper go; one that is still at work is ended. */
  leave(): void {
    if (this.#helper === null) return;
    // What lies ready is no longer to be begun.
    for (const column of this.#inSlot) if (column !== null) this.claim(column);
    this.#take(this.#helper);
    if (this.#isHelperAtWork()) endHelper(this.#helper);
    else restHelper(this.#helper);
  }
}
