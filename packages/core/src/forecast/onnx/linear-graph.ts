import type { LinearState } from "../regressors/linear-model.ts";
import {
  doubles,
  doubleType,
  inputName,
  intAttribute,
  type OnnxGraph,
  type OnnxNode,
  outputName,
} from "./graph.ts";

/** A linear model: missing numbers filled and flagged, codes looked up one by one, everything summed in doubles. */
export function linearGraph({ encoding, intercept, coefficients }: LinearState): OnnxGraph {
  const columns = encoding.encodings.length;
  const fill = new Float64Array(columns);
  const slopes = new Float64Array(columns);
  const flags = new Float64Array(columns);
  const constants: object[] = [];
  const nodes: OnnxNode[] = [];
  const terms: string[] = [];
  let next = 0;
  encoding.encodings.forEach((column, c) => {
    if (column.kind === "numeric") {
      fill[c] = column.mean;
      slopes[c] = coefficients[next++] as number;
      if (column.flagsMissing) flags[c] = coefficients[next++] as number;
      return;
    }
    const { codes } = column;
    const effects = coefficients.subarray(next, next + codes.length);
    next += codes.length;
    if (codes.length === 0) return;
    // Adds up to the column itself, as everything filled in is finite.
    const pick = new Float64Array(columns);
    pick[c] = 1;
    const name = `column_${c}`;
    constants.push(
      doubles(`${name}_pick`, [columns, 1], pick),
      doubles(`${name}_codes`, [1, codes.length], codes),
      doubles(`${name}_effects`, [codes.length, 1], effects),
    );
    nodes.push(
      { operator: "MatMul", inputs: ["filled", `${name}_pick`], output: name },
      { operator: "Equal", inputs: [name, `${name}_codes`], output: `${name}_is` },
      toDoubles(`${name}_is`, `${name}_one_hot`),
      { operator: "MatMul", inputs: [`${name}_one_hot`, `${name}_effects`], output: `${name}_term` },
    );
    terms.push(`${name}_term`);
  });
  // A code that no category has: a missing category then has no effect, whichever codes there are.
  encoding.encodings.forEach((column, c) => {
    if (column.kind === "categorical") fill[c] = -1;
  });
  constants.push(
    doubles("fill", [1, columns], fill),
    doubles("slopes", [columns, 1], slopes),
    doubles("flags", [columns, 1], flags),
    doubles("intercept", [1, 1], [intercept]),
  );
  return {
    constants,
    nodes: [
      { operator: "IsNaN", inputs: [inputName], output: "is_missing" },
      { operator: "Where", inputs: ["is_missing", "fill", inputName], output: "filled" },
      toDoubles("is_missing", "missing"),
      { operator: "MatMul", inputs: ["filled", "slopes"], output: "slopes_term" },
      { operator: "MatMul", inputs: ["missing", "flags"], output: "flags_term" },
      ...nodes,
      { operator: "Sum", inputs: ["intercept", "slopes_term", "flags_term", ...terms], output: outputName },
    ],
  };
}

function toDoubles(input: string, output: string): OnnxNode {
  return { operator: "Cast", inputs: [input], output, attributes: [intAttribute("to", doubleType)] };
}
