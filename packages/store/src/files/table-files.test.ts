import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fc, it as property } from "@fast-check/vitest";
import {
  columnsFromArrays,
  columnsFromRows,
  float64,
  int64,
  nullable,
  timestamp,
  toRows,
  utf8,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { tableFiles } from "./table-files.ts";

const folder = temporaryDirectory().path;
const types = { key: utf8(), at: timestamp(), count: nullable(int64()), value: nullable(float64()) };

describe("what columns of text hold", () => {
  const kinds: readonly (readonly [
    kind: string,
    values: readonly string[],
    more: Readonly<Record<string, unknown>>,
  ])[] = [
    ["integer", ["1", "-20", "0", ""], {}],
    ["text", ["007", "12", "3"], {}],
    ["number", ["1.5", "2", "-1e3", "NA"], { missing: 1 }],
    ["number", ["1", "NaN", "inf", "3"], { missing: 1 }],
    ["bool", ["true", "FALSE", ""], {}],
    ["localTime", ["2026-03-01", "2026-03-02"], { isDate: true }],
    ["localTime", ["2026-03-01 08:00", "2026-03-01T09:00:30"], { isDate: false }],
    ["instant", ["2026-03-01T08:00:00+02:00", "2026-03-01T09:00:00+02:00"], { offset: "+02:00" }],
    ["instant", ["2026-03-01T08:00:00Z", "2026-03-01T09:00:00+0200"], { offset: null, offsets: 2 }],
    [
      "instant",
      ["2026-03-01T08:00Z", "2026-03-01 09:00+00:00", "2026-03-01 10:00:00 +00"],
      { offset: "+00:00", offsets: 1 },
    ],
    ["instant", ["2026-03-01T08:00-05:00", "2026-03-01 09:00:00 -05:00"], { offset: "-05:00" }],
    ["text", ["2026-03-01", "2026-03-01T09:00:00Z"], {}],
    ["text", ["12:30", "13:30"], {}],
    ["text", ["a", "b", "a", ""], { distinct: 2, missing: 1 }],
    ["empty", ["", "NA"], { missing: 2 }],
  ];
  it.each(kinds)("%s: %j", async (kind, values, more) => {
    const path = join(folder, "kinds.csv");
    writeFileSync(path, `v,n\n${values.map((value, i) => `${value},${i}`).join("\n")}\n`);
    await using file = await tableFiles.open(path);
    expect(file.columns[0]).toMatchObject({ name: "v", kind, ...more });
    expect(file.rows).toBe(values.length);
  });

  it("finds the forms under which all texts of a column are times", async () => {
    const path = join(folder, "forms.csv");
    writeFileSync(path, "a,b,c\n13.02.2026,01/02/2026,x\n14.02.2026,02/02/2026,01/02/2026\n");
    await using file = await tableFiles.open(path);
    expect(await file.timeFormatsOf("a")).toEqual(["%d.%m.%Y"]);
    expect(await file.timeFormatsOf("b")).toEqual(["%d/%m/%Y", "%m/%d/%Y"]);
    expect(await file.timeFormatsOf("c")).toEqual([]);
  });

  it("finds weeks as ISO 8601 counts them, from the one with the year's first Thursday", async () => {
    const path = join(folder, "weeks.csv");
    writeFileSync(path, "week,none\n2020-W53,2021-W53\n2021-W01,2021-W01\n2024w09,2021-W54\n");
    await using file = await tableFiles.open(path);
    expect([await file.timeFormatsOf("week"), await file.timeFormatsOf("none")]).toEqual([["week"], []]);
    const { data } = await file.read({ week: timestamp({ zone: "UTC" }) }, { timeFormats: { week: "week" } });
    expect(
      [...(data["week"] as { values: BigInt64Array }).values].map((at) =>
        new Date(Number(at / 1000n)).toISOString().slice(0, 10),
      ),
    ).toEqual(["2020-12-28", "2021-01-04", "2024-02-26"]);
    await expect(
      file.read({ none: timestamp({ zone: "UTC" }) }, { timeFormats: { none: "week" } }),
    ).rejects.toThrow(
      /2 values that are no time of the form week: "2021-W53" in line 2, "2021-W54" in line 4/,
    );
  });

  it("finds quarters, and times since 1970 where they are in this century", async () => {
    const path = join(folder, "own-forms.csv");
    const rows = [
      "2010-Q1,1700000000,1700000000000,17,1700000000",
      "q4 2011,1700003600,1700003600123,18,99999999999",
    ];
    writeFileSync(path, `quarter,s,ms,count,other\n${rows.join("\n")}\n`);
    await using file = await tableFiles.open(path);
    for (const [name, forms] of [
      ["quarter", ["quarter"]],
      ["s", ["unix"]],
      ["ms", ["unix-ms"]],
      ["count", []],
      ["other", []],
    ] as const)
      expect([name, await file.timeFormatsOf(name)]).toEqual([name, forms]);
    const at = { quarter: timestamp({ zone: "UTC" }), s: timestamp(), ms: timestamp() };
    const { data } = await file.read(at, { timeFormats: { quarter: "quarter", s: "unix", ms: "unix-ms" } });
    const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;
    expect(
      [data["quarter"], data["s"], data["ms"]].map((column) => [
        ...(column as { values: BigInt64Array }).values,
      ]),
    ).toEqual([
      [micros("2010-01-01T00:00Z"), micros("2011-10-01T00:00Z")],
      [1_700_000_000_000_000n, 1_700_003_600_000_000n],
      [1_700_000_000_000_000n, 1_700_003_600_123_000n],
    ]);
    await expect(file.read({ count: timestamp() }, { timeFormats: { count: "%s" } })).rejects.toThrow(
      /"%s" is no form of times: %s is not known/,
    );
    await expect(file.read({ count: timestamp() }, { timeFormats: { count: "quarter" } })).rejects.toThrow(
      /2 values that are no time of the form quarter: "17" in line 2, "18" in line 3/,
    );
  });
});

describe("numbers as people write them", () => {
  const written = (name: string, values: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `v;n\n${values.map((value, i) => `${value};${i}`).join("\n")}\n`);
    return path;
  };

  it("are read with decimal commas when these are said", async () => {
    const path = written("commas.csv", ["1,5", "-1.234,25", "1.234.567", "12", "+,5", "1,5e3", "n/a"]);
    await using file = await tableFiles.open(path, { decimal: "," });
    expect(file.columns[0]).toMatchObject({ kind: "number", missing: 1 });
    const { data } = await file.read({ v: nullable(float64()) });
    expect([...(data["v"] as { values: Float64Array }).values].slice(0, 6)).toEqual([
      1.5, -1234.25, 1234567, 12, 0.5, 1500,
    ]);
    await using pointed = await tableFiles.open(written("points.csv", ["1.5", "01.02.2024"]), {
      decimal: ",",
    });
    expect(pointed.columns[0]?.kind).toBe("text");
  });

  it.each([
    [["1,5", "12,25"], [1.5, 12.25], { decimal: ",", thousands: null, sign: null }],
    [["1.000,5", "12"], [1000.5, 12], { decimal: ",", thousands: "." }],
    [["1,234,567", "1,234"], [1234567, 1234], { decimal: ".", thousands: "," }],
    [["1,234", "0,5"], [1.234, 0.5], { decimal: ",", thousands: null }],
    [["1 000.5", "2 000"], [1000.5, 2000], { decimal: ".", thousands: " " }],
    [["1\u202f234,5", "2\u00a0000", "\u22123"], [1234.5, 2000, -3], { decimal: ",", thousands: " " }],
    [["1\u2019234.5", "2'000"], [1234.5, 2000], { decimal: ".", thousands: "'" }],
    [["12,34,567.5", "1,000"], [1234567.5, 1000], { decimal: ".", thousands: "," }],
    [["12 %", "-13.5%"], [12, -13.5], { decimal: ".", thousands: null, sign: "%" }],
    [["$1,234.50", "(3.25)", "$-2"], [1234.5, -3.25, -2], { decimal: ".", thousands: ",", sign: "$" }],
    [["EUR 1.234,50", "7,50 EUR"], [1234.5, 7.5], { decimal: ",", thousands: ".", sign: "EUR" }],
  ] as const)("are read as all of them say: %j", async (values, numbers, form) => {
    await using file = await tableFiles.open(written("read.csv", values));
    expect(file.columns[0]).toMatchObject({ kind: "number", numberForm: form });
    const { data } = await file.read({ v: float64(), n: int64() });
    expect([...(data["v"] as { values: Float64Array }).values]).toEqual(numbers);
  });

  it("are read as the other columns say where their own do not tell", async () => {
    const read = async (rows: readonly string[], decimal?: "." | ",") => {
      writeFileSync(join(folder, "agreed.csv"), `v;w\n${rows.join("\n")}\n`);
      await using file = await tableFiles.open(join(folder, "agreed.csv"), { ...(decimal && { decimal }) });
      const { data } = await file.read({ v: float64(), w: float64() });
      return [data["v"], data["w"]].map((column) => [...(column as { values: Float64Array }).values]);
    };
    const refused = { code: "VALUE_INVALID", hint: expect.stringContaining("can be read in two ways") };
    expect(await read(["1,234;0.5", "2,345;1.25"])).toEqual([
      [1234, 2345],
      [0.5, 1.25],
    ]);
    expect(await read(["1.234;0,5", "2.345;1,25"])).toEqual([
      [1234, 2345],
      [0.5, 1.25],
    ]);
    // Plain numbers of a program, and columns that contradict each other.
    expect(await read(["1.234;5", "2.345;6"])).toEqual([
      [1.234, 2.345],
      [5, 6],
    ]);
    await expect(read(["1,234;5", "2,345;6"])).rejects.toMatchObject(refused);
    await expect(read(["1.234 €;5", "2.345 €;6"])).rejects.toMatchObject(refused);
    expect(await read(["1,234;5", "2,345;6"], ".")).toEqual([
      [1234, 2345],
      [5, 6],
    ]);
    expect(await read(["1,234;5", "2,345;6"], ",")).toEqual([
      [1.234, 2.345],
      [5, 6],
    ]);
  });

  it.each([
    [["1,000", "12,500"], "They can be read in two ways", 2],
    [["12 %", "13.5"], "Write the percent sign with all of the values or with none", 1],
    [["€12", "$13.5"], "Write all values in one currency", 2],
    [["4.5 kg", "3"], "Write all numbers in one way", 1],
    [["closed", "3"], "Leave the field empty", 1],
    [["1,234.5", "closed", "2"], 'The others are written as "1,234.5", which is 1234.5', 1],
  ])("are refused as %j with what to do about them", async (values, hint, count) => {
    await using file = await tableFiles.open(written("refused.csv", values));
    expect(file.columns[0]?.kind).toBe("text");
    await expect(file.read({ v: nullable(float64()) })).rejects.toMatchObject({
      code: "VALUE_INVALID",
      hint: expect.stringContaining(hint),
      details: { count },
    });
  });

  it("are counted, dates and words not", async () => {
    const count = async (...values: string[]) => {
      await using file = await tableFiles.open(written("like.csv", ["x", ...values]));
      return file.columns[0]?.numberLike;
    };
    expect(await count("1,5", "12 %", "1.234,5", "$ 3", "1 000", "-2e3", "(12)")).toBe(7);
    expect(await count("01.02.2024", "2024-01-02", "12:30", "A1", "shop 3")).toBe(0);
  });
});

describe.each(["csv", "tsv", "parquet"])("a table written as .%s", (extension) => {
  property.prop(
    [
      fc.array(
        fc.record({
          key: fc
            .string({ unit: "grapheme", minLength: 1 })
            .filter((text) => text.trim() === text && !/[\0]/.test(text)),
          at: fc.date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }),
          count: fc.option(fc.maxSafeInteger().map(BigInt)),
          value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
        }),
        { minLength: 1, maxLength: 20 },
      ),
    ],
    { numRuns: 15 },
  )("is read as it was", async (rows) => {
    const path = join(folder, `round.${extension}`);
    await tableFiles.write(path, columnsFromRows(types, rows));
    await using file = await tableFiles.open(path);
    const read = toRows(await file.read(types));
    expect(read).toEqual(rows);
  });
});

describe("writing", () => {
  it("leaves nothing behind when it fails", async () => {
    const path = join(folder, "failing");
    await expect(
      tableFiles.write(join(path, "nowhere", "x.csv"), columnsFromArrays({ y: float64() }, { y: [1] })),
    ).rejects.toMatchObject({ code: "STORE_NOT_FOUND" });
    const aborted = AbortSignal.abort(new Error("stop"));
    const before = readdirSync(folder).length;
    await expect(
      tableFiles.write(join(folder, "x.csv"), columnsFromArrays({ y: float64() }, { y: [1] }), {
        signal: aborted,
      }),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect(readdirSync(folder)).toHaveLength(before);
  });

  it("gives local times without a zone, and dates", async () => {
    const columns = columnsFromArrays(
      { at: timestamp() },
      { at: ["2026-03-01T00:00Z", "2026-03-02T00:00Z"] },
    );
    const read = async (timeStyle: "instant" | "localTime" | "date") => {
      const path = join(folder, `style-${timeStyle}.parquet`);
      await tableFiles.write(path, columns, { timeStyle });
      await using file = await tableFiles.open(path);
      return [file.columns[0]?.kind, file.columns[0]?.isDate];
    };
    expect(await read("instant")).toEqual(["instant", false]);
    expect(await read("localTime")).toEqual(["localTime", false]);
    expect(await read("date")).toEqual(["localTime", true]);
  });
});
