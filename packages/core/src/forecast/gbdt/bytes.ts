import { type BinaryArray, type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import type { Forest } from "./forest.ts";
import { isLink } from "./link.ts";
import type { GbdtState } from "./model.ts";

const kind = "gbdt";
const version = 2;

/** A model as bytes; equal models give equal bytes. */
export function saveGbdt(state: GbdtState): Uint8Array {
  const codes = state.codes.map((columnCodes) => columnCodes ?? new Int32Array(0));
  const arrays: Record<string, BinaryArray> = {
    baseline: Float64Array.of(state.baseline),
    validationLosses: Float64Array.from(state.validationLosses),
    codeCounts: Int32Array.from(codes, (columnCodes) => columnCodes.length),
    codes: Int32Array.from(codes.flatMap((columnCodes) => [...columnCodes])),
  };
  for (const [name, array] of Object.entries(state.forest)) arrays[name] = array as BinaryArray;
  const header = {
    params: state.params as Record<string, JsonValue>,
    link: { kind: state.link.kind, slope: state.link.slope },
    columns: state.columns.map(({ name, kind: columnKind }) => ({ name, kind: columnKind })),
  };
  return writeBinary(kind, version, header, arrays);
}

/**
 * Reads what `saveGbdt` wrote.
 * @throws TsopsError MODEL_FORMAT_INVALID when the bytes are foreign, damaged or contradict themselves.
 */
export function loadGbdt(bytes: Uint8Array): GbdtState {
  const contents = readBinary(bytes, kind, version);
  const columns = contents.header["columns"] as unknown as GbdtState["columns"];
  const nodes = contents.array("columns", "int32");
  const leafValues = contents.array("leafValues", "float64");
  const forest: Forest = {
    roots: contents.array("roots", "int32"),
    columns: nodes,
    thresholds: contents.array("thresholds", "float64", nodes.length),
    children: contents.array("children", "int32", nodes.length * 2),
    kinds: contents.array("kinds", "uint8", nodes.length),
    categorySets: contents.array("categorySets", "uint32"),
    gains: contents.array("gains", "float64", nodes.length),
    leafValues,
    leafRows: contents.array("leafRows", "uint32", leafValues.length),
  };
  const link: unknown = contents.header["link"];
  if (!isLink(link)) throw new TsopsError("MODEL_FORMAT_INVALID", "The saved gbdt names no link.");
  const codeCounts = contents.array("codeCounts", "int32", columns.length);
  const allCodes = contents.array("codes", "int32");
  checkForest(
    forest,
    columns.map((column) => column.kind),
  );
  let next = 0;
  const codes = columns.map((column, c) => {
    const start = next;
    next += codeCounts[c] as number;
    return column.kind === "categorical" ? allCodes.slice(start, next) : undefined;
  });
  return {
    params: contents.header["params"] as Record<string, JsonValue>,
    columns,
    codes,
    baseline: contents.array("baseline", "float64", 1)[0] as number,
    link,
    forest,
    validationLosses: Array.from(contents.array("validationLosses", "float64")),
  };
}

/** Children must come after their node and be of no other, so that walking down always ends; every index must exist, and questions fit their columns. */
function checkForest(forest: Forest, columnKinds: readonly string[]): void {
  const { roots, columns, children, leafValues, kinds, thresholds, categorySets } = forest;
  const taken = new Uint8Array(columns.length + leafValues.length);
  const isChild = (child: number, after: number): boolean => {
    const at = child >= 0 ? child : columns.length + ~child;
    if (at <= after || at >= (child >= 0 ? columns.length : taken.length) || taken[at] === 1) return false;
    taken[at] = 1;
    return true;
  };
  const isQuestion = (node: number, isCategorical: boolean): boolean => {
    const at = thresholds[node] as number;
    if (!isCategorical) return kinds[node] !== 2 && (kinds[node] as number) <= 4 && !Number.isNaN(at);
    return kinds[node] === 2 && Number.isInteger(at) && at >= 0 && at < categorySets.length;
  };
  const isSound =
    roots.every((root) => isChild(root, -1)) &&
    columns.every(
      (column, node) =>
        column >= 0 &&
        column < columnKinds.length &&
        isQuestion(node, columnKinds[column] === "categorical") &&
        isChild(children[2 * node] as number, node) &&
        isChild(children[2 * node + 1] as number, node),
    );
  if (!isSound)
    throw new TsopsError("MODEL_FORMAT_INVALID", "The trees of the saved gbdt contradict themselves.");
}
