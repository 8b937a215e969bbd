import { TsopsError } from "../../../errors.ts";
import { shown } from "../../../options.ts";
import { saveGbdt } from "../bytes.ts";
import { joinTrees, type Tree } from "../forest.ts";
import type { Link } from "../link.ts";
import { createGbdtModel, type GbdtModel, type GbdtState } from "../model.ts";
import { type Decisions, defaultLeftBit, numericDecision, readDecisions } from "./decisions.ts";
import { lineError, parseModelText, type Section } from "./text.ts";

/** Objectives whose predictions are not the sum of the trees. All others of one output have the identity. */
const links: Readonly<Record<string, Link["kind"]>> = {
  poisson: "log",
  tweedie: "log",
  gamma: "log",
  binary: "sigmoid",
  cross_entropy: "sigmoid",
  xentropy: "sigmoid",
  cross_entropy_lambda: "softplus",
  xentlambda: "softplus",
};

/**
 * A model that LightGBM trained, from its text format (`Booster.save_model()`, `model_to_string()`; checked with version 4.7): predicts the same
 * numbers, with SHAP values, importance, `save` and ONNX as for a model that was fitted here.
 *
 * - Numeric columns are read as LightGBM reads them: missing types none, zero and NaN, the default direction.
 * - Categorical columns take codes. LightGBM counts negative codes as missing; here they are NaN. Python's wrapper turns pandas categories into codes by
 *   the lists in the last line of the file, `pandas_categorical`; do the same before you predict.
 * - Objectives with one output, with their links (exp, sigmoid, ...), all kinds of boosting (`rf` and `dart` too). Several classes and linear trees are
 *   refused.
 * - What the parameters of training were is not kept.
 * @throws TsopsError MODEL_FORMAT_INVALID naming the line where the text is no such model, damaged, cut or not supported.
 * @example
 * const model = loadLightgbm(await readFile("model.txt", "utf8"));
 * const predicted = model.predict(x);
 */
export function loadLightgbm(text: string | Uint8Array): GbdtModel {
  if (typeof text !== "string" && !(text instanceof Uint8Array))
    throw new TsopsError("MODEL_FORMAT_INVALID", `A LightGBM model is text, got ${shown(text)}.`);
  const { header, trees } = parseModelText(typeof text === "string" ? text : new TextDecoder().decode(text));
  refuseClasses(header);
  const columnCount = header.whole("max_feature_idx", 0, 2 ** 31 - 2) + 1;
  const read = trees.map((tree) => readTree(tree, columnCount));
  const columns = columnsOf(header, columnCount, read);
  const codes = columns.map(({ kind, listed }, column) =>
    kind === "categorical" ? knownCodes(column, listed, read) : undefined,
  );
  const binOf = codes.map((known) =>
    known === undefined ? undefined : new Map(Array.from(known, (code, bin) => [code, bin])),
  );
  const divisor = header.has("average_output") ? Math.max(1, trees.length) : 1;
  const grown = read.map((tree) => toTree(tree, binOf, divisor));
  const state: GbdtState = {
    params: { objective: header.has("objective") ? header.text("objective") : "none" },
    columns: columns.map(({ name, kind }) => ({ name, kind })),
    codes,
    baseline: 0,
    link: linkOf(header),
    forest: joinTrees(grown, Math.max(0, ...codes.map((known) => (known?.length ?? 0) + 2))),
    validationLosses: [],
  };
  return createGbdtModel(state, saveGbdt);
}

function refuseClasses(header: Section): void {
  for (const name of ["num_class", "num_tree_per_iteration"]) {
    if (!header.has(name)) continue;
    const count = header.whole(name, 1, 2 ** 31);
    if (count > 1)
      throw lineError(
        header.lineOf(name),
        `${name} is ${count}; models of one output are read.`,
        "Train one model a class.",
      );
  }
}

/** One tree as the file says it. */
interface ReadTree {
  readonly section: Section;
  readonly decisions: Decisions;
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly gains: Float64Array;
  readonly leafValues: Float64Array;
  readonly leafRows: Float64Array;
}

function readTree(section: Section, columnCount: number): ReadTree {
  const leaves = section.whole("num_leaves", 1, 2 ** 31 - 1);
  if (section.has("is_linear") && section.text("is_linear").trim() !== "0")
    throw lineError(
      section.lineOf("is_linear"),
      "its leaves are linear models, which are not supported.",
      "Train with linear_tree=false.",
    );
  const nodes = leaves - 1;
  const taken = new Set<number>();
  const leafValues = section.numbers("leaf_value", leaves);
  if (!leafValues.every(Number.isFinite))
    throw lineError(section.lineOf("leaf_value"), "leaf_value takes finite numbers.");
  return {
    section,
    decisions: readDecisions(section, nodes, columnCount),
    left: readChildren(section, "left_child", nodes, taken),
    right: readChildren(section, "right_child", nodes, taken),
    gains: section.has("split_gain") ? section.numbers("split_gain", nodes) : new Float64Array(nodes),
    leafValues,
    leafRows: section.has("leaf_count")
      ? section.wholes("leaf_count", leaves, 0, 2 ** 32 - 1)
      : new Float64Array(leaves).fill(1),
  };
}

/**
 * Children come after their node and are of no other, so that walking down ends, and every node is met once.
 * @param taken - Children of the tree so far; those that are read are added.
 */
function readChildren(section: Section, name: string, nodes: number, taken: Set<number>): Float64Array {
  const children = section.wholes(name, nodes, -(nodes + 1), nodes - 1);
  children.forEach((child, node) => {
    const refused = (why: string) =>
      lineError(section.lineOf(name), `node ${node} has the child ${child}, which ${why}.`);
    if (child >= 0 && child <= node) throw refused("does not come after it");
    if (taken.has(child)) throw refused("is a child already");
    taken.add(child);
  });
  return children;
}

function columnsOf(header: Section, count: number, trees: readonly ReadTree[]) {
  const names = header.words("feature_names");
  if (names.length !== count)
    throw lineError(
      header.lineOf("feature_names"),
      `feature_names has ${names.length} names and needs ${count}.`,
    );
  const double = names.find((name, column) => names.indexOf(name) !== column);
  if (double !== undefined)
    throw lineError(header.lineOf("feature_names"), `two columns are named "${double}".`);
  const infos = header.has("feature_infos") ? header.words("feature_infos") : [];
  const isAsked = new Set(
    trees.flatMap(({ decisions }) =>
      [...decisions.columns].filter((_, node) => decisions.codes[node] !== undefined),
    ),
  );
  return names.map((name, column) => {
    const info = infos[column] ?? "none";
    const listed =
      info === "none" || info.startsWith("[")
        ? undefined
        : info
            .split(":")
            .map(Number)
            .filter((code) => Number.isInteger(code) && code >= 0 && code < 2 ** 31);
    const isCategorical = listed !== undefined || isAsked.has(column);
    return { name, kind: isCategorical ? ("categorical" as const) : ("numeric" as const), listed };
  });
}

function knownCodes(
  column: number,
  listed: readonly number[] | undefined,
  trees: readonly ReadTree[],
): Int32Array {
  const codes = new Set(listed);
  for (const { decisions } of trees)
    decisions.codes.forEach((left, node) => {
      if (decisions.columns[node] === column) for (const code of left ?? []) codes.add(code);
    });
  return Int32Array.from(codes).sort();
}

function toTree(
  { section, decisions, left, right, gains, leafValues, leafRows }: ReadTree,
  binOf: readonly (ReadonlyMap<number, number> | undefined)[],
  divisor: number,
): Tree {
  const kinds: number[] = [];
  const thresholds: number[] = [];
  const categorySets: number[][] = [];
  decisions.codes.forEach((codes, node) => {
    const type = decisions.types[node] as number;
    const threshold = decisions.thresholds[node] as number;
    const bins = binOf[decisions.columns[node] as number];
    if (bins === undefined) {
      const numeric = numericDecision(type, threshold);
      kinds.push(numeric.kind);
      thresholds.push(numeric.threshold);
      return;
    }
    kinds.push(2);
    thresholds.push(0);
    if (codes === undefined) categorySets.push(missingSet(section, node, type, threshold, bins.size));
    else categorySets.push(codes.map((code) => bins.get(code) as number));
  });
  return {
    columns: [...decisions.columns],
    thresholds,
    left: [...left],
    right: [...right],
    kinds,
    categorySets,
    gains: [...gains],
    leafValues: leafValues.map((value) => value / divisor),
    leafRows: Uint32Array.from(leafRows),
  };
}

/** A comparison of a categorical column is understood where it tells nothing but missing values from codes (`toLightgbm` writes such ones). */
function missingSet(
  section: Section,
  node: number,
  type: number,
  threshold: number,
  codes: number,
): number[] {
  const isNan = type >> 2 === 2;
  if (!isNan || threshold >= 0)
    throw lineError(
      section.lineOf("decision_type"),
      `node ${node} compares a column with a number that other nodes take for categories.`,
    );
  return (type & defaultLeftBit) === 0 ? [] : [codes];
}

function linkOf(header: Section): Link {
  if (!header.has("objective")) return { kind: "identity", slope: 1 };
  const [name = "", ...settings] = header.words("objective");
  if (settings.includes("sqrt")) return { kind: "square", slope: 1 };
  const kind = links[name] ?? "identity";
  const sigmoid = settings.find((setting) => setting.startsWith("sigmoid:"));
  const slope = name === "binary" && sigmoid !== undefined ? Number(sigmoid.slice(8)) : 1;
  if (!(slope > 0 && slope < Infinity))
    throw lineError(header.lineOf("objective"), `"${sigmoid}" is no slope of a sigmoid.`);
  return { kind, slope };
}
