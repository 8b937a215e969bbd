import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../../errors.ts";
import { loadOnnx } from "../../onnx/load-onnx.ts";
import { toOnnx } from "../../onnx/to-onnx.ts";
import type { FeatureMatrix } from "../../regressor.ts";
import { gbdt } from "../gbdt.ts";
import type { GbdtModel } from "../model.ts";
import { loadLightgbm } from "./load-lightgbm.ts";
import { toLightgbm } from "./to-lightgbm.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly predicted: string;
  readonly contributions: readonly string[];
  readonly gain: string;
  readonly splits: string;
}

// Written by ../__fixtures__/make-lightgbm-text.py with the versions it names.
const { read, refused } = JSON.parse(
  readFileSync(new URL("../__fixtures__/lightgbm-text.json", import.meta.url), "utf8"),
) as { read: readonly Case[]; refused: Readonly<Record<string, string>> };

const numbers = (text: string): Float64Array => Float64Array.from(text.split(" "), Number);
const close = (found: number, expected: number, what: string): void => {
  if (!(Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected))))
    expect.fail(`${what}: ${found} instead of ${expected}`);
};

function probesOf(model: GbdtModel, columns: readonly string[]): FeatureMatrix {
  const values = columns.map(numbers);
  return {
    rows: values[0]!.length,
    columns: model.columns.map((column, c) => ({ ...column, values: values[c]! })),
  };
}

function errorOf(work: () => unknown): TsopsError {
  try {
    work();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  return expect.fail("nothing was thrown");
}

describe("a model that LightGBM wrote", { timeout: 60_000 }, () => {
  it.each(read.map((one) => [one.name, one] as const))("predicts as it does there: %s", (_name, one) => {
    const model = loadLightgbm(one.text);
    const x = probesOf(model, one.columns);
    const predicted = model.predict(x);
    numbers(one.predicted).forEach((expected, row) => {
      close(predicted[row]!, expected, `row ${row}`);
    });
    expect(model.predictRow(x.columns.map(({ values }) => values[3]!))).toBe(predicted[3]);
    const loaded = gbdt().load(model.save());
    expect(loaded.predict(x)).toEqual(predicted);
    expect(loaded.columns).toEqual(model.columns);
  });

  it.each(read.map((one) => [one.name, one] as const))("is explained as it is there: %s", (_name, one) => {
    const model = loadLightgbm(one.text);
    const { base, values } = model.shap(probesOf(model, one.columns));
    // LightGBM explains the sum of a random forest's trees, which predicts their mean.
    const factor = one.name === "random forest" ? model.treeCount : 1;
    one.contributions.map(numbers).forEach((expected, c) => {
      expected.forEach((value, row) => {
        close(factor * (values[c]?.[row] ?? base), value, `column ${c}, row ${row}`);
      });
    });
    const importance = model.importance();
    numbers(one.splits).forEach((splits, c) => {
      expect(importance[c]!.splits).toBe(splits);
    });
    numbers(one.gain).forEach((gain, c) => {
      expect(importance[c]!.gain / Math.max(1, gain)).toBeCloseTo(gain / Math.max(1, gain), 4);
    });
  });

  it.each(read.map((one) => [one.name, one] as const))(
    "comes through our writing and ONNX: %s",
    async (_name, one) => {
      const model = loadLightgbm(one.text);
      const x = probesOf(model, one.columns);
      const again = loadLightgbm(toLightgbm(model));
      await using onnx = await loadOnnx(await toOnnx(model), { columns: x.columns });
      const fromOnnx = await onnx.predict(x);
      const fromText = again.predict(x);
      model.predict(x).forEach((expected, row) => {
        close(fromText[row]!, expected, `written, row ${row}`);
        close(fromOnnx[row]!, expected, `ONNX, row ${row}`);
      });
    },
  );

  it("shows where zero counts as missing", () => {
    const model = loadLightgbm(read.find(({ name }) => name === "no categories, zero as missing")!.text);
    const trees = Array.from({ length: model.treeCount }, (_, tree) => JSON.stringify(model.tree(tree)));
    expect(trees.some((tree) => tree.includes('"zeroIsMissing":true'))).toBe(true);
  });

  it("is refused with more than one output, or linear leaves", () => {
    expect(errorOf(() => loadLightgbm(refused["two classes"]!))).toMatchObject({
      code: "MODEL_FORMAT_INVALID",
      message: expect.stringMatching(/^Line 3 .*num_class is 2/),
    });
    const linear = errorOf(() => loadLightgbm(refused["linear trees"]!));
    expect(linear.message).toMatch(/linear models/);
    const { line } = linear.details as { line: number };
    expect(refused["linear trees"]!.split("\n")[line - 1]).toBe("is_linear=1");
  });
});

describe("a damaged model of LightGBM", { timeout: 60_000 }, () => {
  const sound = read.find(({ name }) => name === "regression")!.text;
  const change = (from: RegExp, to: string): string => {
    expect(sound).toMatch(from);
    return sound.replace(from, to);
  };

  it.each([
    ["another file", "a,b\n1,2\n", /^Line 1 /],
    ["nothing", "", /^Line 1 /],
    ["JSON", "{}", /^Line 1 /],
    ["no names", change(/feature_names=.*\n/, ""), /^Line 1 .*no feature_names/],
    ["too few names", change(/(feature_names=\S+) .*/, "$1"), /^Line 8 .*1 names and needs 4/],
    ["twice the same name", change(/feature_names=.*/, "feature_names=a b a c"), /^Line 8 .*"a"/],
    ["no leaves", change(/leaf_value=.*\n/, ""), /^Line \d+ .*no leaf_value/],
    ["a leaf too few", change(/(leaf_value=.*) \S+\n/, "$1\n"), /leaf_value has 7 values and needs 8/],
    ["a word among numbers", change(/(leaf_value=)\S+/, "$1abc"), /takes numbers, found "abc"/],
    ["a leaf that is no number", change(/(leaf_value=)\S+/, "$1inf"), /finite/],
    [
      "a column that there is not",
      change(/split_feature=\S+/, "split_feature=17"),
      /split_feature takes .*17/,
    ],
    [
      "a child before its parent",
      change(/(left_child=.*) \S+\n/, "$1 0\n"),
      /child 0, which does not come after/,
    ],
    [
      "a child of two parents",
      change(/(left_child=(\S+) .*\nright_child=)\S+/, "$1$2"),
      /node 0 has the child \S+, which is a child already/,
    ],
    ["a leaf that there is not", change(/(left_child=.*) \S+\n/, "$1 -99\n"), /left_child takes .*-99/],
    ["a tree left out", change(/Tree=1/, "Tree=2"), /tree 1 should begin here/],
    ["a line twice", change(/(num_leaves=8\n)/, "$1$1"), /num_leaves a second time/],
    ["a decision type that there is not", change(/decision_type=\S+/, "decision_type=15"), /decision_type/],
  ])("is refused, naming the line: %s", (_what, text, message) => {
    const error = errorOf(() => loadLightgbm(text));
    expect(error.code).toBe("MODEL_FORMAT_INVALID");
    expect(error.message).toMatch(message);
    expect((error.details as { line: number }).line).toBeGreaterThan(0);
  });

  it("is refused wherever it is cut, and never crashes or hangs wherever a character changed", () => {
    const end = sound.indexOf("end of trees") + "end of trees".length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: end - 1 }), (length) => {
        expect(errorOf(() => loadLightgbm(sound.slice(0, length))).message).toMatch(
          /^Line \d+ of the LightGBM model: /,
        );
      }),
      { numRuns: 300 },
    );
    const x = probesOf(loadLightgbm(sound), read[0]!.columns);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: end }), fc.constantFrom(..."0 -9.:=\nea"), (at, character) => {
        try {
          loadLightgbm(sound.slice(0, at) + character + sound.slice(at + 1)).predict(x);
        } catch (error) {
          expect(TsopsError.is(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is read from bytes and with the line ends of Windows", () => {
    const plain = loadLightgbm(sound).save();
    expect(loadLightgbm(new TextEncoder().encode(sound)).save()).toEqual(plain);
    expect(loadLightgbm(sound.replaceAll("\n", "\r\n")).save()).toEqual(plain);
    expect(errorOf(() => loadLightgbm(7 as never)).code).toBe("MODEL_FORMAT_INVALID");
  });
});
