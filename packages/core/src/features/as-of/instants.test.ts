import { describe, expect, it } from "vitest";
import { toInstants } from "./instants.ts";

describe("toInstants", () => {
  const limit = 2n ** 53n;

  it.for([limit - 1n, limit, limit + 1n, limit + 2n, -limit, -limit - 1n])("keeps %s exact", (micros) => {
    expect(BigInt(toInstants(BigInt64Array.of(micros), null, "-")[0] as number | bigint)).toBe(micros);
  });

  it.for([-3n, -1n, 1n, 3n])("keeps what is moved by %s exact", (shift) => {
    for (const micros of [limit - 4n, limit - 2n, limit - 1n, limit, limit + 1n, -limit, 3n - limit]) {
      const [moved] = toInstants(BigInt64Array.of(micros), null, "-", shift);
      expect(BigInt(moved as number | bigint)).toBe(micros + shift);
    }
  });
});
