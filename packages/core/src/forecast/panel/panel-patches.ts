import type { Covariate, Panel } from "./panel.ts";

/** Rows one after the other, of one series or several. */
export interface Rows {
  readonly times: BigInt64Array;
  readonly y: Float64Array;
  /** Values of the panel's covariates, in order. */
  readonly known: readonly Float64Array[];
  readonly past: readonly Float64Array[];
}

/** Where the rows of a series are: from `start` to before `end` of some that it may share with other series. */
export interface RowRange {
  readonly rows: Rows;
  readonly start: number;
  readonly end: number;
}

/** Where the rows of a panel lie: in those of a base, but for series that have their own. */
interface Patches {
  readonly base: Panel;
  readonly own: ReadonlyMap<number, RowRange>;
}

const patchesOf = new WeakMap<object, Patches>();
const none: ReadonlyMap<number, RowRange> = new Map();

/** With more than one series, or row, in so many apart from the base all are laid side by side again: it costs about what the changes since then brought. */
const mostApart = 8;

function sourcesOf(panel: Panel): Patches {
  return patchesOf.get(panel) ?? { base: panel, own: none };
}

/** Tells where the rows of each series of a panel are. */
export function rangesOf(panel: Panel): (s: number) => RowRange {
  const { base, own } = sourcesOf(panel);
  const rows = wholeOf(base);
  const { offsets } = base;
  return (s) => own.get(s) ?? { rows, start: offsets[s] as number, end: offsets[s + 1] as number };
}

/** The rows of one series (views). */
export function rowsOfSeries(panel: Panel, s: number): Rows {
  const { rows, start, end } = rangesOf(panel)(s);
  const floats = (all: readonly Float64Array[]) => all.map((values) => values.subarray(start, end));
  return {
    times: rows.times.subarray(start, end),
    y: rows.y.subarray(start, end),
    known: floats(rows.known),
    past: floats(rows.past),
  };
}

/** The instant of a row of each series, counted from its first; from its last with -1. */
export function timesAt(panel: Panel, row: 0 | -1): BigInt64Array {
  const { base, own } = sourcesOf(panel);
  const { times: all, offsets } = base;
  const times = new BigInt64Array(panel.series.length);
  for (let s = 0; s < times.length; s++)
    times[s] = all[row === 0 ? (offsets[s] as number) : (offsets[s + 1] as number) - 1] as bigint;
  for (const [s, { rows, start, end }] of own) times[s] = rows.times[row === 0 ? start : end - 1] as bigint;
  return times;
}

/**
 * A panel in which some series have other rows. Those of the others are shared with the panel it was made from, not copied: they are laid side by side when
 * somebody asks for the columns as a whole.
 * @param changed - Where the rows are, by the index of their series.
 * @param covariates - The covariates as they are now called; their values do not matter.
 */
export function withRowsOfSeries<Known extends string>(
  panel: Panel<Known>,
  changed: ReadonlyMap<number, RowRange>,
  covariates: Pick<Panel, "known" | "past"> = panel,
): Panel<Known> {
  const before = sourcesOf(panel);
  const own = new Map([...before.own, ...changed]);
  const patches = { base: before.base, own };
  // Series that came together hold all rows that came with them.
  const held = [...new Set([...own.values()].map(({ rows }) => rows))];
  const rowsApart = held.reduce((sum, { y }) => sum + y.length, 0);
  return mostApart * own.size > panel.series.length || mostApart * rowsApart > before.base.y.length
    ? panelOf(panel, covariates, sideBySide(patches, allOf(panel)))
    : sharing(panel, covariates, patches);
}

/** Series of a panel that shares its rows, without laying all of them side by side; undefined for other panels. */
export function takeShared<Known extends string>(
  panel: Panel<Known>,
  chosen: readonly number[],
): Panel<Known> | undefined {
  const patches = patchesOf.get(panel);
  if (patches === undefined) return undefined;
  const taken = {
    ...panelHead(panel),
    series: chosen.map((s) => panel.series[s] as Panel["series"][number]),
    static: panel.static.map((one) => ({
      ...one,
      values: Float64Array.from(chosen, (s) => one.values[s] as number),
    })),
  };
  return panelOf(taken, panel, sideBySide(patches, chosen));
}

/** Rows of several series, one after the other. */
interface Joined extends Rows {
  readonly offsets: Int32Array;
}

/** All rows of a panel that shares none. */
function wholeOf({ times, y, known, past }: Panel): Rows {
  const floats = (all: readonly Covariate[]) => all.map(({ values }) => values);
  return { times, y, known: floats(known), past: floats(past) };
}

function allOf({ series }: Pick<Panel, "series">): readonly number[] {
  return series.map((_, s) => s);
}

function offsetsOf({ base, own }: Patches, chosen: readonly number[]): Int32Array {
  const offsets = new Int32Array(chosen.length + 1);
  chosen.forEach((s, i) => {
    const range = own.get(s);
    const length =
      range === undefined
        ? (base.offsets[s + 1] as number) - (base.offsets[s] as number)
        : range.end - range.start;
    offsets[i + 1] = (offsets[i] as number) + length;
  });
  return offsets;
}

function sideBySide(patches: Patches, chosen: readonly number[]): Joined {
  const offsets = offsetsOf(patches, chosen);
  const length = offsets[chosen.length] as number;
  const { base, own } = patches;
  const whole = wholeOf(base);
  // Series that lie side by side already are copied at once.
  const stretches: { readonly rows: Rows; readonly start: number; end: number }[] = [];
  for (const s of chosen) {
    const range = own.get(s);
    const rows = range?.rows ?? whole;
    const start = range?.start ?? (base.offsets[s] as number);
    const end = range?.end ?? (base.offsets[s + 1] as number);
    const last = stretches[stretches.length - 1];
    if (last?.rows === rows && last.end === start) last.end = end;
    else stretches.push({ rows, start, end });
  }
  const copy = <Values extends Float64Array | BigInt64Array>(
    result: Values,
    valuesOf: (rows: Rows) => Values,
  ): Values => {
    let at = 0;
    for (const { rows, start, end } of stretches) {
      copyValues(valuesOf(rows), start, end, result, at);
      at += end - start;
    }
    return result;
  };
  const floats = (valuesOf: (rows: Rows) => Float64Array) => copy(new Float64Array(length), valuesOf);
  return {
    offsets,
    times: copy(new BigInt64Array(length), ({ times }) => times),
    y: floats(({ y }) => y),
    known: whole.known.map((_, k) => floats(({ known }) => known[k] as Float64Array)),
    past: whole.past.map((_, k) => floats(({ past }) => past[k] as Float64Array)),
  };
}

/** So many values, about, are copied one by one in the time that a view for `set` takes. */
const worthView = 40;

/** Copies the values from `start` to before `end` to another array of the same kind. */
export function copyValues<Values extends Float64Array | BigInt64Array>(
  from: Values,
  start: number,
  end: number,
  to: Values,
  at: number,
): void {
  if (end - start < worthView)
    for (let i = start; i < end; i++) to[at + i - start] = from[i] as number & bigint;
  // biome-ignore lint/suspicious/noExplicitAny: both are of the one kind, which the compiler does not see.
  else to.set(from.subarray(start, end) as any, at);
}

/** What a panel is besides rows and covariates. */
function panelHead<Known extends string>({ spec, series, static: statics, failures }: Panel<Known>) {
  return { spec, series, static: statics, gaps: [], ...(failures === undefined ? {} : { failures }) };
}

function withoutValues({ name, kind, categories }: Covariate) {
  return { name, kind, ...(categories === undefined ? {} : { categories }) };
}

function panelOf<Known extends string>(
  head: Pick<Panel<Known>, "spec" | "series" | "static" | "failures">,
  covariates: Pick<Panel, "known" | "past">,
  { offsets, times, y, known, past }: Joined,
): Panel<Known> {
  const filled = (all: readonly Covariate[], values: readonly Float64Array[]): Covariate[] =>
    all.map((one, k) => ({ ...withoutValues(one), values: values[k] as Float64Array }));
  return {
    ...panelHead(head as Panel<Known>),
    offsets,
    times,
    y,
    known: filled(covariates.known, known),
    past: filled(covariates.past, past),
  };
}

function sharing<Known extends string>(
  head: Panel<Known>,
  covariates: Pick<Panel, "known" | "past">,
  patches: Patches,
): Panel<Known> {
  // Either of them: what is laid side by side needs its base no more.
  let apart: Patches | null = patches;
  let joined: Joined | null = null;
  let offsets: Int32Array | null = null;
  const whole = (): Joined => {
    if (joined === null) {
      joined = sideBySide(apart as Patches, allOf(made));
      apart = null;
      patchesOf.delete(made);
    }
    return joined;
  };
  const filled = (all: readonly Covariate[], role: "known" | "past"): Covariate[] =>
    all.map((one, k) => ({
      ...withoutValues(one),
      get values() {
        return whole()[role][k] as Float64Array;
      },
    }));
  const made: Panel<Known> = {
    ...panelHead(head),
    get offsets() {
      offsets ??= joined?.offsets ?? offsetsOf(apart as Patches, allOf(made));
      return offsets;
    },
    get times() {
      return whole().times;
    },
    get y() {
      return whole().y;
    },
    known: filled(covariates.known, "known"),
    past: filled(covariates.past, "past"),
  };
  patchesOf.set(made, patches);
  return made;
}
