import { runtimeVersions } from "../../version.ts";
import { modelMessage } from "./messages.ts";

/** One operation of a graph: names of values in, names of values out. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: readonly object[];
  /** Set for the operators of ai.onnx.ml. */
  readonly domain?: "ai.onnx.ml";
}

/** The constants and operations that turn the input (n x k doubles) into the output (n x 1 doubles). */
export interface OnnxGraph {
  readonly constants: readonly object[];
  readonly nodes: readonly OnnxNode[];
}

/** Names of the input and the output of what `toOnnx` writes. */
export const inputName = "features";
export const outputName = "prediction";

const elementTypes = { double: 11 } as const;
const attributeTypes = { int: 2, tensor: 4, ints: 7, strings: 8 } as const;

/** Number of the element type double, for Cast. */
export const doubleType = elementTypes.double;

/** Doubles by name and shape. */
export function doubles(name: string, dims: readonly number[], values: ArrayLike<number>): object {
  const rawData = new Uint8Array(values.length * 8);
  const view = new DataView(rawData.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i] as number, true);
  return { dims, dataType: elementTypes.double, name, rawData };
}

/** A whole number as an operator's setting. */
export function intAttribute(name: string, value: number): object {
  return { name, i: value, type: attributeTypes.int };
}

/** Whole numbers as an operator's setting. */
export function intsAttribute(name: string, values: readonly number[]): object {
  return { name, ints: values, type: attributeTypes.ints };
}

/** Words as an operator's setting. */
export function stringsAttribute(name: string, values: readonly string[]): object {
  const encoder = new TextEncoder();
  return { name, strings: values.map((value) => encoder.encode(value)), type: attributeTypes.strings };
}

/** Doubles as an operator's setting. */
export function doublesAttribute(name: string, values: ArrayLike<number>): object {
  return { name, t: doubles(name, [values.length], values), type: attributeTypes.tensor };
}

/**
 * An ONNX file of a graph. The same graph gives the same bytes.
 * @param columns - Number of input columns.
 * @param metadata - Kept in the file beside the graph; runtimes show it and do not act on it.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export async function encodeOnnx(
  name: string,
  columns: number,
  { constants, nodes }: OnnxGraph,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const message = await modelMessage();
  const model = {
    // What onnxruntime 1.11 (2022) and newer read.
    irVersion: 8,
    producerName: "tsops",
    producerVersion: runtimeVersions()["@tsops/core"] ?? "",
    opsetImport: [
      { domain: "", version: 15 },
      { domain: "ai.onnx.ml", version: 3 },
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes.map(({ operator, inputs, output, attributes, domain }) => ({
        input: inputs,
        output: [output],
        name: output,
        opType: operator,
        attribute: attributes ?? [],
        domain: domain ?? "",
      })),
      initializer: constants,
      input: [valueInfo(inputName, columns)],
      output: [valueInfo(outputName, 1)],
    },
  };
  return message.encode(message.fromObject(model)).finish().slice();
}

function valueInfo(name: string, columns: number): object {
  const dim = [{ dimParam: "rows" }, { dimValue: columns }];
  return { name, type: { tensorType: { elemType: elementTypes.double, shape: { dim } } } };
}
