import { zeroBound } from "../forest.ts";
import type { Section } from "./text.ts";
import { lineError } from "./text.ts";

// Bits of `decision_type`.
export const categoricalBit = 1;
export const defaultLeftBit = 2;
const missingTypes = ["none", "zero", "nan"] as const;

/** What the nodes of one tree ask, as the file says it. */
export interface Decisions {
  readonly columns: Float64Array;
  readonly thresholds: Float64Array;
  readonly types: Float64Array;
  /** Codes that go left, per categorical node. */
  readonly codes: readonly (readonly number[] | undefined)[];
}

/**
 * The questions of the nodes of a tree, checked.
 * @throws TsopsError MODEL_FORMAT_INVALID with the line.
 */
export function readDecisions(tree: Section, nodes: number, columnCount: number): Decisions {
  const columns = tree.wholes("split_feature", nodes, 0, columnCount - 1);
  const thresholds = tree.numbers("threshold", nodes);
  const types = tree.wholes("decision_type", nodes, 0, 11);
  const sets = tree.has("num_cat") ? tree.whole("num_cat", 0, nodes) : 0;
  const ends = sets === 0 ? new Float64Array(1) : tree.wholes("cat_boundaries", sets + 1, 0, 2 ** 31);
  const words =
    sets === 0 ? new Float64Array(0) : tree.wholes("cat_threshold", ends[sets] as number, 0, 2 ** 32 - 1);
  const codes = Array.from(types, (type, node) => {
    if ((type & categoricalBit) === 0) {
      if ((type >> 2) % 4 === 3)
        throw lineError(tree.lineOf("decision_type"), `${type} is no decision type.`);
      return undefined;
    }
    const set = thresholds[node] as number;
    const start = ends[set];
    const end = ends[set + 1];
    if (start === undefined || end === undefined || start > end)
      throw lineError(
        tree.lineOf("threshold"),
        `node ${node} names the set of categories ${set}, of ${sets}.`,
      );
    return codesOf(words.subarray(start, end));
  });
  return { columns, thresholds, types, codes };
}

function codesOf(words: Float64Array): number[] {
  const codes: number[] = [];
  words.forEach((word, index) => {
    for (let bit = 0; bit < 32; bit++) if ((word >>> bit) & 1) codes.push(index * 32 + bit);
  });
  return codes;
}

/** A numeric node as a forest says it: its kind and threshold. */
export function numericDecision(type: number, threshold: number): { kind: number; threshold: number } {
  const defaultLeft = (type & defaultLeftBit) !== 0;
  const missing = missingTypes[(type >> 2) as 0 | 1 | 2];
  if (missing === "nan") return { kind: defaultLeft ? 1 : 0, threshold };
  // Without a missing type NaN counts as 0.
  if (missing === "none") return { kind: 0 <= threshold ? 1 : 0, threshold };
  if (threshold < -zeroBound) return { kind: defaultLeft ? 4 : 0, threshold };
  if (threshold >= zeroBound) return { kind: defaultLeft ? 1 : 3, threshold };
  // The threshold lies among what counts as 0, which goes one way.
  return defaultLeft ? { kind: 1, threshold: zeroBound } : { kind: 0, threshold: belowZeroBound };
}

/** The number next below `-zeroBound`. */
export const belowZeroBound = nextBelow(-zeroBound);

function nextBelow(negative: number): number {
  const bits = new BigInt64Array(Float64Array.of(negative).buffer);
  return new Float64Array(BigInt64Array.of((bits[0] as bigint) + 1n).buffer)[0] as number;
}
