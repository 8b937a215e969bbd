import type { Random } from "../random.ts";
import type { OracleFeature, OracleKnownAt, OracleRow, OracleValue, OracleView } from "./as-of-oracle.ts";

/** Kind of every column of a generated case. */
export type CaseColumnKinds = Readonly<Record<string, "float64" | "int64" | "utf8" | "bool" | "timestamp">>;

/** A generated join: small and crowded, so that ties, revisions, limits and nulls meet. */
export interface AsOfCase {
  readonly spine: readonly OracleRow[];
  readonly spineKinds: CaseColumnKinds;
  readonly time: string;
  readonly knownAt: OracleKnownAt | undefined;
  readonly views: readonly (OracleView & { readonly kinds: CaseColumnKinds; readonly table: string })[];
}

/** How large a generated case is. */
export interface AsOfCaseOptions {
  readonly maxViews?: number;
  readonly maxRows?: number;
  readonly maxSpine?: number;
}

const keyKinds = ["utf8", "int64", "bool", "timestamp"] as const;
const base = 1_700_000_000_000_000n;

/** A random as-of join in plain data, for comparing an implementation with `oracleJoin`. */
export function randomAsOfCase(random: Random, options: AsOfCaseOptions = {}): AsOfCase {
  const { maxViews = 3, maxRows = 40, maxSpine = 25 } = options;
  const chance = (probability: number): boolean => random.uniform() < probability;
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)] as T;
  // A coarse grid makes ties; the step decides whether limits fall on rows. Some cases lie beyond 2^53 microseconds.
  const step = pick([1n, 1_000n, 3_600_000_000n]);
  const origin = chance(0.1) ? 2n ** 53n + 11n : chance(0.1) ? -3n * base : base;
  const ticks = pick([6, 15, 40]);
  const instant = (): bigint => origin + BigInt(random.integer(ticks)) * step;
  const duration = (): bigint =>
    chance(0.03) ? 2n ** 62n : BigInt(random.integer(ticks)) * step + (chance(0.3) ? 1n : 0n);

  const keyCount = pick([0, 1, 1, 1, 2, 3]);
  const keys = Array.from({ length: keyCount }, (_, i) => ({ name: `k${i}`, kind: pick(keyKinds) }));
  const keyValue = (kind: string): OracleValue => {
    if (chance(0.08)) return null;
    if (kind === "utf8") return pick(["a", "b", "a|b", ""]);
    if (kind === "int64") return pick([1n, 2n, 9_007_199_254_740_993n]);
    if (kind === "bool") return chance(0.5);
    return pick([0n, 1n, base]);
  };
  const keyRow = (): Record<string, OracleValue> =>
    Object.fromEntries(keys.map(({ name, kind }) => [name, keyValue(kind)]));

  const spineKinds: Record<string, CaseColumnKinds[string]> = {
    at: "timestamp",
    cutoff: "timestamp",
    y: "float64",
    ...Object.fromEntries(keys.map(({ name, kind }) => [name, kind])),
  };
  const spine = Array.from({ length: random.integer(maxSpine + 1) }, (): OracleRow => {
    const at = chance(0.04) ? null : instant();
    const cutoff = chance(0.1) || at === null ? null : at - duration();
    return { ...keyRow(), at, cutoff, y: chance(0.2) ? null : random.integer(100) };
  });
  for (const row of spine.slice(0, 2)) if (chance(0.5)) spine.push(row);

  const randomTable = (number: number) => {
    const isMapped = keyCount > 0 && chance(0.3);
    const viewKeys = keys.map(({ name }, i) => ({
      column: isMapped && i === 0 ? `id_${name}` : name,
      spine: name,
    }));
    const availableAt = chance(0.6) ? "known" : null;
    const kinds: Record<string, CaseColumnKinds[string]> = {
      ts: "timestamp",
      ...(availableAt === null ? {} : { known: "timestamp" }),
      x: "float64",
      n: "int64",
      s: "utf8",
      b: "bool",
      when: "timestamp",
      ...Object.fromEntries(viewKeys.map(({ column }, i) => [column, (keys[i] as { kind: "utf8" }).kind])),
    };
    const delay = pick([0, 3, 20]);
    // Plans and forecasts are known before their time.
    const lead = pick([0, 0, 10]);
    const rows = Array.from({ length: random.integer(maxRows + 1) }, (): OracleRow => {
      const ts = instant();
      const known = chance(0.1) ? null : ts + BigInt(random.integer(delay + lead + 1) - lead) * step;
      const row = keyRow();
      return {
        ...Object.fromEntries(viewKeys.map(({ column, spine: name }) => [column, row[name] ?? null])),
        ts,
        ...(availableAt === null ? {} : { known }),
        x: randomFloat(random),
        n: chance(0.2)
          ? null
          : pick([BigInt(random.integer(9)), -5n, 2n ** 62n, -(2n ** 63n), 2n ** 53n + 1n]),
        s: chance(0.3) ? null : pick(["red", "green", ""]),
        b: chance(0.3) ? null : chance(0.5),
        when: chance(0.3) ? null : instant(),
      };
    });
    for (const row of rows.slice(0, 3)) if (chance(0.3)) rows.push(row);
    return { table: `t${number}`, keys: viewKeys, time: "ts", availableAt, rows, kinds };
  };

  const tables: ReturnType<typeof randomTable>[] = [];
  const views = Array.from({ length: 1 + random.integer(maxViews) }, (_, number) => {
    // Views of one table are joined together.
    const isShared = tables.length > 0 && chance(0.4);
    const source = isShared ? pick(tables) : randomTable(number);
    if (!isShared) tables.push(source);
    const features: Record<string, OracleFeature> = {};
    const isPlain = chance(0.35);
    for (const column of ["x", "n", "s", "b", "when", ...(chance(0.2) ? Object.keys(source.kinds) : [])]) {
      if (chance(0.5)) features[column] = { column, lastNonNull: false };
      if (!isPlain && chance(0.3)) features[`${column}_filled`] = { column, lastNonNull: true };
    }
    const windowMicros = [duration() + 1n, duration() + 1n];
    for (const aggregate of ["sum", "count", "mean", "min", "max", "std", "first", "last"] as const) {
      if (isPlain || chance(0.5)) continue;
      const isNumeric = aggregate === "sum" || aggregate === "mean" || aggregate === "std";
      const isOrdered = aggregate === "min" || aggregate === "max";
      const column = pick(
        isNumeric ? ["x", "n"] : isOrdered ? ["x", "n", "when"] : ["x", "n", "s", "b", "when"],
      );
      features[`${aggregate}_${column}`] = { column, aggregate, windowMicros: pick(windowMicros) };
    }
    if (Object.keys(features).length === 0)
      Object.assign(features, { x: { column: "x", lastNonNull: false } });
    return {
      ...source,
      name: `v${number}`,
      features,
      ttlMicros: chance(0.5) ? null : chance(0.2) ? 0n : duration(),
      lagMicros: chance(0.6) ? 0n : duration(),
      boundary: chance(0.3) ? ("exclusive" as const) : ("inclusive" as const),
    };
  });
  const knownAt = pick<OracleKnownAt | undefined>([
    undefined,
    "spine",
    "ignore",
    { column: "cutoff" },
    { micros: instant() },
  ]);
  return { spine, spineKinds, time: "at", knownAt, views };
}

function randomFloat(random: Random): OracleValue {
  const kind = random.integer(14);
  if (kind === 0) return null;
  if (kind === 1) return random.integer(4) === 0 ? Number.NaN : null;
  if (kind === 2) return random.integer(2) === 0 ? -0 : 0;
  if (kind === 3 && random.integer(4) === 0)
    return random.integer(2) === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (kind === 4) return random.uniform(-1, 1) * 10 ** random.integer(-20, 20);
  if (kind < 8) return random.integer(-3, 4);
  // Far from zero and close together, and the ends of the range.
  if (kind === 8) return 1e9 + random.integer(8) / 8;
  if (kind === 9)
    return [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** -1022, 1e300][
      random.integer(5)
    ] as number;
  return random.uniform(-1000, 1000);
}
