import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf } from "../../../test/without-types.ts";
import { type BinaryArray, crc32, readBinary, writeBinary } from "./bytes.ts";
import { TsopsError } from "./errors.ts";

const arrays = {
  thresholds: Float64Array.of(1.5, Number.NaN, -0, Number.POSITIVE_INFINITY),
  left: Int32Array.of(-1, 2, 3),
  flags: Uint8Array.of(9),
  counts: Uint32Array.of(0xffffffff),
  gains: Float32Array.of(0.5),
  times: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
};
const sample = () => writeBinary("gbdt", 3, { names: ["a", "ü"], depth: { max: null } }, arrays);
const formatError = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return TsopsError.is(error, "MODEL_FORMAT_INVALID") ? error.message : error;
  }
  return "nothing was thrown";
};

describe("the binary container", () => {
  it("gives back header and arrays bit by bit", () => {
    const read = readBinary(sample(), "gbdt", 3);
    expect(read.header).toEqual({ names: ["a", "ü"], depth: { max: null } });
    expect(read.arrayNames).toEqual(Object.keys(arrays));
    expect(read.array("thresholds", "float64", 4)).toEqual(arrays.thresholds);
    expect(Object.is(read.array("thresholds", "float64")[2], -0)).toBe(true);
    expect(read.array("left", "int32")).toEqual(arrays.left);
    expect(read.array("flags", "uint8")).toEqual(arrays.flags);
    expect(read.array("counts", "uint32")).toEqual(arrays.counts);
    expect(read.array("gains", "float32")).toEqual(arrays.gains);
    expect(read.array("times", "int64")).toEqual(arrays.times);
  });

  it("writes equal bytes for equal input", () => {
    expect(sample()).toEqual(sample());
  });

  it("reads from any offset of a larger buffer and shares no memory with it", () => {
    const bytes = sample();
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 3);
    const read = readBinary(larger.subarray(3, 3 + bytes.length));
    const left = read.array("left", "int32");
    larger.fill(0);
    expect(left).toEqual(arrays.left);
  });

  it("keeps any arrays and header that fast-check finds", () => {
    const array: fc.Arbitrary<BinaryArray> = fc.oneof(
      fc.uint8Array(),
      fc.int32Array(),
      fc.float64Array(),
      fc.bigInt64Array(),
    ) as fc.Arbitrary<BinaryArray>;
    fc.assert(
      fc.property(fc.array(array, { maxLength: 4 }), fc.string(), (list, text) => {
        const named = Object.fromEntries(list.map((values, index) => [`array ${index}`, values]));
        const read = readBinary(writeBinary("x", 1, { text }, named));
        expect(read.header).toEqual({ text });
        list.forEach((values, index) => {
          const type = {
            Uint8Array: "uint8",
            Int32Array: "int32",
            Float64Array: "float64",
            BigInt64Array: "int64",
          }[values.constructor.name] as "uint8";
          expect(read.array(`array ${index}`, type)).toEqual(values);
        });
      }),
    );
  });

  it("reads the same from a Buffer, wherever in its memory it lies", () => {
    const bytes = sample();
    const plain = readBinary(bytes);
    for (const offset of [0, 1, 4, 8, 13]) {
      const pool = Buffer.alloc(bytes.length + 32, 0xff);
      pool.set(bytes, offset);
      const read = readBinary(pool.subarray(offset, offset + bytes.length));
      expect(read.arrayNames.length).toBeGreaterThan(1);
      for (const name of read.arrayNames) {
        // The one type that the array has.
        const found = ["uint8", "int32", "uint32", "float32", "float64", "int64"].filter(
          (type) => formatError(() => read.array(name, type as "uint8")) === "nothing was thrown",
        );
        expect(found).toHaveLength(1);
        const type = found[0] as "uint8";
        expect(read.array(name, type)).toEqual(plain.array(name, type));
      }
      expect(read.header).toEqual(plain.header);
    }
  });

  it("refuses every truncation and every flipped bit", () => {
    const bytes = sample();
    for (let length = 0; length < bytes.length; length++)
      expect(
        formatError(() => readBinary(bytes.slice(0, length))),
        `${length} bytes`,
      ).toBeTypeOf("string");
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << (i % 8);
      expect(
        formatError(() => readBinary(damaged)),
        `byte ${i}`,
      ).not.toBe("nothing was thrown");
      expect(
        formatError(() => readBinary(damaged)),
        `byte ${i}`,
      ).toBeTypeOf("string");
    }
  });

  it("says what it found instead", () => {
    expect(formatError(() => readBinary(new TextEncoder().encode("{}")))).toContain("not saved by tsops");
    expect(formatError(() => readBinary(sample().slice(0, 100)))).toContain("but 100 bytes were given");
    expect(formatError(() => readBinary(sample(), "ridge"))).toBe(
      'Expected the bytes of a "ridge", found a "gbdt".',
    );
    expect(formatError(() => readBinary(sample(), "gbdt", 4))).toContain(
      "layout version 3; this release reads 4",
    );
    const read = readBinary(sample());
    expect(formatError(() => read.array("right", "int32"))).toContain('no array "right"');
    expect(formatError(() => read.array("left", "uint8"))).toContain("holds int32, expected uint8");
    expect(formatError(() => read.array("left", "int32", 4))).toContain("has 3 values, expected 4");
  });

  it("says what to do about bytes that were cut, damaged or are of another kind", async () => {
    const bytes = writeBinary("theta", 1, {}, { values: Float64Array.of(1, 2, 3) });
    const damaged = bytes.slice();
    damaged[damaged.length - 1]! ^= 1;
    const hintOf = async (work: () => unknown) => (await errorOf(work)).hint;
    expect(await hintOf(() => readBinary(bytes.subarray(0, bytes.length - 5)))).toMatch(
      /copy the file again/,
    );
    expect(await hintOf(() => readBinary(bytes.subarray(0, 10)))).toMatch(/copy the file again/);
    expect(await hintOf(() => readBinary(Uint8Array.of(...bytes, 0)))).toMatch(/nothing after them/);
    expect(await hintOf(() => readBinary(damaged))).toMatch(/as bytes and not as text/);
    expect(await hintOf(() => readBinary(bytes, "ets"))).toMatch(/"theta" that saved them; loadForecaster/);
  });

  it("refuses headers that JSON would change", () => {
    expect(() => writeBinary("x", 1, { loss: Number.NaN }, {})).toThrow(TypeError);
    expect(() => writeBinary("x", 1, { nested: [Number.POSITIVE_INFINITY] }, {})).toThrow(TypeError);
  });

  it("uses the well-known CRC-32", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
});
