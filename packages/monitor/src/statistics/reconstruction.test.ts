import { createRandom, type FeatureMatrix } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { reconstruction } from "./reconstruction.ts";

const random = createRandom("reconstruction");
/** Three columns in very different units that follow one factor. */
function plant(rows: number, { broken = false, stuck = false } = {}): FeatureMatrix {
  const columns = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row++) {
    const factor = random.normal();
    const noise = (): number => 0.3 * random.normal();
    columns[0]![row] = 1e6 + 2000 * (factor + noise());
    columns[1]![row] = stuck ? 5 : 5 + 0.01 * (factor + noise());
    columns[2]![row] = 20 - 3 * ((broken ? random.normal() : factor) + noise());
  }
  return {
    rows,
    columns: ["power", "flow", "temperature"].map((name, c) => ({
      name,
      kind: "numeric",
      values: stuck && c !== 1 ? columns[c]!.fill(c === 0 ? 1e6 : 20) : columns[c]!,
    })),
  };
}

describe("reconstruction", () => {
  it("finds columns that no longer move together, though each looks as before, and says which", async () => {
    const learnt = await reconstruction(plant(1000));
    expect(learnt.components).toBe(1);
    expect(learnt.explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const calm = learnt.error(plant(100));
    expect(calm.isOutside).toBe(false);
    const broken = learnt.error(plant(100, { broken: true }));
    expect(broken.isOutside).toBe(true);
    expect(broken.statistic).toBeGreaterThan(learnt.bounds[1]);
    expect(broken.columns[0]?.column).toBe("temperature");
  });

  it("finds columns that stand still: their error is too small", async () => {
    const learnt = await reconstruction(plant(1000));
    const { statistic, isOutside } = learnt.error(plant(100, { stuck: true }));
    expect(isOutside).toBe(true);
    expect(statistic).toBeLessThan(learnt.bounds[0]);
  });

  it("is outside as rarely as alpha says when nothing changed", async () => {
    let outside = 0;
    for (let i = 0; i < 200; i++) {
      const learnt = await reconstruction(plant(300), { alpha: 0.05 });
      if (learnt.error(plant(30)).isOutside) outside++;
    }
    // 5 % of 200 has a standard error of 1.5 points.
    expect(outside).toBeLessThanOrEqual(20);
    expect(outside).toBeGreaterThanOrEqual(2);
  });

  it("takes a constant column, and sees when it moves", async () => {
    const withConstant = (matrix: FeatureMatrix, value: number): FeatureMatrix => ({
      ...matrix,
      columns: [
        ...matrix.columns,
        { name: "setpoint", kind: "numeric", values: new Float64Array(matrix.rows).fill(value) },
      ],
    });
    const learnt = await reconstruction(withConstant(plant(500), 40));
    expect(learnt.error(withConstant(plant(50), 40)).isOutside).toBe(false);
    expect(learnt.error(withConstant(plant(50), 45)).columns[0]?.column).toBe("setpoint");
  });
});
