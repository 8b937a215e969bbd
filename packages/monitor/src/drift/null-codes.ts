import type { Random } from "@tsops/core";
import { positionOf } from "./model/profile.ts";
import type { RegularCodes } from "./model/regular-series.ts";

/** Parts of a season in which hours count as alike. */
const mostParts = 24;
/** Blocks of a season, or of so many steps without one: short ones mix the more, and matching keeps what persists. */
const [blocksPerCycle, usualCycle] = [4, 24];
/** Places where a block may begin: those that are nearest in how long the category had lasted, a third of all, but so many at least and at most. */
const [leastChoice, mostChoice] = [5, 30];

/** Draws windows of categories as they could have come with nothing changed. */
export interface CodeSource {
  /** As many codes as are asked for, from a grid index on. */
  draw(from: number, length: number, random: Random): Int32Array;
}

/**
 * Blocks of a reference put one behind the other where they match: at the same time of the season, after the same category, which had lasted about as long. So categories persist as long as they do in the
 * reference, also those whose chance to end depends on how long they have lasted; blocks that do not match would break them. Missing codes count as the one before.
 * Source: E. Carlstein, K.-A. Do, P. Hall, T. Hesterberg, H. R. Künsch (1998), "Matched-block bootstrap for dependent data", Bernoulli 4.
 * @param seasonLength - 1 for none.
 */
export function codeSource(reference: RegularCodes, seasonLength: number): CodeSource {
  const codes = filled(reference.codes);
  const ages = agesOf(codes);
  const parts = Math.min(seasonLength, mostParts);
  const partOf = (index: number) => Math.floor((positionOf(index, seasonLength) * parts) / seasonLength);
  const block = Math.max(1, Math.floor((seasonLength > 1 ? seasonLength : usualCycle) / blocksPerCycle));
  const starts = Array.from({ length: parts }, () => new Map<number, number[]>());
  const anywhere: number[][] = Array.from({ length: parts }, () => []);
  for (let slot = 1; slot < codes.length; slot++) {
    const part = partOf(reference.first + slot);
    const before = codes[slot - 1] as number;
    const ofPart = starts[part] as Map<number, number[]>;
    if (!ofPart.has(before)) ofPart.set(before, []);
    ofPart.get(before)?.push(slot);
    anywhere[part]?.push(slot);
  }
  const ageBefore = (slot: number) => ages[slot - 1] as number;
  for (const ofPart of starts)
    for (const slots of ofPart.values()) slots.sort((a, b) => ageBefore(a) - ageBefore(b));

  const next = (index: number, code: number | null, age: number, random: Random): number => {
    const part = partOf(index);
    const alike = code === null ? undefined : starts[part]?.get(code);
    if (alike === undefined) {
      const all = anywhere[part] as number[];
      return all.length === 0 ? random.integer(codes.length) : (all[random.integer(all.length)] as number);
    }
    const third = Math.ceil(alike.length / 3);
    const choice = Math.min(alike.length, Math.max(leastChoice, Math.min(mostChoice, third)));
    let [younger, same] = [0, 0];
    for (const slot of alike) {
      if (ageBefore(slot) < age) younger++;
      if (ageBefore(slot) === age) same++;
    }
    const lowest = Math.min(Math.max(0, younger + Math.floor((same - choice) / 2)), alike.length - choice);
    return alike[lowest + random.integer(choice)] as number;
  };

  return {
    draw(from, length, random) {
      const drawn = new Int32Array(length);
      let [slot, left, age] = [codes.length, 0, 0];
      for (let i = 0; i < length; i++) {
        if (left === 0 || slot === codes.length) {
          slot = next(from + i, i === 0 ? null : (drawn[i - 1] as number), age, random);
          left = block;
        }
        const code = codes[slot++] as number;
        drawn[i] = code;
        age = i > 0 && drawn[i - 1] === code ? age + 1 : 1;
        left--;
      }
      return drawn;
    },
  };
}

/** Steps between windows that are drawn as one series. */
const farApart = 500;

/** A reference and a current window as they could have been with nothing changed, missing where they are; drawn as one series where they are near each other. */
export function nullCodes(
  source: CodeSource,
  reference: RegularCodes,
  current: RegularCodes,
  random: Random,
): readonly [RegularCodes, RegularCodes] {
  const [n, m] = [reference.codes.length, current.codes.length];
  const gap = current.first - (reference.first + n);
  if (gap < 0 || gap > farApart)
    return [
      missingAs(reference, source.draw(reference.first, n, random)),
      missingAs(current, source.draw(current.first, m, random)),
    ];
  const drawn = source.draw(reference.first, n + gap + m, random);
  return [missingAs(reference, drawn.subarray(0, n)), missingAs(current, drawn.subarray(n + gap))];
}

function missingAs({ first, codes }: RegularCodes, drawn: Int32Array): RegularCodes {
  return { first, codes: drawn.map((code, slot) => ((codes[slot] as number) < 0 ? -1 : code)) };
}

/** Each missing code replaced by the one before, or the first there is. */
function filled(codes: Int32Array): Int32Array {
  let last = codes.find((code) => code >= 0) ?? -1;
  return codes.map((code) => {
    if (code >= 0) last = code;
    return last;
  });
}

/** Slots since each slot's category began. */
function agesOf(codes: Int32Array): Int32Array {
  const ages = new Int32Array(codes.length);
  for (let slot = 0; slot < codes.length; slot++)
    ages[slot] = slot > 0 && codes[slot] === codes[slot - 1] ? (ages[slot - 1] as number) + 1 : 1;
  return ages;
}
