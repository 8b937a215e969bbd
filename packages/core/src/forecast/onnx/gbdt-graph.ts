import type { Link } from "../gbdt/link.ts";
import type { GbdtState } from "../gbdt/model.ts";
import {
  doubles,
  doublesAttribute,
  doubleType,
  inputName,
  intAttribute,
  intsAttribute,
  type OnnxGraph,
  outputName,
  stringsAttribute,
} from "./graph.ts";
import { TreeTable } from "./tree-table.ts";

/**
 * A gbdt as one TreeEnsembleRegressor (ai.onnx.ml 3) on doubles. That operator compares and adds in doubles but answers in float32,
 * so each leaf is split in two targets whose sums lose nothing (`splitLeaves`), and these are added up in doubles.
 */
export function gbdtGraph(state: GbdtState): OnnxGraph {
  const table = new TreeTable(state);
  const { unit, coarse, fine } = splitLeaves(table);
  // A product of its own would be merged into the one before by onnxruntime, which rounds the factor to single precision.
  const factor = state.link.kind === "sigmoid" ? -state.link.slope : 1;
  const both = <T>(values: readonly T[]): T[] => values.flatMap((value) => [value, value]);
  const attributes = [
    intAttribute("n_targets", 2),
    intsAttribute("nodes_treeids", table.treeIds),
    intsAttribute("nodes_nodeids", table.nodeIds),
    intsAttribute("nodes_featureids", table.columns),
    stringsAttribute("nodes_modes", table.modes),
    doublesAttribute("nodes_values_as_tensor", table.thresholds),
    intsAttribute("nodes_truenodeids", table.trueIds),
    intsAttribute("nodes_falsenodeids", table.falseIds),
    intsAttribute("nodes_missing_value_tracks_true", table.missingIsTrue),
    intsAttribute("target_treeids", both(table.leafTreeIds)),
    intsAttribute("target_nodeids", both(table.leafNodeIds)),
    intsAttribute(
      "target_ids",
      table.leafValues.flatMap(() => [0, 1]),
    ),
    doublesAttribute(
      "target_weights_as_tensor",
      coarse.flatMap((value, leaf) => [value, fine[leaf] as number]),
    ),
  ];
  return {
    constants: [
      doubles("unit", [2, 1], [factor * unit, factor * unit]),
      doubles("baseline", [1, 1], [factor * state.baseline]),
      ...linkConstants(state.link),
    ],
    nodes: [
      {
        operator: "TreeEnsembleRegressor",
        domain: "ai.onnx.ml",
        inputs: [inputName],
        output: "trees",
        attributes,
      },
      {
        operator: "Cast",
        inputs: ["trees"],
        output: "trees_double",
        attributes: [intAttribute("to", doubleType)],
      },
      { operator: "MatMul", inputs: ["trees_double", "unit"], output: "trees_sum" },
      ...linkNodes(state.link, "trees_sum"),
    ],
  };
}

/** Adds the baseline and applies the link. ONNX's own Sigmoid and Softplus are left aside: runtimes have them in single precision only. */
function linkNodes({ kind }: Link, sum: string): OnnxGraph["nodes"] {
  const node = (operator: string, inputs: readonly string[], output: string) => ({
    operator,
    inputs,
    output,
  });
  if (kind === "identity") return [node("Add", [sum, "baseline"], outputName)];
  const score = node("Add", [sum, "baseline"], "score");
  if (kind === "log") return [score, node("Exp", ["score"], outputName)];
  if (kind === "square")
    return [score, node("Abs", ["score"], "size"), node("Mul", ["score", "size"], outputName)];
  if (kind === "softplus")
    return [
      score,
      node("Exp", ["score"], "odds"),
      node("Add", ["odds", "one"], "whole"),
      node("Log", ["whole"], outputName),
    ];
  return [
    score,
    node("Exp", ["score"], "odds"),
    node("Add", ["odds", "one"], "whole"),
    node("Div", ["one", "whole"], outputName),
  ];
}

function linkConstants({ kind }: Link): OnnxGraph["constants"] {
  return kind === "softplus" || kind === "sigmoid" ? [doubles("one", [1, 1], [1])] : [];
}

/**
 * Leaf values as `unit * (coarse + fine)`: `coarse` are whole numbers so small that no sum of them needs more than the 24 bits of a
 * float32, `fine` is the rest, at most a half. A sum over t trees so comes out to about `unit * t * 2^-25`, which is `t^2 * 2^-47` of
 * the largest leaf.
 */
function splitLeaves({ leafTreeIds, leafValues }: TreeTable): {
  unit: number;
  coarse: number[];
  fine: number[];
} {
  const largest: number[] = [];
  leafTreeIds.forEach((tree, leaf) => {
    largest[tree] = Math.max(largest[tree] ?? 0, Math.abs(leafValues[leaf] as number));
  });
  const bound = largest.reduce((sum, value) => sum + value, 0);
  // 2^-1022 is the smallest unit that can be divided by without loss.
  const unit = bound === 0 ? 1 : 2 ** Math.max(-1022, Math.ceil(Math.log2(bound)) - 22);
  const coarse = leafValues.map((value) => Math.round(value / unit));
  const fine = leafValues.map((value, leaf) => value / unit - (coarse[leaf] as number));
  return { unit, coarse, fine };
}
