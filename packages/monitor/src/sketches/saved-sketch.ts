import { type BinaryArray, type BinaryContents, readBinary, writeBinary } from "@tsops/core";
import { categorySketch } from "./category-sketch.ts";
import { checkWindowSketch } from "./check-window-sketch.ts";
import { type ColumnSketch, categoricalSketch, numericSketch } from "./column-sketch.ts";
import { distinctSketch } from "./distinct-sketch.ts";
import { quantileSketchFrom } from "./quantile-sketch.ts";
import type { WindowSketch } from "./window-sketch.ts";

const kind = "window-sketch";
const version = 1;

interface Header {
  readonly rows: number;
  readonly start: string | null;
  readonly end: string | null;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: ColumnSketch["kind"];
    readonly missing: number;
    readonly categories: readonly string[] | null;
  }[];
}

/** The summary as bytes: 4 kB for a column, and up to 5 kB more for one of numbers. Equal summaries give equal bytes. */
export function saveSketch(sketch: WindowSketch): Uint8Array {
  checkWindowSketch("saveSketch()", sketch);
  const arrays: Record<string, BinaryArray> = {};
  const columns = Object.entries(sketch.columns).map(([name, column], i) => {
    arrays[`${i}.registers`] = column.distinct.registers();
    if (column.kind === "categorical") {
      arrays[`${i}.rows`] = Float64Array.of(column.rows, column.categoryError);
      arrays[`${i}.counts`] = Float64Array.from(column.counts.values());
    } else {
      const { count, mean, squares } = column.moments;
      arrays[`${i}.moments`] = Float64Array.of(count, mean, squares);
      const { settings, kept, lengths } = column.quantiles.state();
      arrays[`${i}.settings`] = settings;
      arrays[`${i}.kept`] = kept;
      arrays[`${i}.lengths`] = lengths;
    }
    const categories = column.kind === "categorical" ? [...column.counts.keys()] : null;
    return { name, kind: column.kind, missing: column.missing, categories };
  });
  const time = (instant: bigint | null) => (instant === null ? null : String(instant));
  return writeBinary(
    kind,
    version,
    { rows: sketch.rows, start: time(sketch.start), end: time(sketch.end), columns },
    arrays,
  );
}

/** The summary that `saveSketch` wrote. @throws TsopsError MODEL_FORMAT_INVALID when the bytes are foreign or damaged. */
export function loadSketch(bytes: Uint8Array): WindowSketch {
  const contents = readBinary(bytes, kind, version);
  const { rows, start, end, columns } = contents.header as unknown as Header;
  return {
    rows,
    start: start === null ? null : BigInt(start),
    end: end === null ? null : BigInt(end),
    columns: Object.fromEntries(columns.map((column, i) => [column.name, columnOf(column, i, contents)])),
  };
}

function columnOf(
  { kind, missing, categories }: Header["columns"][number],
  i: number,
  contents: BinaryContents,
): ColumnSketch {
  const numbers = (name: string) => contents.array(`${i}.${name}`, "float64");
  const distinct = distinctSketch(contents.array(`${i}.registers`, "uint8"));
  if (kind === "categorical") {
    const counts = numbers("counts");
    const [rows, error] = numbers("rows") as unknown as [number, number];
    const byCategory = new Map((categories ?? []).map((name, at) => [name, counts[at] as number]));
    return categoricalSketch({ rows, missing, categories: categorySketch(byCategory, error), distinct });
  }
  const [count, mean, squares] = numbers("moments") as unknown as [number, number, number];
  const quantiles = quantileSketchFrom({
    settings: numbers("settings"),
    kept: numbers("kept"),
    lengths: numbers("lengths"),
  });
  return numericSketch({ missing, moments: { count, mean, squares }, quantiles, distinct });
}
