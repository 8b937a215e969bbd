import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../random.ts";
import { randomBins } from "./__fixtures__/random-bins.ts";
import { synthetic } from "./__fixtures__/synthetic.ts";
import { gbdt } from "./gbdt.ts";
import { scanResult } from "./kernels.ts";
import { createWorkspace, plainWorkspace, type Workspace } from "./workspace.ts";

/** Random bins, rows and gradients, laid out in a workspace. */
function fill(workspace: Workspace, seed: number) {
  const random = createRandom(seed);
  const rowCount = random.integer(1, 300);
  const { widths, strides, words } = randomBins(workspace, random, rowCount, 6);
  const values = workspace.float64(rowCount);
  const countUnit = 512;
  const quanta = Array.from({ length: rowCount }, () => random.integer(-1000, 1000));
  values.set(quanta.map((q) => q * countUnit + 1));
  const rows = workspace.uint32(rowCount);
  rows.set(random.shuffle(Uint32Array.from({ length: rowCount }, (_, row) => row)));
  const slots = 4 * widths.reduce((sum, width) => sum + width, 0);
  const start = random.integer(rowCount);
  const table = workspace.int32(8 * widths.length);
  let first = 0;
  widths.forEach((width, w) => {
    for (let lane = 0; lane < 4; lane++) {
      table[8 * w + 2 * lane] = first;
      table[8 * w + 2 * lane + 1] = random.integer(1, width);
      first += width;
    }
  });
  return {
    rows,
    strides,
    words,
    values,
    start,
    column: fillWith(workspace.uint8(rowCount), () => random.integer(256)),
    goesLeft: fillWith(workspace.uint8(256), () => random.integer(2)),
    spill: workspace.uint32(rowCount),
    sums: workspace.float64(slots),
    other: workspace.float64(slots),
    result: workspace.float64(scanResult.length),
    leaf: {
      table,
      columns: 4 * widths.length,
      rows: rowCount - start,
      sum: Array.from(rows.subarray(start), (row) => quanta[row]!).reduce((sum, q) => sum + q, 0),
      minRows: random.integer(1, 20),
      l2: [0, 1.5][random.integer(2)]!,
      countUnit,
    },
  };
}

function fillWith(array: Uint8Array, draw: () => number): Uint8Array {
  array.forEach((_, i) => {
    array[i] = draw();
  });
  return array;
}

function run(workspace: Workspace, seed: number): readonly Float64Array[] {
  const { kernels } = workspace;
  const { sums, other, words, strides, values, rows, start, leaf, result, ...more } = fill(workspace, seed);
  kernels.addRows(sums, words, strides, values, rows, start, rows.length);
  const whole = sums.slice();
  kernels.scanColumns(sums, leaf, result);
  const middle = (start + rows.length) >> 1;
  kernels.addRows(other, words, strides, values, rows, start, middle);
  kernels.subtract(sums, other);
  const before = rows.slice();
  const left = kernels.divide(rows, more.spill, more.column, more.goesLeft, start, rows.length);
  const isLeft = (row: number): boolean => more.goesLeft[more.column[row]!] === 1;
  const divided = before.subarray(start);
  expect([...rows.subarray(start)]).toEqual([
    ...divided.filter(isLeft),
    ...divided.filter((row) => !isLeft(row)),
  ]);
  expect(rows.subarray(0, start)).toEqual(before.subarray(0, start));
  return [whole, sums, result, Float64Array.of(left)];
}

describe("the kernels in WebAssembly", { timeout: 60_000 }, () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("compute what those in JavaScript compute, bit by bit", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const fast = createWorkspace(1 << 20);
        expect(fast.kernels).not.toBe(plainWorkspace.kernels);
        const found = run(fast, seed);
        run(plainWorkspace, seed).forEach((expected, i) => {
          expect(found[i]).toEqual(expected);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("leave the model as it is where there is no WebAssembly", async () => {
    const { x, y } = synthetic("missing", 3, 700);
    const settings = { trees: 20, l2: 0.5, rowFraction: 0.8 };
    const bytes = (await gbdt(settings).fit(x, y)).save();
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const { gbdt: bare } = await import("./gbdt.ts");
    const { createWorkspace: bareWorkspace } = await import("./workspace.ts");
    expect(bareWorkspace(100).float64(1).buffer.byteLength).toBe(8);
    expect((await bare(settings).fit(x, y)).save()).toEqual(bytes);
  });

  it("give way to ordinary arrays where their memory cannot be had", () => {
    expect(createWorkspace(2 ** 33).kernels).toBe(plainWorkspace.kernels);
  });
});
