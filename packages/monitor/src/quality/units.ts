/** How values of one unit become those of another: `factor * value + offset`. */
export interface UnitChange {
  readonly factor: number;
  readonly offset: number;
  /** In a sentence about values that are now so: `1000 times what they were`. */
  readonly words: string;
  /** Units that differ so. */
  readonly example: string;
}

const factors: readonly (readonly [factor: number, example: string])[] = [
  [1000, "kilo: kW and MW, g and kg, m and km, ms and s"],
  [100, "cents and euros, percent and shares, cm and m"],
  [60, "minutes and hours, seconds and minutes"],
  [3600, "seconds and hours, Wh and J"],
  [1_000_000, "mega: W and MW, mg and kg"],
  [3.6, "m/s and km/h, kWh and MJ"],
  [24, "hours and days"],
  [10, "a decimal point that moved, mm and cm"],
  [1.609344, "miles and kilometres"],
  [2.20462262, "kilograms and pounds"],
  [3.2808399, "metres and feet"],
];

/** Changes of unit that happen, each in both directions. */
export const unitChanges: readonly UnitChange[] = [
  ...factors.flatMap(([factor, example]): UnitChange[] => [
    { factor, offset: 0, words: `${factor} times as great`, example },
    { factor: 1 / factor, offset: 0, words: `${factor} times smaller`, example },
  ]),
  {
    factor: 1.8,
    offset: 32,
    words: "1.8 times as great and 32 more",
    example: "degrees Fahrenheit for Celsius",
  },
  {
    factor: 1 / 1.8,
    offset: -32 / 1.8,
    words: "32 less, divided by 1.8",
    example: "degrees Celsius for Fahrenheit",
  },
  { factor: 1, offset: 273.15, words: "273.15 more", example: "kelvin for degrees Celsius" },
  { factor: 1, offset: -273.15, words: "273.15 less", example: "degrees Celsius for kelvin" },
];

/** The value as it was before the unit changed. */
export function before({ factor, offset }: UnitChange, value: number): number {
  return (value - offset) / factor;
}

/** The value after the unit changed. */
export function after({ factor, offset }: UnitChange, value: number): number {
  return factor * value + offset;
}
