import { zeroBound } from "../gbdt/forest.ts";
import { belowZeroBound } from "../gbdt/lightgbm/decisions.ts";
import type { GbdtState } from "../gbdt/model.ts";

/** A side of a split. */
type Side = "left" | "right";

/** Comparisons in turn: the first that holds decides; after the last, `otherwise`. */
interface Question {
  readonly steps: readonly { readonly threshold: number; readonly whenTrue: Side }[];
  readonly otherwise: Side;
  readonly missing: Side;
}

/** The trees of a forest as ONNX lists them: one entry per comparison and per leaf. */
export class TreeTable {
  readonly treeIds: number[] = [];
  readonly nodeIds: number[] = [];
  readonly columns: number[] = [];
  readonly modes: string[] = [];
  readonly thresholds: number[] = [];
  readonly trueIds: number[] = [];
  readonly falseIds: number[] = [];
  /** 1: missing values go where the comparison holds. */
  readonly missingIsTrue: number[] = [];
  readonly leafTreeIds: number[] = [];
  readonly leafNodeIds: number[] = [];
  readonly leafValues: number[] = [];

  constructor(state: GbdtState) {
    state.forest.roots.forEach((root, tree) => {
      this.#addTree(state, tree, root);
    });
    if (state.forest.roots.length === 0) this.#addLeaf(0, 0, 0);
  }

  #addTree(state: GbdtState, tree: number, root: number): void {
    const { children, columns, leafValues } = state.forest;
    const order: number[] = [];
    const questions = new Map<number, Question>();
    const firstIds = new Map<number, number>();
    let nextId = 0;
    const stack = [root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      order.push(node);
      firstIds.set(node, nextId);
      if (node < 0) {
        nextId++;
        continue;
      }
      const question = questionOf(state, node);
      questions.set(node, question);
      nextId += question.steps.length;
      stack.push(children[2 * node + 1] as number, children[2 * node] as number);
    }
    for (const node of order) {
      const id = firstIds.get(node) as number;
      const question = questions.get(node);
      if (question === undefined) {
        this.#addLeaf(tree, id, leafValues[~node] as number);
        continue;
      }
      const idOf = (side: Side): number =>
        firstIds.get(children[2 * node + (side === "left" ? 0 : 1)] as number) as number;
      const { steps, otherwise, missing } = question;
      // Missing values fall through until a comparison leads where they belong.
      const missingStep = steps.findIndex(({ whenTrue }) => whenTrue === missing);
      steps.forEach(({ threshold, whenTrue }, step) => {
        this.#add(tree, id + step, {
          column: columns[node] as number,
          mode: "BRANCH_LEQ",
          threshold,
          trueId: idOf(whenTrue),
          falseId: step + 1 < steps.length ? id + step + 1 : idOf(otherwise),
          missingIsTrue: step === missingStep,
        });
      });
    }
  }

  #addLeaf(tree: number, id: number, value: number): void {
    const nowhere = { column: 0, threshold: 0, trueId: 0, falseId: 0, missingIsTrue: false };
    this.#add(tree, id, { ...nowhere, mode: "LEAF" });
    this.leafTreeIds.push(tree);
    this.leafNodeIds.push(id);
    this.leafValues.push(value);
  }

  #add(
    tree: number,
    id: number,
    entry: {
      column: number;
      mode: string;
      threshold: number;
      trueId: number;
      falseId: number;
      missingIsTrue: boolean;
    },
  ): void {
    this.treeIds.push(tree);
    this.nodeIds.push(id);
    this.columns.push(entry.column);
    this.modes.push(entry.mode);
    this.thresholds.push(entry.threshold);
    this.trueIds.push(entry.trueId);
    this.falseIds.push(entry.falseId);
    this.missingIsTrue.push(entry.missingIsTrue ? 1 : 0);
  }
}

/** Where zero counts as missing, the band around it goes its own way, below or above the threshold. */
function numericQuestion(threshold: number, kind: number): Question {
  const below = { threshold, whenTrue: "left" } as const;
  if (kind === 3)
    return {
      steps: [
        { threshold: belowZeroBound, whenTrue: "left" },
        { threshold: zeroBound, whenTrue: "right" },
        below,
      ],
      otherwise: "right",
      missing: "right",
    };
  if (kind === 4)
    return {
      steps: [
        below,
        { threshold: belowZeroBound, whenTrue: "right" },
        { threshold: zeroBound, whenTrue: "left" },
      ],
      otherwise: "right",
      missing: "left",
    };
  return { steps: [below], otherwise: "right", missing: kind === 1 ? "left" : "right" };
}

function questionOf(state: GbdtState, node: number): Question {
  const { forest } = state;
  const threshold = forest.thresholds[node] as number;
  const codes = state.codes[forest.columns[node] as number];
  if (codes === undefined) return numericQuestion(threshold, forest.kinds[node] as number);
  const goesLeft = (bin: number): boolean =>
    (((forest.categorySets[threshold + (bin >>> 5)] as number) >>> (bin & 31)) & 1) === 1;
  const left = [...codes].filter((_, bin) => goesLeft(bin)).sort((a, b) => a - b);
  const missing = goesLeft(codes.length) ? "left" : "right";
  // Only missing values go left: every number is told apart from them by being one.
  if (left.length === 0)
    return { steps: [{ threshold: Infinity, whenTrue: "right" }], otherwise: "left", missing };
  // A set of codes as comparisons: runs of neighbouring codes go left, whatever lies between the runs goes right.
  const steps: { threshold: number; whenTrue: Side }[] = [];
  left.forEach((code, i) => {
    if (left[i - 1] !== code - 1) steps.push({ threshold: code - 0.5, whenTrue: "right" });
    if (left[i + 1] !== code + 1) steps.push({ threshold: code + 0.5, whenTrue: "left" });
  });
  return { steps, otherwise: "right", missing };
}
