import { counted, type FoundRows, findingOf, plain, type QualityFinding, rowCounter } from "./finding.ts";
import { learnLevels } from "./learn-levels.ts";
import { levelJump } from "./level-jump.ts";
import { mainCluster } from "./main-cluster.ts";
import type { NumberColumn, NumberSeries } from "./number-series.ts";
import type { LevelRules } from "./rules.ts";
import { quantile, sortedSample } from "./tails.ts";
import { before, type UnitChange, unitChanges } from "./units.ts";

/** Rows of one series whose values are in another unit. */
interface Changed {
  readonly part: NumberSeries;
  readonly change: UnitChange;
  /** Places in the series. */
  readonly places: readonly number[] | { readonly from: number };
  /** Median of the values concerned, and what is usual. */
  readonly found: number;
  readonly usual: number;
}

/** Values outside the usual bounds that a change of unit has to explain: as many as this, and so great a share of them. */
const leastRows = 3;
const leastShare = 0.8;

/**
 * Values that are what they should be, times 1000 and the like. The values that a change of unit explains are set to NaN, so that no other check
 * reports them again.
 */
export function otherUnits(column: NumberColumn): QualityFinding[] {
  const byChange = new Map<UnitChange, Changed[]>();
  for (const part of column.parts) {
    if (part.levels === null || isFewFor(column)) continue;
    const changed =
      farValues(part) ??
      (column.rules === null ? ofTwoKinds(part) : otherLevel(column, part)) ??
      jumpWithin(part);
    if (changed === null) continue;
    const list = byChange.get(changed.change) ?? [];
    list.push(changed);
    byChange.set(changed.change, list);
  }
  return [...byChange].map(([change, list]) => finding(column, change, list));
}

/** Flags, codes and small counts have no unit. */
function isFewFor({ rules }: NumberColumn): boolean {
  return rules?.isFew === true;
}

/** Values far outside that come back inside in another unit. */
function farValues(part: NumberSeries): Changed | null {
  const { values, levels } = part;
  if (levels === null) return null;
  const places: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < levels.usual[0] || value > levels.usual[1] || isTiny(value, levels)) places.push(i);
  }
  if (places.length < leastRows) return null;
  const outside = Float64Array.from(places, (i) => values[i] as number);
  const change = bestChange(outside, levels);
  if (change === null) return null;
  // By a small factor only peaks may lie outside; a unit that changed takes all values along, until it changes back.
  const span = (places.at(-1) as number) - (places[0] as number) + 1;
  if (isSmall(change) && places.length < leastShare * span) return null;
  const [low, high] = levels.usual;
  const explained = places.filter((i) => {
    const back = before(change, values[i] as number);
    return back >= low && back <= high;
  });
  return { part, change, places: explained, found: middle(outside), usual: levels.median };
}

/** Values of two sizes far apart, of which the fewer are the others in another unit. */
function ofTwoKinds(part: NumberSeries): Changed | null {
  const main = mainCluster(part.values);
  return main === null ? null : farValues({ ...part, levels: learnLevels([main], null) });
}

/** Whether a value is a small part of what is usual, where nothing usual is near 0. Zeros are drop-outs. */
function isTiny(value: number, { central: [low], median }: LevelRules): boolean {
  return low > median / 10 && value > 0 && value < low / 20;
}

function isInside(value: number, { central: [low, high] }: LevelRules): boolean {
  const slack = 0.05 * (high - low);
  return value >= low - slack && value <= high + slack;
}

/** The change that explains most values and brings their median nearest to the usual one. */
function bestChange(values: Float64Array, levels: LevelRules): UnitChange | null {
  let best: { change: UnitChange; distance: number } | null = null;
  const spread = levels.central[1] - levels.central[0];
  if (spread <= 0) return null;
  for (const change of unitChanges) {
    let inside = 0;
    for (const value of values) if (isInside(before(change, value), levels)) inside++;
    if (inside < leastShare * values.length) continue;
    const distance = Math.abs(before(change, middle(values)) - levels.median) / spread;
    // A few great values of a skewed column shrink to its lower end by any large factor; a column in another unit comes back to its middle.
    if (distance < 0.35 && (best === null || distance < best.distance - 1e-12)) best = { change, distance };
  }
  return best?.change ?? null;
}

function middle(values: Float64Array): number {
  return quantile(sortedSample([values], 5000), 0.5);
}

function isSmall({ factor }: UnitChange): boolean {
  return Math.abs(Math.log(factor)) < Math.log(9);
}

/** Rows of a window whose level is compared as a whole. */
const leastWindow = 48;

/** A whole window at a level where the reference never was, whose quartiles all fit another unit. */
function otherLevel({ rules }: NumberColumn, part: NumberSeries): Changed | null {
  const { values, levels, isOwn } = part;
  if (levels === null || rules === null || !isOwn) return null;
  const sorted = sortedSample([values], 5000);
  if (sorted.length < leastWindow) return null;
  const median = quantile(sorted, 0.5);
  const [low, high] = levels.levels;
  // A reference whose level wanders goes on to wander: only a level far away from all of its own says something.
  const away = Math.abs(median - levels.median);
  const wandered = Math.max(high - low, 0.05 * (levels.central[1] - levels.central[0]));
  if (away <= 2 * wandered) return null;
  const spread = quantile(sorted, 0.95) - quantile(sorted, 0.05);
  const usualSpread = levels.central[1] - levels.central[0];
  for (const change of unitChanges) {
    const back = before(change, median);
    const ratio = spread / change.factor / usualSpread;
    // 90 % of a window spread less than 98 % of the reference.
    const isAlike = ratio > 0.55 && ratio < 1.1;
    // Growth by a half is nearer to a small factor than to none; it has to be farther away.
    if (back >= low && back <= high && isAlike && (!isSmall(change) || away > 4 * wandered))
      return { part, change, places: { from: 0 }, found: median, usual: levels.median };
  }
  return null;
}

/** From one row on, all values are in another unit. */
function jumpWithin(part: NumberSeries): Changed | null {
  const jump = levelJump(part.values);
  return jump === null
    ? null
    : { part, change: jump.change, places: { from: jump.from }, found: jump.after, usual: jump.before };
}

function finding(column: NumberColumn, change: UnitChange, list: readonly Changed[]): QualityFinding {
  const found = rowCounter();
  for (const { part, places } of list) addRows(found, part, places);
  const [first] = list as [Changed];
  const isLarge = change.factor > 50 || change.factor < 1 / 50;
  const { name, unit } = column;
  const where = list.length > 1 ? ` in ${list.length} series` : first.part.series.name;
  return findingOf(found, column.write, {
    check: "unit",
    column: name,
    severity: isLarge ? "error" : "warning",
    reason: isLarge
      ? "so great a jump is no change of what is measured, and every figure made of it is wrong"
      : "the values fit another unit, but a real change of level of this size can be",
    sentence: `${name} is ${change.words} in ${counted(found.count, "row")}${where}: their median is ${plain(first.found)}${unit}, ${plain(first.usual)}${unit} is usual.`,
    cause: `The source sends another unit (${change.example}).`,
    hint:
      change.offset === 0
        ? `Divide these rows by ${plain(change.factor)} if so, and make the source say its unit.`
        : `Convert these rows back if so, and make the source say its unit.`,
  });
}

/** Adds the rows, in the order of the series, and blanks their values. */
function addRows(found: FoundRows, { series, values }: NumberSeries, places: Changed["places"]): void {
  const take = (i: number) => {
    if (Number.isNaN(values[i])) return;
    found.addAt(series, i);
    values[i] = Number.NaN;
  };
  if ("from" in places) for (let i = places.from; i < values.length; i++) take(i);
  else for (const i of places) take(i);
}
