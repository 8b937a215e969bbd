import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { insertSorted, middleOfBoth, removeSorted } from "./sorted-window.ts";

const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 9 });
const sorted = (some: readonly number[]) => [...some].sort((a, b) => a - b);
const windowOf = (some: readonly number[]) => {
  const own = new Float64Array(9);
  return { own, count: some.reduce((count, value) => insertSorted(own, count, value), 0) };
};

test.prop([values, fc.nat()])("values are ascending, also with one less", (some, which) => {
  const { own, count } = windowOf(some);
  expect([...own.subarray(0, count)]).toEqual(sorted(some));
  const gone = which % some.length;
  const left = removeSorted(own, count, some[gone] as number);
  expect([...own.subarray(0, left)]).toEqual(sorted(some.filter((_, i) => i !== gone)));
});

test.prop([values, fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 9 })])(
  "the middle of two sets is that of all their values",
  (some, others) => {
    const [a, b] = [windowOf(some), windowOf(others)];
    const all = sorted([...some, ...others]);
    const middle = all[(all.length - 1) >> 1];
    expect(middleOfBoth(a.own, a.count, b.own, b.count)).toBe(middle);
    expect(middleOfBoth(b.own, b.count, a.own, a.count)).toBe(middle);
  },
);
