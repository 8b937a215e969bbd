import { describe, expect, it, vi } from "vitest";
import { TsopsError } from "../../errors.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { loadOnnx } from "./load-onnx.ts";
import { modelMessage } from "./messages.ts";
import { toOnnx } from "./to-onnx.ts";

const types = { float: 1, int64: 7, double: 11 } as const;
interface Value {
  readonly name: string;
  readonly type: keyof typeof types;
  readonly shape: readonly (number | string)[];
}

/** An ONNX model of one operation. */
async function onnxModel(operator: string, inputs: readonly Value[], output: Value): Promise<Uint8Array> {
  const message = await modelMessage();
  const info = ({ name, type, shape }: Value): object => ({
    name,
    type: {
      tensorType: {
        elemType: types[type],
        shape: {
          dim: shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size })),
        },
      },
    },
  });
  const names = inputs.map(({ name }) => name);
  const graph = {
    name: "test",
    node: [{ opType: operator, input: names, output: [output.name] }],
    input: inputs.map(info),
    output: [info(output)],
  };
  const model = { irVersion: 8, opsetImport: [{ domain: "", version: 15 }], graph };
  return message.encode(message.fromObject(model)).finish();
}

const numeric = (...names: string[]) => names.map((name) => ({ name, kind: "numeric" as const }));
const matrix = (columns: Record<string, number[]>): FeatureMatrix => ({
  rows: Object.values(columns)[0]!.length,
  columns: Object.entries(columns).map(([name, values]) => ({
    name,
    kind: "numeric",
    values: Float64Array.from(values),
  })),
});

describe("loadOnnx", () => {
  it.each(["float", "double"] as const)("gives a matrix of %s its columns in their order", async (type) => {
    const bytes = await onnxModel("Abs", [{ name: "X", type, shape: ["n", 1] }], {
      name: "y",
      type,
      shape: ["n", 1],
    });
    await using model = await loadOnnx(bytes, { columns: numeric("a") });
    const predicted = await model.predict(matrix({ a: [-0.1, 2, Number.NaN] }));
    const rounded = type === "float" ? Math.fround(0.1) : 0.1;
    expect([...predicted]).toEqual([rounded, 2, Number.NaN]);
  });

  it.each([[["n", 1]], [["n"]]])("finds one input per column by its name, of shape %j", async (shape) => {
    const inputs = ["b", "a"].map((name): Value => ({ name, type: "double", shape }));
    const bytes = await onnxModel("Sub", inputs, { name: "y", type: "double", shape });
    await using model = await loadOnnx(bytes, { columns: numeric("a", "b") });
    const whole = new Float64Array([9, 1, 2]);
    const x = matrix({ a: [0, 0], b: [10, 20] });
    // A column may be a part of a longer array.
    const columns = [{ ...x.columns[0]!, values: whole.subarray(1) }, x.columns[1]!];
    expect([...(await model.predict({ rows: 2, columns }))]).toEqual([9, 18]);
  });

  it("reads bytes that lie anywhere in a larger buffer", async () => {
    const x = matrix({ a: [1, 2, 3, 4] });
    const fitted = await gbdt({ trees: 2, minLeafRows: 1 }).fit(x, Float64Array.of(1, 1, 5, 5));
    const bytes = await toOnnx(fitted);
    const larger = new Uint8Array(bytes.length + 100);
    larger.set(bytes, 37);
    await using model = await loadOnnx(larger.subarray(37, 37 + bytes.length), { columns: x.columns });
    expect([...(await model.predict(x))]).toEqual([...fitted.predict(x)]);
    expect(
      await model.predict({
        rows: 0,
        columns: numeric("a").map((c) => ({ ...c, values: new Float64Array() })),
      }),
    ).toHaveLength(0);
  });

  it("refuses bytes that are no model, in a short sentence", async () => {
    const error = await loadOnnx(new Uint8Array(5000).fill(7), { columns: [] }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "MODEL_FORMAT_INVALID")).toBe(true);
    expect((error as Error).message.length).toBeLessThan(400);
    await expect(loadOnnx(undefined as never, { columns: [] })).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
      message: "loadOnnx() takes the bytes of a model, got undefined.",
    });
    const unknown = await onnxModel("NoSuchOperator", [{ name: "X", type: "double", shape: ["n", 1] }], {
      name: "y",
      type: "double",
      shape: ["n", 1],
    });
    await expect(loadOnnx(unknown, { columns: numeric("a") })).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
    });
  });

  it("refuses inputs of other types, numbers and names", async () => {
    const output: Value = { name: "y", type: "double", shape: ["n", 1] };
    const whole = await onnxModel("Abs", [{ name: "X", type: "int64", shape: ["n", 1] }], {
      ...output,
      type: "int64",
    });
    await expect(loadOnnx(whole, { columns: numeric("a") })).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
      message: 'Input "X" of the ONNX model is int64; float32 or float64 is needed.',
    });
    const three = await onnxModel("Abs", [{ name: "X", type: "double", shape: ["n", 3] }], {
      ...output,
      shape: ["n", 3],
    });
    await expect(loadOnnx(three, { columns: numeric("a", "b") })).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: "The ONNX model takes 3 columns, and 2 were named.",
    });
    const cube = await onnxModel("Abs", [{ name: "X", type: "double", shape: ["n", 2, 2] }], {
      ...output,
      shape: ["n", 2, 2],
    });
    await expect(loadOnnx(cube, { columns: numeric("a") })).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
    });
    const pair = ["p", "q"].map((name): Value => ({ name, type: "double", shape: ["n", 1] }));
    const sum = await onnxModel("Add", pair, output);
    await expect(loadOnnx(sum, { columns: numeric("p", "z") })).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      details: { inputs: ["p", "q"], columns: ["p", "z"] },
    });
    await using model = await loadOnnx(three, { columns: numeric("a", "b", "c") });
    await expect(model.predict(matrix({ a: [1], c: [1], b: [1] }))).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
    });
    await expect(model.predict(matrix({ a: [1], b: [1], c: [1] }))).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
      message: 'Output "y" of the ONNX model is float64 [1, 3]; one number per row is needed: [1, 1] or [1].',
    });
  });

  it("refuses settings that it does not know", async () => {
    const bytes = await onnxModel("Abs", [{ name: "X", type: "double", shape: ["n", 1] }], {
      name: "y",
      type: "double",
      shape: ["n", 1],
    });
    for (const options of [{ columns: [], colums: [] }, { columns: "a" }, { columns: [], threads: 0 }])
      await expect(loadOnnx(bytes, options as never)).rejects.toMatchObject({
        code: "MODEL_PARAMETER_INVALID",
      });
  });

  it("refuses columns without a name and a kind before it loads anything", async () => {
    for (const wrong of [["a"], [{ name: "a" }], [{ name: "a", kind: "text" }], [null]])
      await expect(loadOnnx(Uint8Array.of(1), { columns: wrong as never })).rejects.toMatchObject({
        code: "MODEL_PARAMETER_INVALID",
        message: expect.stringMatching(/^Column 0 of loadOnnx\(\) is .*, not \{ name, kind \}\.$/),
      });
  });

  it("finishes what is under way before it closes, and refuses what comes after", async () => {
    const x = matrix({ a: [1, 2, 3, 4] });
    const fitted = await gbdt({ trees: 2, minLeafRows: 1 }).fit(x, Float64Array.of(1, 1, 5, 5));
    const model = await loadOnnx(await toOnnx(fitted), { columns: x.columns });
    const underWay = Array.from({ length: 10 }, () => model.predict(x));
    await Promise.all([model.close(), model.close()]);
    for (const predicted of await Promise.all(underWay)) expect(predicted).toEqual(fitted.predict(x));
    await expect(model.predict(x)).rejects.toMatchObject({ code: "SERVE_CLOSED" });
    await model.close();
  });

  it("stops when its signal fires", async () => {
    const x = matrix({ a: [1, 2] });
    const fitted = await gbdt({ trees: 1 }).fit(x, Float64Array.of(1, 1));
    await using model = await loadOnnx(await toOnnx(fitted), { columns: x.columns });
    await expect(model.predict(x, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("names the packages it needs when they are not installed", async () => {
    const x = matrix({ a: [1, 2] });
    const fitted = await gbdt({ trees: 1 }).fit(x, Float64Array.of(1, 1));
    vi.resetModules();
    for (const name of ["protobufjs/light.js", "onnxruntime-node"])
      vi.doMock(name, () => {
        throw new Error("not installed");
      });
    try {
      const bare = await import("./index.ts");
      await expect(bare.toOnnx(fitted)).rejects.toMatchObject({
        code: "ADAPTER_MISSING_DEPENDENCY",
        hint: "Run `npm install protobufjs`.",
      });
      await expect(bare.loadOnnx(Uint8Array.of(1), { columns: [] })).rejects.toMatchObject({
        code: "ADAPTER_MISSING_DEPENDENCY",
        hint: "Run `npm install onnxruntime-node`.",
      });
    } finally {
      for (const name of ["protobufjs/light.js", "onnxruntime-node"]) vi.doUnmock(name);
      vi.resetModules();
    }
  });
});
