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
    ["instant", ["2026-03-01T08:00:00Z", "2026-03-01T09:00:00+0200"], { offset: null }],
    ["instant", ["2026-03-01T08:00Z", "2026-03-01 09:00+00:00", "2026-03-01 10:00:00 +00"], { offset: null }],
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
